// An aggregate whose streams grow long, for tests of snapshots.
#pragma once

#include <eventloom/framework/aggregate.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace eventloom::testing {

struct Booked {
    std::int64_t amount = 0;
};
struct Post {
    std::int64_t amount = 0;
};
// Several bookings at once.
struct BookAll {
    std::vector<std::int64_t> amounts;
};

struct Ledger {
    static constexpr auto category  = "ledger";
    static constexpr auto snapshots = eventloom::snapshots{.version = 1, .every = 5};
    using Events                    = events<event<"ledger-booked", Booked>>;

    std::int64_t balance = 0;
    std::vector<std::int64_t> newest; // three at most
};

inline Ledger evolve(Ledger ledger, const Booked& event)
{
    ledger.balance += event.amount;
    ledger.newest.push_back(event.amount);
    if (ledger.newest.size() > 3) ledger.newest.erase(ledger.newest.begin());
    return ledger;
}

inline result<std::optional<Booked>> decide(const Post& command, const Ledger& ledger)
{
    if (command.amount == 0) return std::nullopt;
    if (ledger.balance + command.amount < 0) return refuse("not-covered", "The balance does not cover this.");
    if (not ledger.newest.empty() && ledger.newest.back() == command.amount) {
        return refuse("booked-before", "The same amount was booked just before.");
    }
    return Booked{command.amount};
}

inline result<std::vector<Booked>> decide(const BookAll& command, const Ledger&)
{
    std::vector<Booked> booked;
    for (const auto amount : command.amounts) booked.push_back({amount});
    return booked;
}

static_assert(aggregate<Ledger>);

// The same stream as another program understands it: it counts, and its snapshots have another version.
struct Tally {
    static constexpr auto category  = "ledger";
    static constexpr auto snapshots = eventloom::snapshots{.version = 2, .every = 5};
    using Events                    = events<event<"ledger-booked", Booked>>;

    std::int64_t bookings = 0;
    std::vector<std::int64_t> unused;
};

inline Tally evolve(Tally tally, const Booked&)
{
    ++tally.bookings;
    return tally;
}

static_assert(aggregate<Tally>);

} // namespace eventloom::testing
