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
//             [](el::Rows<Country, CountrySales>& countries, el::Rows<Sku, ArticleSales>& articles, const Placed& event)
//             { ... });
//     }
//
// A handler's parameters say which event it hears. A handler of one row gets the row that el::keyed_by names, or the one whose
// key is the event's own member of the key's type, or the one of the event's stream. A row that does not exist is made.
// A handler of many rows takes whole tables. el::from<Order, Return>() names the aggregates whose events are heard; when the
// key is the id of an aggregate, that aggregate is heard too.
// A handler returns nothing, el::drop_row, or a result<void>. It has no clock and no randomness, so that a rebuild gives the
// same bytes. Raise the version whenever a handler changes: then the read model is built again.
// Include it in sources, not in headers: it takes a while to compile. Threads: handlers may be called from several threads,
// for different rebuilds.
#pragma once

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/projections/detail/cells.hpp>
#include <eventloom/projections/detail/columns.hpp>
#include <eventloom/projections/detail/definition.hpp>
#include <eventloom/projections/detail/handler_checks.hpp>
#include <eventloom/projections/detail/query_key.hpp>

#include <cstddef>
#include <new>

namespace eventloom {

namespace detail {

// ---- a table

template <class Stored>
inline constexpr RowType row_type{
    .description = &description_of<Stored>,
    .name        = struct_name<Stored>(),
    .size        = sizeof(Stored),
    .make =
        [](void* memory, const void* key) {
            using Key = key_of<Stored>;
            static_assert(alignof(Stored) <= alignof(std::max_align_t), "a row cannot be aligned to so many bytes");
            key == nullptr ? new (memory) Stored{} : new (memory) Stored{*static_cast<const Key*>(key), {}};
        },
    .destroy  = [](void* stored) { static_cast<Stored*>(stored)->~Stored(); },
    .clear    = [](void* stored) { static_cast<Stored*>(stored)->row = row_of<Stored>{}; },
    .row      = [](void* stored) -> void* { return &static_cast<Stored*>(stored)->row; },
    .key_text = [](const void* stored) { return key_text(static_cast<const Stored*>(stored)->key); }};

template <class Value>
IndexValue index_value(const Value& value)
{
    if constexpr (requires { value.has_value(); }) {
        return {ordered_key(value), not value.has_value()};
    } else {
        return {ordered_key(value), false};
    }
}

template <class Row, class Of>
void add_index(TableDefinition& table, const index_part<Of>& part)
{
    using Value = std::remove_cvref_t<std::invoke_result_t<Of, const Row&>>;
    add_index(table,
              {.name    = part.name,
               .unique  = part.unique,
               .shape   = shape_of<Value>(),
               .columns = index_columns(part.of, table.about.columns),
               .ordered = &ordered_of_text<Value>},
              {[of = part.of](const void* row) { return index_value(of(*static_cast<const Row*>(row))); }});
}

template <class Stored>
TableDefinition define_table(const std::string& name)
{
    TableDefinition table;
    table.type  = &row_type<Stored>;
    table.about = {.name        = name,
                   .keys        = row_keys::OfTable{name},
                   .key_shape   = shape_of<key_of<Stored>>(),
                   .row_shape   = codec<Stored>::shape().text,
                   .columns     = columns_of<key_of<Stored>, row_of<Stored>>(),
                   .indexes     = {},
                   .row_to_json = [](std::string_view stored) { return stored_row_as_json(row_type<Stored>, stored); },
                   .ordered_key = [](std::string_view text) -> result<std::string> {
                       BOOST_OUTCOME_TRY(const auto key, parse_key<key_of<Stored>>(text));
                       return eventloom::ordered_key(key);
                   },
                   .sql_columns = sql_columns_of<Stored>(),
                   .read_cells  = &detail::read_cells<Stored>};
    return table;
}

// ---- a handler

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

// Calls a handler with its row or tables, and with the record when it asks for it.
template <class Handler, class Fact, class... Target>
result<void> call(const Handler& handler, const Fact& fact, const RecordedEvent& event, Target&... target)
{
    return answer_of_call([&]() -> decltype(auto) {
        if constexpr (asks_for_the_record<Handler>) {
            return handler(target..., fact, event);
        } else {
            return handler(target..., fact);
        }
    });
}

template <class Parts, class... Stored>
struct HandlersOf {
    template <std::size_t Index>
    using Handler = std::tuple_element_t<Index, Parts>;
    template <std::size_t Index>
    using Row = std::remove_reference_t<touched_by<Handler<Index>>>;
    template <std::size_t Index>
    using Key = key_of<std::tuple_element_t<place_of_row<Row<Index>, Stored...>(), std::tuple<Stored...>>>;

    template <std::size_t Index>
    static result<void> handle_row(const void* all, FoldTables& tables, const void* value, const RecordedEvent& event)
    {
        const auto& parts  = *static_cast<const Parts*>(all);
        const auto& fact   = *static_cast<const heard_by<Handler<Index>>*>(value);
        const auto key     = key_for<Key<Index>>(parts, fact, event);
        const auto ordered = ordered_key(key);
        RowTable& rows     = tables[place_of_row<Row<Index>, Stored...>()];
        auto& row          = *static_cast<Row<Index>*>(update_row(rows, ordered, &key));
        BOOST_OUTCOME_TRY(call(std::get<Index>(parts), fact, event, row));
        if constexpr (std::is_same_v<answer_of<Handler<Index>>, drop_row_t>) erase_row(rows, ordered, &key);
        return done();
    }

    template <std::size_t Index>
    static result<void> handle_tables(const void* all, FoldTables& tables, const void* value,
                                      const RecordedEvent& event)
    {
        return [&]<std::size_t... At>(std::index_sequence<At...>)->result<void>
        {
            using Arguments = arguments_of<Handler<Index>>;
            std::tuple<std::remove_reference_t<std::tuple_element_t<At, Arguments>>...> taken{
                tables[place_of_table<std::remove_reference_t<std::tuple_element_t<At, Arguments>>, Stored...>()]...};
            const auto& fact = *static_cast<const heard_by<Handler<Index>>*>(value);
            return call(std::get<Index>(*static_cast<const Parts*>(all)), fact, event, std::get<At>(taken)...);
        }
        (std::make_index_sequence<tables_taken<Handler<Index>>>{});
    }

    template <std::size_t Index>
    static std::string row(const void* all, const row_keys::OfTable& keys, const void* value,
                           const RecordedEvent& event)
    {
        const auto& fact = *static_cast<const heard_by<Handler<Index>>*>(value);
        return keys.row(ordered_key(key_for<Key<Index>>(*static_cast<const Parts*>(all), fact, event)));
    }

    template <std::size_t Index, class Sources>
    static void add(ProjectionDefinition& definition)
    {
        if constexpr (is_handler<Handler<Index>>) {
            using Fact  = heard_by<Handler<Index>>;
            using State = typename owner<Fact, Sources>::type;
            static_assert(has_category<State>());
            HandlerDefinition handler;
            handler.category = State::category;
            handler.fact     = State::Events::template index_of<Fact>;
            if constexpr (tables_taken<Handler<Index>> == 0) {
                handler.handle = &handle_row<Index>;
                handler.row    = &row<Index>;
                handler.table  = place_of_row<Row<Index>, Stored...>();
            } else {
                handler.handle = &handle_tables<Index>;
            }
            add_handler(definition, handler, event_types<State>(), names_that_may_stand_for<State, Fact>());
            definition.keeps_to_streams &= keeps_to_its_stream<Handler<Index>, State, Parts, Stored...>();
        }
    }
};

// ---- putting the parts together

template <class State>
void know(ProjectionDefinition& definition)
{
    std::span<const std::string_view> ignored;
    if constexpr (requires { typename State::Ignored; }) ignored = State::Ignored::names;
    know(definition, State::category, event_types<State>(), ignored);
}

template <class... Part>
consteval bool hears_each_event_once()
{
    constexpr auto heard = []<class One>(std::type_identity<One>) {
        if constexpr (is_handler<One>) {
            return std::type_identity<std::tuple<heard_by<One>>>{};
        } else {
            return std::type_identity<std::tuple<>>{};
        }
    };
    using Events = decltype(std::tuple_cat(typename decltype(heard(std::type_identity<Part>{}))::type{}...));
    return []<class... Fact>(std::type_identity<std::tuple<Fact...>>) {
        return all_different<Fact...>();
    }(std::type_identity<Events>{});
}

// The definition; nothing when a part does not fit: then the compiler has reported it.
template <class... Stored, class... Part>
std::shared_ptr<const UntypedProjection> define(ProjectionDefinition definition, Part... part)
{
    using Sources               = typename sources<std::tuple<key_of<Stored>...>, Part...>::type;
    constexpr bool handlers_fit = (checked_part<Part, std::tuple<Stored...>, Sources>() && ...);
    if constexpr (handlers_fit) {
        static_assert(hears_each_event_once<Part...>(), "two handlers of one projection hear the same event");
        static_assert(all_different<Stored...>(), "two tables of one projection have the same keys and rows");
        using Parts = std::tuple<Part...>;
        [&]<class... State>(std::type_identity<from<State...>>) {
            (know<State>(definition), ...);
        }(std::type_identity<Sources>{});
        [&]<std::size_t... Index>(std::index_sequence<Index...>)
        {
            (HandlersOf<Parts, Stored...>::template add<Index, Sources>(definition), ...);
        }
        (std::index_sequence_for<Part...>{});
        definition.parts = std::make_shared<const Parts>(std::move(part)...);
        return make_projection(std::move(definition));
    } else {
        return nullptr;
    }
}

template <class Stored, class Part>
void add_if_index(TableDefinition& table, const Part& part)
{
    if constexpr (is_index<Part>) add_index<row_of<Stored>>(table, part);
}

template <class... Kept>
struct KeptOf; // the tables among the parts
template <>
struct KeptOf<> {
    using stored = std::tuple<>;
};
template <class Part, class... Rest>
struct KeptOf<Part, Rest...> : KeptOf<Rest...> {
};
template <class Key, class Row, class... Of, class... Rest>
struct KeptOf<table_part<Key, Row, Of...>, Rest...> {
    using stored = decltype(std::tuple_cat(std::declval<std::tuple<StoredRow<Key, Row>>>(),
                                           std::declval<typename KeptOf<Rest...>::stored>()));
};

template <class Key, class Row, class... Of>
void add_table(ProjectionDefinition& definition, const table_part<Key, Row, Of...>& kept)
{
    ensure(row_keys::is_projection_name(kept.name), "a table's name is letters, digits and hyphens");
    auto& table = definition.tables.emplace_back(define_table<StoredRow<Key, Row>>(kept.name));
    std::apply([&](const auto&... index) { (add_index<Row>(table, index), ...); }, kept.indexes);
}
template <class Part>
void add_table(ProjectionDefinition&, const Part&)
{
}

template <class... Stored, class... Part>
ProjectedTables<table_of<Stored>...> define_tables(std::type_identity<std::tuple<Stored...>>,
                                                   ProjectionDefinition definition, Part... part)
{
    return {define<Stored...>(std::move(definition), std::move(part)...), {&codec<Stored>::decode...}};
}

} // namespace detail

// Defines a projection with one table. `name` is also the name of its directory: letters, digits and hyphens.
template <class Key, class Row, class... Part>
Projected<Key, Row> projection(std::string name, std::uint32_t version, Part... part)
{
    static_assert((not detail::is_kept<Part> && ...),
                  "el::keep_table has its place in a projection without types of its own");
    using Stored = StoredRow<Key, Row>;
    detail::ProjectionDefinition definition{.name = std::move(name), .version = version};
    auto& table = definition.tables.emplace_back(detail::define_table<Stored>({}));
    (detail::add_if_index<Stored>(table, part), ...);
    return {detail::define<Stored>(std::move(definition), std::move(part)...), &codec<Stored>::decode};
}

// Defines a projection with several tables, each made by el::keep_table.
template <class... Part>
    requires(detail::is_kept<Part> || ...)
auto projection(std::string name, std::uint32_t version, Part... part)
{
    static_assert((not detail::is_index<Part> && ...),
                  "an index of one of several tables stands in its el::keep_table");
    detail::ProjectionDefinition definition{.name = std::move(name), .version = version};
    (detail::add_table(definition, part), ...);
    return detail::define_tables(std::type_identity<typename detail::KeptOf<Part...>::stored>{}, std::move(definition),
                                 std::move(part)...);
}

} // namespace eventloom
