#include "simulated_disk/sqlite_locks.hpp"

#include <algorithm>
#include <sqlite3.h>

namespace eventloom::testing {

namespace {

std::vector<SqliteLocks*>& everybody()
{
    static std::vector<SqliteLocks*> all;
    return all;
}

} // namespace

SqliteLocks::SqliteLocks(std::string path) : path_{std::move(path)}
{
    everybody().push_back(this);
}

SqliteLocks::~SqliteLocks()
{
    std::erase(everybody(), this);
}

bool SqliteLocks::another(int at_least) const
{
    const auto& all = everybody();
    return std::any_of(all.begin(), all.end(), [&](const SqliteLocks* other) {
        return other != this && other->path_ == path_ && other->level_ >= at_least;
    });
}

int SqliteLocks::raise_to(int level)
{
    if (level <= level_) return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED && another(SQLITE_LOCK_PENDING)) return SQLITE_BUSY;
    if (level > SQLITE_LOCK_SHARED && another(SQLITE_LOCK_RESERVED)) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && another(SQLITE_LOCK_SHARED)) {
        level_ = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    level_ = level;
    return SQLITE_OK;
}

int SqliteLocks::lower_to(int level)
{
    level_ = std::min(level_, level);
    return SQLITE_OK;
}

int SqliteLocks::is_reserved(int* is) const
{
    *is = level_ >= SQLITE_LOCK_RESERVED || another(SQLITE_LOCK_RESERVED) ? 1 : 0;
    return SQLITE_OK;
}

std::shared_ptr<SqliteLocks::Memory> SqliteLocks::memory_of_others() const
{
    for (const SqliteLocks* other : everybody()) {
        if (other->path_ == path_ && other->memory_) return other->memory_;
    }
    return std::make_shared<Memory>();
}

int SqliteLocks::map(int region, int bytes, bool may_grow, void volatile** memory)
{
    if (not memory_) memory_ = memory_of_others();
    auto& regions    = memory_->regions;
    const auto place = static_cast<std::size_t>(region);
    *memory          = nullptr;
    if (place >= regions.size() && not may_grow) return SQLITE_OK;
    while (place >= regions.size()) regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(bytes)));
    *memory = regions[place].get();
    return SQLITE_OK;
}

int SqliteLocks::take_shared_memory(int first, int count, int flags)
{
    const auto begin = static_cast<std::size_t>(first);
    const auto end   = begin + static_cast<std::size_t>(count);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        std::fill(held_.begin() + first, held_.begin() + first + count, Held::nothing);
        return SQLITE_OK;
    }
    const auto wanted = (flags & SQLITE_SHM_SHARED) != 0 ? Held::shared : Held::exclusive;
    for (const SqliteLocks* other : everybody()) {
        if (other == this || other->path_ != path_) continue;
        for (auto slot = begin; slot < end; ++slot) {
            const auto theirs = other->held_[slot];
            if (theirs == Held::exclusive || (theirs == Held::shared && wanted == Held::exclusive)) return SQLITE_BUSY;
        }
    }
    for (auto slot = begin; slot < end; ++slot) held_[slot] = wanted;
    return SQLITE_OK;
}

int SqliteLocks::unmap()
{
    memory_.reset();
    held_.fill(Held::nothing);
    return SQLITE_OK;
}

} // namespace eventloom::testing
