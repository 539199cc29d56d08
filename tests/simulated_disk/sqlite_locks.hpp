// What SQLite's connections to one file share within a process: its locks, and the memory with the index of the write-ahead
// log. Each connection has one of these; what they share goes with the last of them. Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace eventloom::testing {

class SqliteLocks {
public:
    explicit SqliteLocks(std::string path);
    ~SqliteLocks();
    SqliteLocks(const SqliteLocks&)            = delete;
    SqliteLocks& operator=(const SqliteLocks&) = delete;

    // SQLite's levels, SQLITE_LOCK_SHARED and on.
    int raise_to(int level);
    int lower_to(int level);
    int is_reserved(int* is) const;

    int map(int region, int bytes, bool may_grow, void volatile** memory);
    int take_shared_memory(int first, int count, int flags);
    int unmap();

private:
    static constexpr std::size_t slots = 8; // SQLITE_SHM_NLOCK
    enum class Held : std::uint8_t { nothing, shared, exclusive };
    struct Memory {
        std::vector<std::unique_ptr<char[]>> regions;
    };

    bool another(int at_least) const;
    std::shared_ptr<Memory> memory_of_others() const;

    const std::string path_;
    int level_ = 0;
    std::array<Held, slots> held_{};
    std::shared_ptr<Memory> memory_;
};

} // namespace eventloom::testing
