// Tests of projections, one line for each case, without a store, a disk or a test library:
//
//     CHECK(folding(order_summaries()).given(OrderId{"1"}, tea_for_ada, Paid{"receipt-1"}).rows({{OrderId{"1"}, paid}}));
//     CHECK(folding(order_summaries()).given(OrderId{"1"}, tea_for_ada, Cancelled{"dear"}).rows({}));     // there are none
//     CHECK(folding(sales()).given(OrderId{"1"}, tea_for_ada).given(OrderId{"2"}, cake).rows<Sku, ArticleSales>({...}));
//     CHECK(folding(people()).given(ada, joined).given(bob, joined).fails("unique-index-violated"));
//
// All rows of a table are compared, member by member, in any order. Everything is folded twice: all events at once, and event
// by event with every row written and read again in between. A projection that does not give the same bytes both times fails
// the test: its handlers are not deterministic, or the codec of a row loses something. Events are recorded one second apart,
// the first one at first_recorded_at. Threads: values.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/projections/detail/key_text.hpp>
#include <eventloom/projections/projected.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace eventloom::testing {

inline constexpr Time first_recorded_at{std::chrono::days{20'000}};

// Whether a projection did what was expected. Print it to see why not.
struct Verdict {
    std::string why; // empty: it did as expected

    explicit operator bool() const { return why.empty(); }
    friend std::ostream& operator<<(std::ostream& out, const Verdict& verdict)
    {
        return out << (verdict ? "as expected" : verdict.why);
    }
};

namespace detail {

// A read model in memory: a value for each key.
class MemoryModel final : public Changes {
public:
    void put(std::string_view key, std::string_view stored) override { stored_[std::string{key}] = stored; }
    void remove(std::string_view key) override { stored_.erase(std::string{key}); }
    void count(const std::string&, std::int64_t) override {} // not needed: the rows are in memory

    const std::map<std::string, std::string>& stored() const { return stored_; }

private:
    std::map<std::string, std::string> stored_;
};

// Folds the events with a new fold for each so many of them.
result<MemoryModel> fold_in_memory(const UntypedProjection& definition, const std::vector<RecordedEvent>& events,
                                   std::size_t events_a_fold);

} // namespace detail

template <class... Stored>
class Folding {
public:
    using Definition = ProjectedTables<eventloom::detail::table_of<Stored>...>;
    explicit Folding(Definition projected) : projected_{std::move(projected)} {}

    // These events happened to this aggregate, in this order, after those given before.
    template <aggregate State, event_of<State>... Fact>
    Folding given(const id<State>& to, const Fact&... fact) const
    {
        Folding more = *this;
        (more.add(to.stream(), event_type<State, Fact>(), &fact), ...);
        return more;
    }

    // Exactly these rows, of the only table or of the table with these types of keys and rows.
    Verdict rows(std::vector<std::tuple_element_t<0, std::tuple<Stored...>>> expected) const
    {
        static_assert(sizeof...(Stored) == 1, "of several tables say which: .rows<Key, Row>({...})");
        return rows_of<std::tuple_element_t<0, std::tuple<Stored...>>>(expected);
    }
    template <class Key, class Row>
    Verdict rows(std::vector<StoredRow<Key, Row>> expected) const
    {
        return rows_of<StoredRow<Key, Row>>(expected);
    }

    // It stops at the last of these events with an error that has this code.
    Verdict fails(std::string_view code) const
    {
        const auto folded = fold();
        if (folded) return {"the events were folded without an error"};
        if (folded.error().code != code) return {"it failed otherwise: " + folded.error().sentence};
        if (events_.size() > 1 && not detail::fold_in_memory(*projected_.definition, but_the_last(), 1)) {
            return {"it failed before the last event: " + folded.error().sentence};
        }
        return {};
    }

private:
    void add(std::string stream, const EventType& type, const void* fact)
    {
        RecordedEvent event;
        event.position = events_.size() + 1;
        for (const auto& other : events_) event.version += other.stream == stream ? 1 : 0;
        event.stream         = std::move(stream);
        event.type           = type.name;
        event.schema_version = type.schema_version;
        event.recorded_at    = first_recorded_at + std::chrono::seconds{events_.size()};
        type.encode(fact, event.data);
        events_.push_back(std::move(event));
    }

    std::vector<RecordedEvent> but_the_last() const { return {events_.begin(), events_.end() - 1}; }

    result<detail::MemoryModel> fold() const
    {
        BOOST_OUTCOME_TRY(auto at_once, detail::fold_in_memory(*projected_.definition, events_, events_.size()));
        BOOST_OUTCOME_TRY(const auto one_by_one, detail::fold_in_memory(*projected_.definition, events_, 1));
        if (at_once.stored() == one_by_one.stored()) return at_once;
        return fail(Failure::invalid, "not-deterministic",
                    "folded the events twice, at once and one by one, and found other rows the second time; a handler "
                    "depends on more than its row and its event, or a row's codec loses something");
    }

    template <class One>
    Verdict rows_of(const std::vector<One>& expected) const
    {
        constexpr std::size_t place = place_of<One>();
        static_assert(place < sizeof...(Stored), "the projection keeps no table with such keys and rows");
        const auto folded = fold();
        if (not folded) return {folded.error().sentence};
        const TableDescription& table = projected_.definition->tables()[place];
        std::map<std::string, const One*> missing;
        for (const One& row : expected) missing.emplace(table.keys.row(ordered_key(row.key)), &row);
        if (missing.size() != expected.size()) return {"two of the expected rows have one key"};
        for (const auto& [key, stored] : folded.value().stored()) {
            if (not key.starts_with(table.keys.row())) continue;
            One row;
            const auto read = table.decode(stored, &row);
            if (not read) return {read.error().sentence};
            const auto wanted = missing.find(key);
            if (wanted == missing.end()) return {"a row that was not expected: " + table.row_to_json(stored)};
            if (not same(row, *wanted->second)) return {"a row other than expected: " + table.row_to_json(stored)};
            missing.erase(wanted);
        }
        if (missing.empty()) return {};
        return {"no row with the key " + key_text(missing.begin()->second->key)};
    }

    template <class One>
    static constexpr std::size_t place_of()
    {
        const bool is_one[] = {std::is_same_v<One, Stored>...};
        return static_cast<std::size_t>(std::find(std::begin(is_one), std::end(is_one), true) - std::begin(is_one));
    }

    Definition projected_;
    std::vector<RecordedEvent> events_;
};

template <class Key, class Row>
Folding<StoredRow<Key, Row>> folding(const Projected<Key, Row>& projected)
{
    return Folding<StoredRow<Key, Row>>{{projected.definition}};
}
template <class... Of>
Folding<eventloom::detail::stored_in<Of>...> folding(const ProjectedTables<Of...>& projected)
{
    return Folding<eventloom::detail::stored_in<Of>...>{projected};
}

} // namespace eventloom::testing
