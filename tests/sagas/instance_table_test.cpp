// The table of the saga engine against a map: what is found, counted, listed and due, while rows are written together, and after the
// process was killed between two writes.
#include "support/every_store.hpp"

#include "table/instance_table.hpp"

#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

namespace instance_table_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

namespace {

// The steps of an instance are the words of its correlation: no definition is needed.
std::vector<std::string> steps_of(const InstanceKey&, const instance::Instance& instance)
{
    std::vector<std::string> steps;
    std::string word;
    for (const char letter : instance.began.correlation + " ") {
        if (letter != ' ') {
            word.push_back(letter);
        } else if (not word.empty()) {
            steps.push_back(std::exchange(word, {}));
        }
    }
    return steps;
}

class Tables {
public:
    explicit Tables(std::uint64_t seed)
        : simulated_{seed}, runtime_{simulated_, simulated_, simulated_, system_files()}, random_{seed}
    {
        open();
    }

    InstanceTable& table() { return *table_; }

    // Nothing is flushed: what is in memory is gone, as when the process is killed.
    void kill() { table_.reset(); }
    void open()
    {
        auto opened = InstanceTable::open(runtime_, directory_.path() + "/sagas", steps_of);
        REQUIRE(opened);
        table_ = std::move(opened.value());
        REQUIRE(table_->take_over());
    }

    unsigned one_of(unsigned count) { return std::uniform_int_distribution<unsigned>{0, count - 1}(random_); }

    InstanceKey some_key(unsigned keys)
    {
        return {one_of(2) ? "work" : "bill", (one_of(2) ? "a" : "b") + std::to_string(one_of(keys))};
    }

    InstanceRow some_row(const InstanceKey& key)
    {
        static const std::vector<std::string> steps{"", "charge", "pack", "charge pack"};
        InstanceRow row;
        row.instance.recorded          = ++position_;
        row.instance.status            = static_cast<SagaStatus>(one_of(5));
        row.instance.state             = "state " + std::to_string(position_);
        row.instance.began.version     = 1 + one_of(2);
        row.instance.began.correlation = steps[one_of(4)];
        // As of an instance: it began once.
        row.instance.began.at = Time{std::chrono::seconds{std::hash<std::string>{}(key.saga + key.key) % 100'000}};
        if (row.instance.status == SagaStatus::stuck) row.instance.stuck.code = one_of(2) ? "declined" : "line-dead";
        if (one_of(3) == 0) row.instance.failed.code = "cancelled";
        if (one_of(2)) row.due = Time{std::chrono::seconds{one_of(50)}};
        row.is_at_work = one_of(4) == 0;
        return row;
    }

    void keep(const InstanceKey& key)
    {
        const auto held = table_->hold(key);
        REQUIRE(held);
        CHECK(held.value().row.has_value() == rows.contains(key));
        auto row  = some_row(key);
        rows[key] = row;
        REQUIRE(table_->keep(key, held.value().place, row, position_));
    }

    SagaFilter some_filter()
    {
        SagaFilter filter;
        if (one_of(2)) filter.saga = one_of(2) ? "work" : "bill";
        if (one_of(2)) filter.status = static_cast<SagaStatus>(one_of(5));
        if (one_of(3) == 0) filter.error_code = one_of(2) ? "declined" : "cancelled";
        if (one_of(3) == 0) filter.key_prefix = (one_of(2) ? "a" : "b") + std::to_string(one_of(10));
        if (one_of(2)) filter.step = one_of(2) ? "charge" : "pack";
        if (one_of(2)) filter.began_before = Time{std::chrono::seconds{one_of(one_of(2) ? 100'000 : 3'000)}};
        return filter;
    }

    std::vector<InstanceKey> expected(const SagaFilter& filter, std::size_t limit) const
    {
        std::vector<InstanceKey> fitting;
        for (const auto& [key, row] : rows) {
            const auto& instance = row.instance;
            const auto steps     = steps_of(key, instance);
            const auto& code     = instance.status == SagaStatus::stuck ? instance.stuck.code : instance.failed.code;
            const bool fits =
                (not filter.saga || key.saga == *filter.saga) &&
                (not filter.status || instance.status == *filter.status) &&
                (filter.error_code.empty() || filter.error_code == code) && key.key.starts_with(filter.key_prefix) &&
                (filter.step.empty() || std::find(steps.begin(), steps.end(), filter.step) != steps.end()) &&
                (not filter.began_before || instance.began.at < *filter.began_before);
            if (fits && fitting.size() < limit) fitting.push_back(key);
        }
        return fitting;
    }

    std::vector<InstanceKey> listed(const SagaFilter& filter, std::size_t limit) const
    {
        std::vector<InstanceKey> found;
        REQUIRE(table_->visit(filter, [&](const InstanceKey& key, const InstanceRow&) {
            found.push_back(key);
            return found.size() < limit;
        }));
        return found;
    }

    void compare()
    {
        std::map<InstanceTable::Counted, std::uint64_t> counts;
        std::vector<DuePlace> due;
        std::vector<InstanceKey> at_work;
        for (const auto& [key, row] : rows) {
            ++counts[{key.saga, row.instance.status, row.instance.began.version}];
            if (row.due) due.emplace_back(*row.due, key);
            if (row.is_at_work) at_work.push_back(key);
            const auto found = table_->find(key);
            REQUIRE((found && found.value()));
            CHECK(found.value()->instance.recorded == row.instance.recorded);
            CHECK(found.value()->instance.state == row.instance.state);
        }
        std::sort(due.begin(), due.end());
        auto counted = table_->count();
        std::erase_if(counted, [](const auto& one) { return one.second == 0; });
        CHECK(counted == counts);
        // In parts, each from where the one before it ended.
        std::vector<DuePlace> read;
        std::optional<DuePlace> after;
        for (;;) {
            const auto part = table_->due_next(7, after);
            REQUIRE(part);
            for (const auto& instance : part.value()) read.emplace_back(instance.due, instance.key);
            if (part.value().size() < 7) break;
            after = read.back();
        }
        CHECK(read == due);
        CHECK(table_->at_work().value() == at_work);
        for (int i = 0; i < 50; ++i) {
            const auto filter = some_filter();
            const auto limit  = one_of(2) ? 1'000'000 : 1 + one_of(20);
            CHECK(listed(filter, limit) == expected(filter, limit));
        }
    }

    std::map<InstanceKey, InstanceRow> rows;

private:
    SimulatedExecutor simulated_;
    TemporaryDirectory directory_;
    Runtime runtime_;
    std::mt19937_64 random_;
    Position position_ = 0;
    std::unique_ptr<InstanceTable> table_;
};

} // namespace

TEST_CASE("what the table finds, counts, lists and has due is what was kept", "[sagas][table]")
{
    Tables tables{GENERATE(range(1u, 9u))};
    for (int round = 0; round < 12; ++round) {
        for (int i = 0; i < 60; ++i) {
            tables.keep(tables.some_key(40));
            if (tables.one_of(40) == 0) REQUIRE(tables.table().flush());
        }
        if (tables.one_of(4) == 0) {
            REQUIRE(tables.table().flush());
            tables.kill();
            tables.open();
        }
        tables.compare();
    }
}

TEST_CASE("a page of those that began before a time is the same whether they are few or many", "[sagas][table]")
{
    Tables tables{7};
    // More than are looked at by their times, and more than are written together.
    for (int i = 0; i < 30'000; ++i) tables.keep(tables.some_key(20'000));
    for (const Time before : {Time{1s}, Time{500s}, Time{60'000s}, Time{1'000'000s}}) {
        SagaFilter filter;
        filter.began_before = before;
        for (const std::size_t limit : {std::size_t{100}, std::size_t{1'000'000}}) {
            CHECK(tables.listed(filter, limit) == tables.expected(filter, limit));
        }
        filter.step = "charge";
        CHECK(tables.listed(filter, 100) == tables.expected(filter, 100));
        filter.status = SagaStatus::stuck;
        CHECK(tables.listed(filter, 100) == tables.expected(filter, 100));
    }
}

TEST_CASE("killed between two writes, the table says up to where it has everything", "[sagas][table][crash]")
{
    Tables tables{GENERATE(range(1u, 9u))};
    for (int round = 0; round < 20; ++round) {
        std::map<InstanceKey, std::pair<Position, InstanceRow>> last;
        std::multimap<Position, InstanceKey> under_way; // by the head when its write began
        Position head = tables.table().reached();
        for (int i = 0; i < 40; ++i) {
            const InstanceKey key = tables.some_key(15);
            const bool is_busy =
                std::any_of(under_way.begin(), under_way.end(), [&](const auto& write) { return write.second == key; });
            if (not is_busy) under_way.emplace(tables.table().begin_write(head), key);
            if (tables.one_of(2) == 0 && not under_way.empty()) {
                const auto write    = std::next(under_way.begin(), tables.one_of(under_way.size()));
                auto row            = tables.some_row(write->second);
                last[write->second] = {++head, row};
                const auto held     = tables.table().hold(write->second);
                REQUIRE(held);
                REQUIRE(tables.table().keep(write->second, held.value().place, row, head));
                tables.table().end_write(write->first);
                tables.table().keep_checkpoint("work", head);
                under_way.erase(write);
            }
            if (tables.one_of(10) == 0) REQUIRE(tables.table().flush());
        }
        tables.kill();
        tables.open();
        const Position complete = tables.table().complete_to().value();
        CHECK(complete <= tables.table().reached());
        CHECK(tables.table().checkpoint("work").value() <= tables.table().reached());
        for (const auto& [key, kept] : last) {
            if (kept.first > complete) continue;
            const auto found = tables.table().find(key);
            REQUIRE((found && found.value()));
            CHECK(found.value()->instance.recorded == kept.second.instance.recorded);
        }
    }
}

} // namespace instance_table_test
