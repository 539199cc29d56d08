// Defines projections: for each event, what it changes in the rows of a read model.
//
//     el::Projected<OrderId, OrderSummary> order_summaries()
//     {
//         return el::projection<OrderId, OrderSummary>("order-summaries", 1,
//             el::index("customer", [](const OrderSummary& row) { return row.customer; }),
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
#include <eventloom/projections/columns.hpp>
#include <eventloom/projections/row_shape.hpp>
#include <eventloom/projections/table_fold.hpp>

namespace eventloom {

namespace detail {

template <class... Stored>
class TypedFold;

template <class... Stored>
struct Heard {
    std::string category;
    const EventType* type;
    std::function<result<void>(TypedFold<Stored...>&, const EventType&, const RecordedEvent&)> handle;
};

// The definition with its types: what it is made of.
template <class... Stored>
struct Definition {
    std::string name;
    std::uint32_t version = 1;
    std::vector<std::string> categories;
    std::vector<std::string> types;
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
            if (heard.type->name != event.type || heard.category != category_of(event.stream)) continue;
            auto handled = heard.handle(*this, *heard.type, event);
            if (not handled) return at_event(std::move(handled.error()), event);
            if (auto settled = settle(); not settled) return at_event(std::move(settled.error()), event);
        }
        return done();
    }

    void flush(Changes& changes) override
    {
        std::apply([&](auto&... table) { (table.flush(changes), ...); }, tables_);
    }

    result<std::optional<std::string>> row(std::size_t table, std::string_view ordered_key) override
    {
        result<std::optional<std::string>> found = std::optional<std::string>{};
        std::size_t at                           = 0;
        const auto ask                           = [&](const auto& one) {
            if (at++ == table) found = one.row(ordered_key);
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

// The table whose rows a handler takes.
template <class Row, class First, class... Rest>
struct table_of_row : table_of_row<Row, Rest...> {
};
template <class Row, class Key, class... Rest>
struct table_of_row<Row, StoredRow<Key, Row>, Rest...> {
    using type = StoredRow<Key, Row>;
};

template <class Table>
struct stored_in;
template <class Key, class Row>
struct stored_in<table<Key, Row>&> {
    using type = StoredRow<Key, Row>;
};

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
    using Row   = row_of<Stored>;
    using Value = std::remove_cvref_t<std::invoke_result_t<Of, const Row&>>;
    for (const auto& index : table.about.indexes) {
        ensure(index.name != part.name, "two indexes of one table have one name");
    }
    table.indexes.push_back({table.about.keys.index(part.name), part.unique,
                             [of = std::move(part.of)](const Row& row) { return index_value(of(row)); }});
    table.about.indexes.push_back({std::move(part.name), part.unique, shape_of<Value>()});
    table.has_unique_index = table.has_unique_index || part.unique;
}

template <class Stored, class... Of>
TableDefinition<Stored> define_table(std::string name, std::tuple<index_part<Of>...> indexes)
{
    TableDefinition<Stored> table;
    table.about = {.name        = name,
                   .keys        = row_keys::OfTable{name},
                   .key_shape   = shape_of<key_of<Stored>>(),
                   .row_shape   = row_shape_of<Stored>(),
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

template <class Sources, class KeyParts, class... Stored, class Part>
void add_handler(Definition<Stored...>& definition, const KeyParts& key_parts, const Part& part)
{
    if constexpr (is_handler<Part>) {
        using Fact  = heard_by<Part>;
        using State = typename owner<Fact, Sources>::type;
        static_assert(has_category<State>());
        const auto& type = event_type<State, Fact>();
        definition.types.emplace_back(type.name);
        definition.hears_personal_data |= type.is_personal;
        definition.has_a_stream_for_each_row &= keeps_to_its_stream<Part, State, KeyParts, Stored...>();
        if (std::find(definition.categories.begin(), definition.categories.end(), State::category) ==
            definition.categories.end()) {
            definition.categories.emplace_back(State::category);
        }
        definition.heard.push_back({std::string{State::category}, &type,
                                    [part, key_parts](TypedFold<Stored...>& fold, const EventType& of,
                                                      const RecordedEvent& event) -> result<void> {
                                        Fact fact{};
                                        BOOST_OUTCOME_TRY(of.decode(event.schema_version, event.data, &fact));
                                        if constexpr (tables_taken<Part> == 0) {
                                            return handle_row(part, key_parts, fold, fact, event);
                                        } else {
                                            return handle_tables(part, fold, fact, event);
                                        }
                                    }});
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
