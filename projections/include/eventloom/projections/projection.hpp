// Defines projections: for each event, what it changes in the rows of a read model.
//
//     el::Projected<OrderId, OrderSummary> order_summaries()
//     {
//         return el::projection<OrderId, OrderSummary>("order-summaries", 1,
//             el::index("customer", &OrderSummary::customer),
//             [](OrderSummary& row, const Placed& event) { row = {event.customer, event.total, "placed"}; },
//             [](OrderSummary& row, const Paid&, const el::RecordedEvent& where) { row.paid_at = where.recorded_at; },
//             [](OrderSummary&, const Cancelled&)        { return el::drop_row; });
//     }
//
//     auto sales()                                                  // several tables, seen in one moment
//     {
//         return el::projection("sales", 2, el::from<Order>(),
//             el::keep_table<Country, CountrySales>("by-country"), el::keep_table<Sku, ArticleSales>("by-article"),
//             [](el::table<Country, CountrySales>& countries, el::table<Sku, ArticleSales>& articles, const Placed& event)
//             { ... });
//     }
//
// The event that a handler hears is read off its parameters. A handler of one row gets the row of the event's own member of
// the key's type, or else of the stream it was recorded in, or what el::keyed_by says; the row is made when it is not there.
// A handler of many rows takes whole tables. The aggregates whose events are heard are said with el::from<Order, Return>();
// when a key is an id of an aggregate, that is one.
// Handlers may answer nothing, el::drop_row, or a result<void>; they get no clock and no randomness, so that a rebuild gives
// the same bytes. Raise the version whenever a handler changes: the read model is then built anew.
// Needs cereal: include it in sources. Threads: handlers may be called from several threads, for different rebuilds.
#pragma once

#include <eventloom/framework/ensure.hpp>
#include <eventloom/framework/user_code.hpp>
#include <eventloom/projections/columns.hpp>
#include <eventloom/projections/table_fold.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

namespace eventloom {

namespace detail {

template <class... Stored>
class TypedFold;

// An event in the log that may stand for what a handler hears.
template <class... Stored>
struct Heard {
    std::string category;
    const EventType* type;
    std::size_t fact = 0; // that is heard: its place in the list
    // `fact` points to its struct.
    std::function<result<void>(TypedFold<Stored...>&, const void* fact, const RecordedEvent&)> handle;
    std::function<std::optional<std::string>(const void* fact, const RecordedEvent&)> row; // its key

    bool hears(const RecordedEvent& event) const
    {
        return type->name == event.type && category == category_of(event.stream);
    }
};

// The definition with its types: what it is made of.
template <class... Stored>
struct Definition {
    std::string name;
    std::uint32_t version = 1;
    std::vector<std::string> categories;
    std::vector<std::string> types;
    std::vector<KnownEvents> known;
    std::tuple<TableDefinition<Stored>...> tables;
    std::vector<TableDescription> descriptions; // of the tables
    std::vector<Heard<Stored...>> heard;
    bool has_a_stream_for_each_row = sizeof...(Stored) == 1;
    bool hears_personal_data       = false;
};

template <class... Stored>
class TypedFold final : public Fold {
public:
    TypedFold(std::shared_ptr<const Definition<Stored...>> definition, FindStored find)
        : definition_{std::move(definition)}, find_{std::move(find)}, tables_{begin()}
    {
    }

    result<void> apply(const RecordedEvent& event) override
    {
        for (const auto& heard : definition_->heard) {
            if (not heard.hears(event)) continue;
            auto handled = in_definition([&]() -> result<void> {
                const auto take = [&](std::size_t fact, const void* value) {
                    return handle(*heard.type, fact, value, event);
                };
                BOOST_OUTCOME_TRY(heard.type->decode(event.schema_version, event.data, take));
                return settle();
            });
            if (not handled) return at_event(std::move(handled.error()), event);
            return done();
        }
        return done();
    }

    result<void> flush(Changes& changes) override
    {
        return in_definition([&] { std::apply([&](auto&... table) { (table.flush(changes), ...); }, tables_); });
    }

    result<std::optional<std::string>> row(std::size_t table, std::string_view ordered_key) override
    {
        result<std::optional<std::string>> found = std::optional<std::string>{};
        std::size_t at                           = 0;
        const auto ask                           = [&](const auto& one) {
            if (at++ == table) found = in_definition([&] { return one.row(ordered_key); });
        };
        std::apply([&](const auto&... one) { (ask(one), ...); }, tables_);
        return found;
    }

    std::size_t bytes_cached() const override
    {
        return std::apply([](const auto&... table) { return (table.bytes_cached() + ...); }, tables_);
    }

    void forget_rows() override
    {
        std::apply([](auto&... table) { (table.forget_rows(), ...); }, tables_);
    }

    template <class One>
    TableFold<One>& table_of()
    {
        return std::get<TableFold<One>>(tables_);
    }

private:
    // Handlers, keys, indexes and serializers are the user's.
    template <class Call>
    auto in_definition(const Call& call) const
    {
        return call_user_code("the projection", definition_->name, call);
    }

    // One of the facts that an event stands for.
    result<void> handle(const EventType& type, std::size_t fact, const void* value, const RecordedEvent& event)
    {
        for (const auto& heard : definition_->heard) {
            if (heard.type != &type || heard.fact != fact) continue;
            BOOST_OUTCOME_TRY(heard.handle(*this, value, event));
        }
        return done();
    }

    std::tuple<TableFold<Stored>...> begin() const
    {
        return std::apply(
            [&](const auto&... table) {
                return std::tuple{TableFold<Stored>{table, find_}...};
            },
            definition_->tables);
    }

    result<void> settle()
    {
        result<void> settled = done();
        std::apply([&](auto&... table) { static_cast<void>(((settled = table.settle()).has_value() && ...)); },
                   tables_);
        return settled;
    }

    const std::shared_ptr<const Definition<Stored...>> definition_;
    const FindStored find_;
    std::tuple<TableFold<Stored>...> tables_;
};

// ---- running the handlers

// Calls a handler with its row or tables, and with the record when it asks for it.
template <class Handler, class Fact, class... Target>
decltype(auto) call(const Handler& handler, const Fact& fact, const RecordedEvent& event, Target&... target)
{
    if constexpr (asks_for_the_record<Handler>) {
        return handler(target..., fact, event);
    } else {
        return handler(target..., fact);
    }
}

// What a handler answers, as a result.
template <class Call>
result<void> answer_of_call(const Call& made)
{
    using Answer = decltype(made());
    if constexpr (std::is_convertible_v<Answer, result<void>>) {
        return made();
    } else {
        static_assert(std::is_void_v<Answer> || std::is_same_v<Answer, drop_row_t>,
                      "a projection's handler answers nothing, el::drop_row or an el::result<void>");
        made();
        return done();
    }
}

template <class Handler, class KeyParts, class... Stored>
result<void> handle_row(const Handler& handler, const KeyParts& key_parts, TypedFold<Stored...>& fold,
                        const heard_by<Handler>& fact, const RecordedEvent& event)
{
    using One      = typename table_of_row<std::remove_reference_t<touched_by<Handler>>, Stored...>::type;
    auto& rows     = fold.template table_of<One>();
    const auto key = key_for<key_of<One>>(key_parts, fact, event);
    auto& row      = rows.update(key);
    BOOST_OUTCOME_TRY(answer_of_call([&]() -> decltype(auto) { return call(handler, fact, event, row); }));
    if constexpr (std::is_same_v<answer_of<Handler>, drop_row_t>) rows.erase(key);
    return done();
}

template <class Handler, class... Stored>
result<void> handle_tables(const Handler& handler, TypedFold<Stored...>& fold, const heard_by<Handler>& fact,
                           const RecordedEvent& event)
{
    return [&]<std::size_t... Index>(std::index_sequence<Index...>)->result<void>
    {
        return answer_of_call([&]() -> decltype(auto) {
            return call(handler, fact, event,
                        static_cast<std::tuple_element_t<Index, arguments_of<Handler>>>(
                            fold.template table_of<
                                typename stored_in<std::tuple_element_t<Index, arguments_of<Handler>>>::type>())...);
        });
    }
    (std::make_index_sequence<tables_taken<Handler>>{});
}

template <class... Stored>
class TypedProjection final : public Projection {
public:
    explicit TypedProjection(std::shared_ptr<const Definition<Stored...>> definition)
        : definition_{std::move(definition)}
    {
    }

    const std::string& name() const override { return definition_->name; }
    std::uint32_t version() const override { return definition_->version; }
    const std::vector<std::string>& categories() const override { return definition_->categories; }
    const std::vector<std::string>& types() const override { return definition_->types; }
    const std::vector<TableDescription>& tables() const override { return definition_->descriptions; }
    const std::vector<KnownEvents>& known() const override { return definition_->known; }

    result<std::set<std::string>> rows_of(const RecordedEvent& event) const override
    {
        std::set<std::string> rows;
        bool takes_tables = false;
        for (const auto& heard : definition_->heard) {
            if (not heard.hears(event)) continue;
            const auto take = [&](std::size_t fact, const void* value) -> result<void> {
                for (const auto& one : definition_->heard) {
                    if (one.type != heard.type || one.fact != fact) continue;
                    auto row     = one.row(value, event);
                    takes_tables = takes_tables || not row;
                    if (row) rows.insert(std::move(*row));
                }
                return done();
            };
            BOOST_OUTCOME_TRY(call_user_code("the projection", definition_->name, [&] {
                return heard.type->decode(event.schema_version, event.data, take);
            }));
            break;
        }
        return takes_tables ? std::set<std::string>{} : std::move(rows);
    }

    bool hears_personal_data() const override { return definition_->hears_personal_data; }
    bool has_a_stream_for_each_row() const override
    {
        return definition_->has_a_stream_for_each_row && not definition_->heard.empty();
    }

    std::unique_ptr<Fold> fold(FindStored find) const override
    {
        return std::make_unique<TypedFold<Stored...>>(definition_, std::move(find));
    }

private:
    const std::shared_ptr<const Definition<Stored...>> definition_;
};

// ---- putting the parts together

template <class Stored, class Of>
void add_index(TableDefinition<Stored>& table, index_part<Of> part)
{
    using Row      = row_of<Stored>;
    using Value    = std::remove_cvref_t<std::invoke_result_t<Of, const Row&>>;
    const auto& of = part.of;
    for (const auto& index : table.about.indexes) {
        ensure(index.name != part.name, "two indexes of one table have one name");
    }
    table.indexes.push_back(
        {table.about.keys.index(part.name), part.unique, [of](const Row& row) { return index_value(of(row)); }});
    table.about.indexes.push_back({.name    = std::move(part.name),
                                   .unique  = part.unique,
                                   .shape   = shape_of<Value>(),
                                   .columns = index_columns(of, table.about.columns),
                                   .ordered = &ordered_of_text<Value>});
    table.has_unique_index = table.has_unique_index || part.unique;
}

template <class Stored, class... Of>
TableDefinition<Stored> define_table(std::string name, std::tuple<index_part<Of>...> indexes)
{
    TableDefinition<Stored> table;
    table.about = {.name        = name,
                   .keys        = row_keys::OfTable{name},
                   .key_shape   = shape_of<key_of<Stored>>(),
                   .row_shape   = codec<Stored>::shape().text,
                   .columns     = columns_of<key_of<Stored>, row_of<Stored>>(),
                   .indexes     = {},
                   .row_to_json = [](std::string_view stored) -> std::string {
                       const auto row = codec<Stored>::decode(stored);
                       return row ? codec<Stored>::to_json(row.value()) : "\"(a row that cannot be read)\"";
                   },
                   .ordered_key = [](std::string_view text) -> result<std::string> {
                       BOOST_OUTCOME_TRY(const auto key, parse_key<key_of<Stored>>(text));
                       return eventloom::ordered_key(key);
                   },
                   .sql_columns = sql_columns_of<Stored>(),
                   .read_cells  = &detail::read_cells<Stored>};
    std::apply([&](auto&... index) { (add_index(table, std::move(index)), ...); }, indexes);
    return table;
}

// Where the row stands that a handler gets.
template <class Handler, class KeyParts, class... Stored>
auto row_finder(const Definition<Stored...>& definition, const KeyParts& key_parts)
{
    if constexpr (tables_taken<Handler> == 0) {
        using One = typename table_of_row<std::remove_reference_t<touched_by<Handler>>, Stored...>::type;
        return [key_parts, keys = std::get<TableDefinition<One>>(definition.tables).about.keys](
                   const void* value, const RecordedEvent& event) -> std::optional<std::string> {
            const auto& fact = *static_cast<const heard_by<Handler>*>(value);
            return keys.row(ordered_key(key_for<key_of<One>>(key_parts, fact, event)));
        };
    } else {
        return [](const void*, const RecordedEvent&) { return std::optional<std::string>{}; };
    }
}

template <class State>
KnownEvents known_events()
{
    KnownEvents known{std::string{State::category}, {}};
    [&]<class... Entry>(std::type_identity<std::tuple<Entry...>>) {
        (known.types.emplace_back(Entry::name), ...);
    }(std::type_identity<typename State::Events::entries>{});
    if constexpr (requires { typename State::Ignored; }) {
        for (const std::string_view name : State::Ignored::names) known.types.emplace_back(name);
    }
    std::sort(known.types.begin(), known.types.end());
    return known;
}

template <class Sources, class KeyParts, class... Stored, class Part>
void add_handler(Definition<Stored...>& definition, const KeyParts& key_parts, const Part& part)
{
    if constexpr (is_handler<Part>) {
        using Fact  = heard_by<Part>;
        using State = typename owner<Fact, Sources>::type;
        static_assert(has_category<State>());
        const auto handle = [part, key_parts](TypedFold<Stored...>& fold, const void* value,
                                              const RecordedEvent& event) -> result<void> {
            const auto& fact = *static_cast<const Fact*>(value);
            if constexpr (tables_taken<Part> == 0) {
                return handle_row(part, key_parts, fold, fact, event);
            } else {
                return handle_tables(part, fold, fact, event);
            }
        };
        for (const auto& name : names_that_may_stand_for<State, Fact>()) {
            const auto* type = find_event_type(event_types<State>(), name);
            if (std::find(definition.types.begin(), definition.types.end(), name) == definition.types.end()) {
                definition.types.push_back(name);
            }
            definition.hears_personal_data |= type->is_personal;
            definition.heard.push_back({std::string{State::category}, type, State::Events::template index_of<Fact>,
                                        handle, row_finder<Part>(definition, key_parts)});
        }
        definition.has_a_stream_for_each_row &= keeps_to_its_stream<Part, State, KeyParts, Stored...>();
        if (std::find(definition.categories.begin(), definition.categories.end(), State::category) ==
            definition.categories.end()) {
            definition.categories.emplace_back(State::category);
        }
    }
}

template <class Part>
auto heard_events()
{
    if constexpr (is_handler<Part>) {
        return std::type_identity<std::tuple<heard_by<Part>>>{};
    } else {
        return std::type_identity<std::tuple<>>{};
    }
}

// The definition; nothing after a part that does not fit, of which the compiler has said why.
template <class... Stored, class... Part>
std::shared_ptr<const Projection> define(std::string name, std::uint32_t version,
                                         std::tuple<TableDefinition<Stored>...> tables, const Part&... part)
{
    using Tables                = std::tuple<Stored...>;
    using Sources               = typename sources<std::tuple<key_of<Stored>...>, Part...>::type;
    constexpr bool handlers_fit = (checked_part<Part, Tables, Sources>() && ...);
    if constexpr (handlers_fit) {
        using Events              = decltype(std::tuple_cat(typename decltype(heard_events<Part>())::type{}...));
        constexpr bool heard_once = []<class... Fact>(std::type_identity<std::tuple<Fact...>>) {
            return all_different<Fact...>();
        }(std::type_identity<Events>{});
        static_assert(heard_once, "two handlers of one projection hear the same event");
        static_assert(all_different<Stored...>(), "two tables of one projection have the same keys and rows");

        auto definition     = std::make_shared<Definition<Stored...>>();
        definition->name    = std::move(name);
        definition->version = version;
        ensure(row_keys::is_projection_name(definition->name), "a projection's name is letters, digits and hyphens");
        ensure(version > 0, "a projection's version counts from 1");
        definition->tables       = std::move(tables);
        definition->descriptions = std::apply(
            [](const auto&... table) { return std::vector<TableDescription>{table.about...}; }, definition->tables);
        definition->has_a_stream_for_each_row &=
            not std::apply([](const auto&... table) { return (table.has_unique_index || ...); }, definition->tables);
        definition->known = []<class... State>(std::type_identity<from<State...>>) {
            return std::vector<KnownEvents>{known_events<State>()...};
        }(std::type_identity<Sources>{});
        const auto key_parts = std::tuple_cat(only<key_wanted>(part)...);
        (add_handler<Sources>(*definition, key_parts, part), ...);
        return std::make_shared<const TypedProjection<Stored...>>(std::move(definition));
    } else {
        return nullptr;
    }
}

template <class Key, class Row, class... Of>
TableDefinition<StoredRow<Key, Row>> define_kept(const kept_table<Key, Row, Of...>& kept)
{
    ensure(row_keys::is_projection_name(kept.name), "a table's name is letters, digits and hyphens");
    return define_table<StoredRow<Key, Row>>(kept.name, kept.indexes);
}

template <class... Stored>
ProjectedTables<Stored...> projected_tables(std::shared_ptr<const Projection> definition,
                                            const std::tuple<TableDefinition<Stored>...>&)
{
    for (const auto& table : definition->tables()) {
        const auto same_name = [&](const auto& other) { return other.name == table.name; };
        ensure(std::count_if(definition->tables().begin(), definition->tables().end(), same_name) == 1,
               "two tables of one projection have one name");
    }
    return {std::move(definition), {&codec<Stored>::decode...}};
}

} // namespace detail

// Defines a projection with one table. `name` names its directory and what people call it: letters, digits and hyphens.
template <class Key, class Row, class... Part>
Projected<Key, Row> projection(std::string name, std::uint32_t version, Part... part)
{
    static_assert((not detail::is_kept<Part> && ...),
                  "el::keep_table has its place in a projection without types of its own");
    using Stored = StoredRow<Key, Row>;
    auto table   = detail::define_table<Stored>({}, std::tuple_cat(detail::only<detail::index_wanted>(part)...));
    return {detail::define(std::move(name), version, std::tuple{std::move(table)}, part...), &codec<Stored>::decode};
}

// Defines a projection with several tables, each said with el::keep_table.
template <class... Part>
    requires(detail::is_kept<Part> || ...)
auto projection(std::string name, std::uint32_t version, Part... part)
{
    static_assert((not detail::is_index<Part> && ...),
                  "an index of one of several tables stands in its el::keep_table");
    const auto kept   = std::tuple_cat(detail::only<detail::kept_wanted>(part)...);
    const auto tables = std::apply([](const auto&... one) { return std::tuple{detail::define_kept(one)...}; }, kept);
    return detail::projected_tables(detail::define(std::move(name), version, tables, part...), tables);
}

} // namespace eventloom
