// Which calls of a simulated disk fail, and how. Threads: one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace eventloom::testing {

enum class Operation : std::uint8_t { write, sync, create, rename, remove, sync_directory, open, read };
inline constexpr std::size_t operation_kinds = 8;

inline bool is_change(Operation operation)
{
    return operation < Operation::open;
}

// "Every third sync from now on": {Operation::sync, 3, true}.
struct Fault {
    Operation operation;
    std::uint64_t number = 1;     // among those of its kind, the next being 1
    bool for_good        = false; // it and all after it, or it alone
    bool half            = false; // of a write, half of the bytes arrive
};

class DiskFaults {
public:
    enum class Answer : std::uint8_t { done, failed, half };

    void add(const Fault& fault) { waiting_.push_back({fault, count(fault.operation) + fault.number}); }
    void clear()
    {
        waiting_.clear();
        failed_ = {};
    }

    // Every operation passes here once.
    Answer pass(Operation operation);

    std::uint64_t count(Operation operation) const { return counts_[static_cast<std::size_t>(operation)]; }
    // Since clear().
    std::uint64_t failed(Operation operation) const { return failed_[static_cast<std::size_t>(operation)]; }
    bool happened() const
    {
        return std::any_of(failed_.begin(), failed_.end(), [](std::uint64_t failed) { return failed > 0; });
    }

private:
    struct Waiting {
        Fault fault;
        std::uint64_t at;
    };
    std::vector<Waiting> waiting_;
    std::array<std::uint64_t, operation_kinds> counts_{};
    std::array<std::uint64_t, operation_kinds> failed_{};
};

} // namespace eventloom::testing
