#include "memory/failing_new.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <execinfo.h>
#include <link.h>
#include <new>
#include <string_view>
#include <utility>

namespace {

struct Code {
    std::uintptr_t begin = 0;
    std::uintptr_t end   = 0;
};

// Where libleveldb's code is mapped.
Code find_leveldb()
{
    Code code;
    const auto look = [](dl_phdr_info* library, std::size_t, void* found) {
        if (std::string_view{library->dlpi_name}.find("libleveldb") == std::string_view::npos) return 0;
        for (int i = 0; i < library->dlpi_phnum; ++i) {
            const auto& segment = library->dlpi_phdr[i];
            if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
            const auto begin           = library->dlpi_addr + segment.p_vaddr;
            *static_cast<Code*>(found) = {begin, begin + segment.p_memsz};
        }
        return 1;
    };
    dl_iterate_phdr(look, &code);
    return code;
}

const Code& leveldb()
{
    static const Code code = find_leveldb();
    return code;
}

bool is_within_leveldb()
{
    std::array<void*, 256> frames{};
    const int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
    for (int i = 0; i < depth; ++i) {
        const auto address = reinterpret_cast<std::uintptr_t>(frames[static_cast<std::size_t>(i)]);
        if (address >= leveldb().begin && address < leveldb().end) return true;
    }
    return false;
}

thread_local unsigned long until_failure = 0; // 0: none fails
thread_local auto failing                = eventloom::testing::Failing::once;
thread_local bool has_failed             = false;
std::atomic<long> live{0};

void fail_when_due()
{
    if (until_failure == 0) return;
    // What is asked here may allocate itself.
    const auto left   = std::exchange(until_failure, 0);
    const bool counts = not is_within_leveldb();
    until_failure     = left;
    if (not counts || --until_failure > 0) return;
    has_failed = true;
    if (failing == eventloom::testing::Failing::from_then_on) until_failure = 1;
    throw std::bad_alloc{};
}

void* allocate(std::size_t size)
{
    fail_when_due();
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc{};
    ++live;
    return memory;
}

void release(void* memory) noexcept
{
    if (memory == nullptr) return;
    --live;
    std::free(memory);
}

} // namespace

void* operator new(std::size_t size)
{
    return allocate(size);
}
void* operator new[](std::size_t size)
{
    return allocate(size);
}
// Else those of a sanitizer, which does not know what the others do.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    try {
        return allocate(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept
{
    release(memory);
}
void operator delete[](void* memory) noexcept
{
    release(memory);
}
void operator delete(void* memory, std::size_t) noexcept
{
    release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept
{
    release(memory);
}

namespace eventloom::testing {

void fail_allocation(unsigned long nth, Failing how)
{
    static_cast<void>(is_within_leveldb()); // the first backtrace loads a library
    REQUIRE(leveldb().end > leveldb().begin);
    failing       = how;
    has_failed    = false;
    until_failure = nth;
}

bool allocations_fail_no_more()
{
    until_failure = 0;
    return has_failed;
}

long live_allocations()
{
    return live;
}

} // namespace eventloom::testing
