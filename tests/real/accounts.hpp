// Accounts of branches, for tests of projections in processes that are killed: the log is made once, and what its read
// models answer is known without folding it.
#pragma once

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/projections/projection.hpp>
#include <eventloom/storage/system_files.hpp>

namespace branch_bank {

namespace el = eventloom;

struct Account;
using AccountId = el::id<Account>;

struct Booked {
    std::int64_t pence;
    std::string receipt;
};
struct Account {
    static constexpr auto category = "account";
    using Events                   = el::events<el::event<"booked", Booked>>;
};
inline Account evolve(Account account, const Booked&)
{
    return account;
}

struct Balance {
    std::int64_t pence    = 0;
    std::int64_t bookings = 0;
    std::string last_receipt;
};
struct Branch {
    std::int64_t number;
};
struct Total {
    std::int64_t pence    = 0;
    std::int64_t bookings = 0;
};
using Balances = el::Rows<AccountId, Balance>;
using Totals   = el::Rows<Branch, Total>;

inline constexpr std::int64_t accounts = 2'000;
inline constexpr std::int64_t branches = 10;
inline constexpr std::int64_t bookings = 100; // of each account
inline constexpr std::int64_t pence    = 7;   // of each booking

// Both tables change with every event, under an index and a unique one.
inline auto balances(const std::string& name)
{
    return el::projection(name, 1, el::keep_table<Branch, Total>("totals"),
                          el::keep_table<AccountId, Balance>(
                              "balances", el::index("pence", [](const Balance& row) { return row.pence; }),
                              el::unique_index("last-receipt", [](const Balance& row) { return row.last_receipt; })),
                          [](Totals& totals, Balances& balances, const Booked& event, const el::RecordedEvent& where) {
                              const auto account = el::id_of_stream<Account>(where.stream);
                              auto& balance      = balances.update(account);
                              auto& total        = totals.update({std::stoll(account.value) % branches});
                              balance.pence += event.pence;
                              total.pence += event.pence;
                              ++balance.bookings;
                              ++total.bookings;
                              balance.last_receipt = event.receipt;
                          });
}

// The projections of one process on one directory: the same, kept in each place that lasts.
struct AccountsMachine {
    explicit AccountsMachine(const std::string& in) : directory{in} {}

    el::result<void> open()
    {
        BOOST_OUTCOME_TRY(store, el::LevelDbStore::open(runtime, {.directory  = directory + "/log",
                                                                  .durability = el::Durability::buffered}));
        bus         = std::make_unique<el::EventBus>(runtime, *store);
        projections = std::make_unique<el::Projections>(runtime, *store, *bus, directory + "/rows");
        BOOST_OUTCOME_TRY(auto first, projections->add(balances(names[0])));
        BOOST_OUTCOME_TRY(auto second, projections->add(balances(names[1]), {.kept_in = el::RowPlace::sqlite}));
        tables = {std::move(first), std::move(second)};
        return el::done();
    }

    using Tables = decltype(std::declval<el::Projections>().add(balances("")))::value_type;

    const std::vector<std::string> names{"in-leveldb", "in-sqlite"};
    const std::string directory;
    el::SystemExecutor executor;
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    std::unique_ptr<el::LevelDbStore> store;
    std::unique_ptr<el::EventBus> bus;
    std::unique_ptr<el::Projections> projections;
    std::vector<Tables> tables;
};

// What a whole read model answers, seen in one moment: "" or what is wrong with it.
inline std::string wrong_with(const AccountsMachine::Tables& tables)
{
    const auto [totals, balances] = el::at_one_moment(tables);
    std::int64_t seen             = 0;
    for (std::int64_t branch = 0; branch < branches; ++branch) {
        const auto total = totals.get({branch});
        if (not total) return total.error().sentence;
        if (not total.value()) return "a branch without a total";
        seen += total.value()->pence;
    }
    if (seen != accounts * bookings * pence) return "the totals make " + std::to_string(seen);
    const auto count = balances.count_by_range("pence", std::int64_t{0}, std::int64_t{1} << 40);
    if (not count) return count.error().sentence;
    if (count.value() != static_cast<std::uint64_t>(accounts)) return std::to_string(count.value()) + " accounts";
    return "";
}

// Every generation on the disk but the one that answers, and whatever else a rebuild has left over.
inline std::string left_over(const AccountsMachine& machine)
{
    std::string found;
    for (const auto& name : machine.names) {
        const auto directory = machine.directory + "/rows/" + name;
        const auto names     = el::list_directory(machine.runtime, directory);
        if (not names) return names.error().sentence;
        if (names.value().size() == 2) continue; // `current`, and what it names
        for (const auto& one : names.value()) found += " " + name + "/" + one;
    }
    return found;
}

} // namespace branch_bank
