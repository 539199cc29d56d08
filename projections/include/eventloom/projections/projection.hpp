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
//     auto sales()                                                  // several tables, read as of the same position
//     {
//         return el::projection("sales", 2, el::from<Order>(),
//             el::keep_table<Country, CountrySales>("by-country"), el::keep_table<Sku, ArticleSales>("by-article"),
//             [](el::Rows<Country, CountrySales>& countries, el::Rows<Sku, ArticleSales>& articles, const Placed& event)
//             { ... });
//     }
//
// A handler's parameters say which event it hears. A handler of one row gets the row, which is made if it does not exist. The
// key of the row is: what el::keyed_by gives; otherwise the event's member of the key's type; otherwise the id in the stream's
// name.
// A handler of many rows takes whole tables. el::from<Order, Return>() names the aggregates whose events are heard; when the
// key is the id of an aggregate, that aggregate is heard too.
// A handler returns nothing, el::drop_row, or a result<void>. It has no clock and no randomness, so that a rebuild gives the
// same bytes. Raise the version whenever a handler changes: then the read model is built again.
// Include it in sources, not in headers: it takes a while to compile. Threads: handlers may be called from several threads,
// for different rebuilds.
#pragma once

#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/projections/detail/columns.hpp>
#include <eventloom/projections/detail/definition.hpp>
#include <eventloom/projections/detail/handler_checks.hpp>
#include <eventloom/projections/detail/key_text.hpp>
#include <eventloom/projections/detail/query_key.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <span>

namespace eventloom {

namespace detail {

// ---- a table

template <class Stored>
inline constexpr RowType row_type{
    .description = &description_of<Stored>,
    .key         = describe_key<key_of<Stored>>(),
    .ids         = &ids_in<key_of<Stored>>,
    .forms       = number_forms_of<Stored>,
    .name        = struct_name<Stored>(),
    .size        = sizeof(Stored),
    .make =
        [](void* memory, const void* key) {
            using Key = key_of<Stored>;
            static_assert(alignof(Stored) <= alignof(std::max_align_t), "a row cannot be aligned to so many bytes");
            key == nullptr ? new (memory) Stored{} : new (memory) Stored{*static_cast<const Key*>(key), {}};
        },
    .destroy     = [](void* stored) { static_cast<Stored*>(stored)->~Stored(); },
    .clear       = [](void* stored) { static_cast<Stored*>(stored)->row = row_of<Stored>{}; },
    .row         = [](void* stored) -> void* { return &static_cast<Stored*>(stored)->row; },
    .ordered_key = [](const void* key) { return ordered_key(*static_cast<const key_of<Stored>*>(key)); }};

template <class Value>
IndexValue index_value(const Value& value)
{
    if constexpr (requires { value.has_value(); }) {
        return {ordered_key(value), not value.has_value()};
    } else {
        return {ordered_key(value), false};
    }
}

// All text types count as std::string.
template <class T>
struct described_as {
    using type = std::conditional_t<std::is_convertible_v<const T&, std::string_view>, std::string, T>;
};
template <class... Part>
struct described_as<std::tuple<Part...>> {
    using type = std::tuple<typename described_as<std::remove_cvref_t<Part>>::type...>;
};

template <class Of>
inline constexpr std::size_t members_of_index = 0;
template <class Row, class... Member>
inline constexpr std::size_t members_of_index<members_of_row<Row, Member...>> = sizeof...(Member);

template <class Row, class Of>
void find_members(const void* of, const void* row, const void** members)
{
    std::apply([&](auto... member) { ((*members++ = &(static_cast<const Row*>(row)->*member)), ...); },
               static_cast<const Of*>(of)->members);
}

template <class Row, class Of>
consteval IndexType describe_index()
{
    using Value = typename described_as<std::remove_cvref_t<std::invoke_result_t<Of, const Row&>>>::type;
    IndexType type{&description_of<Value>, &ids_in<Value>, number_forms_of<Value>, members_of_index<Of>, nullptr};
    if constexpr (members_of_index < Of >> 0) type.places = find_members<Row, Of>;
    return type;
}
template <class Row, class Of>
inline constexpr IndexType index_type = describe_index<Row, Of>();

template <class Row, class Of>
void add_index(TableDefinition& table, const index_part<Of>& part)
{
    static_assert(
        std::is_invocable_v<const Of&, const Row&>,
        "an index is of members of the row, or a function of the row; ask for rows by parts of their key with "
        "between and under");
    if constexpr (std::is_invocable_v<const Of&, const Row&>) {
        add_index(table, part.name, part.unique, index_type<Row, Of>, &part.of,
                  [of = part.of](const void* row) { return index_value(of(*static_cast<const Row*>(row))); });
    }
}

// ---- a handler

// What a handler returns, as a result.
template <class Call>
result<void> answer_of_call(const Call& made)
{
    using Answer = decltype(made());
    if constexpr (std::is_convertible_v<Answer, result<void>>) {
        return made();
    } else {
        static_assert(std::is_void_v<Answer> || std::is_same_v<Answer, drop_row_t>,
                      "a projection's handler returns nothing, el::drop_row or an el::result<void>");
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

template <class Key>
void with_key_of_stream(const void*, const void*, const RecordedEvent& event, const UseKey& use)
{
    const Key key{id_in_stream(event.stream)};
    use(&key);
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
    static result<void> handle_row(const void* all, void* row, const void* value, const RecordedEvent& event)
    {
        return call(std::get<Index>(*static_cast<const Parts*>(all)),
                    *static_cast<const heard_by<Handler<Index>>*>(value), event, *static_cast<Row<Index>*>(row));
    }

    template <std::size_t Index>
    static void with_key(const void* all, const void* value, const RecordedEvent& event, const UseKey& use)
    {
        const auto key = key_for<Key<Index>>(*static_cast<const Parts*>(all),
                                             *static_cast<const heard_by<Handler<Index>>*>(value), event);
        use(&key);
    }

    template <std::size_t Index>
    static result<void> handle_tables(const void* all, FoldTables& tables, const void* value,
                                      const RecordedEvent& event)
    {
        return [&]<std::size_t... At>(std::index_sequence<At...>) -> result<void> {
            using Arguments = arguments_of<Handler<Index>>;
            std::tuple<std::remove_reference_t<std::tuple_element_t<At, Arguments>>...> taken{
                tables[place_of_table<std::remove_reference_t<std::tuple_element_t<At, Arguments>>, Stored...>()]...};
            const auto& fact = *static_cast<const heard_by<Handler<Index>>*>(value);
            return call(std::get<Index>(*static_cast<const Parts*>(all)), fact, event, std::get<At>(taken)...);
        }(std::make_index_sequence<tables_taken<Handler<Index>>>{});
    }

    template <std::size_t Index, class Sources>
    static consteval HandlerType type_of()
    {
        using Fact  = heard_by<Handler<Index>>;
        using State = typename owner<Fact, Sources>::type;
        static_assert(has_category<State>());
        HandlerType handler{};
        handler.category            = State::category;
        handler.types               = &event_types<State>;
        handler.names               = names_standing_for<State, Fact>();
        handler.fact                = State::Events::template index_of<Fact>;
        handler.keeps_to_its_stream = keeps_to_its_stream<Handler<Index>, State, Parts, Stored...>();
        if constexpr (tables_taken<Handler<Index>> == 0) {
            handler.handle    = &handle_row<Index>;
            handler.table     = place_of_row<Row<Index>, Stored...>();
            handler.drops_row = std::is_same_v<answer_of<Handler<Index>>, drop_row_t>;
            if constexpr (key_is_of_stream<Key<Index>, Fact, Parts>()) {
                handler.with_key = &with_key_of_stream<Key<Index>>;
            } else {
                handler.with_key = &with_key<Index>;
            }
        } else {
            handler.handle_tables = &handle_tables<Index>;
        }
        return handler;
    }

    template <class Sources, std::size_t... Index>
    static constexpr HandlerType all[] = {type_of<Index, Sources>()...};
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

// The places of the handlers among the parts.
template <class... Part>
consteval auto places_of_handlers()
{
    constexpr std::size_t count = (std::size_t{0} + ... + std::size_t{is_handler<Part>});
    std::array<std::size_t, count> places{};
    std::size_t part  = 0;
    std::size_t place = 0;
    ((is_handler<Part> ? static_cast<void>(places[place++] = part++) : static_cast<void>(part++)), ...);
    return places;
}

// Keeps only the parts that are needed to handle an event.
struct no_part {};
template <class Part>
using part_kept = std::conditional_t<is_handler<Part> || is_key<Part>, Part, no_part>;
template <class Part>
decltype(auto) kept_of(Part& part)
{
    if constexpr (is_handler<Part> || is_key<Part>) {
        return std::move(part);
    } else {
        return no_part{};
    }
}

// Returns the definition, or nullptr if a part does not fit (a static_assert has already reported it).
template <class... Stored, class... Part>
std::shared_ptr<const UntypedProjection> define(std::shared_ptr<ProjectionDefinition> definition, Part&... part)
{
    using Sources               = typename sources<std::tuple<key_of<Stored>...>, Part...>::type;
    constexpr bool handlers_fit = (checked_part<Part, std::tuple<Stored...>, Sources>() && ...);
    if constexpr (handlers_fit) {
        static_assert(hears_each_event_once<Part...>(), "two handlers of one projection hear the same event");
        static_assert(all_different<Stored...>(), "two tables of one projection have the same keys and rows");
        using Parts = std::tuple<part_kept<Part>...>;
        [&]<class... State>(std::type_identity<from<State...>>) {
            (know<State>(*definition), ...);
        }(std::type_identity<Sources>{});
        constexpr auto places = places_of_handlers<Part...>();
        [&]<std::size_t... Place>(std::index_sequence<Place...>) {
            if constexpr (sizeof...(Place) > 0) {
                add_handlers(*definition, HandlersOf<Parts, Stored...>::template all<Sources, places[Place]...>);
            }
        }(std::make_index_sequence<places.size()>{});
        definition->parts = std::make_shared<const Parts>(kept_of(part)...);
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
struct KeptOf<Part, Rest...> : KeptOf<Rest...> {};
template <class Key, class Row, class... Of, class... Rest>
struct KeptOf<table_part<Key, Row, Of...>, Rest...> {
    using stored = decltype(std::tuple_cat(std::declval<std::tuple<StoredRow<Key, Row>>>(),
                                           std::declval<typename KeptOf<Rest...>::stored>()));
};

template <class Key, class Row, class... Of>
void add_table_of(ProjectionDefinition& definition, const table_part<Key, Row, Of...>& kept)
{
    auto& table = add_table(definition, row_type<StoredRow<Key, Row>>, kept.name);
    std::apply([&](const auto&... index) { (add_index<Row>(table, index), ...); }, kept.indexes);
}
template <class Part>
void add_table_of(ProjectionDefinition&, const Part&)
{
}

template <class... Stored, class... Part>
ProjectedTables<table_of<Stored>...> define_tables(std::type_identity<std::tuple<Stored...>>,
                                                   std::shared_ptr<ProjectionDefinition> definition, Part&... part)
{
    return {define<Stored...>(std::move(definition), part...)};
}

} // namespace detail

// Defines a projection with one table. `name` is also the name of its directory: letters, digits and hyphens.
template <class Key, class Row, class... Part>
Projected<Key, Row> projection(std::string name, std::uint32_t version, Part... part)
{
    static_assert((not detail::is_kept<Part> && ...),
                  "use el::keep_table only in el::projection(...) without template arguments");
    using Stored    = StoredRow<Key, Row>;
    auto definition = detail::begin_projection(std::move(name), version);
    auto& table     = detail::add_table(*definition, detail::row_type<Stored>, {});
    (detail::add_if_index<Stored>(table, part), ...);
    return {detail::define<Stored>(std::move(definition), part...)};
}

// Defines a projection with several tables, each made by el::keep_table.
template <class... Part>
    requires(detail::is_kept<Part> || ...)
auto projection(std::string name, std::uint32_t version, Part... part)
{
    static_assert((not detail::is_index<Part> && ...),
                  "with several tables, pass el::index to the el::keep_table of its table");
    auto definition = detail::begin_projection(std::move(name), version);
    (detail::add_table_of(*definition, part), ...);
    return detail::define_tables(std::type_identity<typename detail::KeptOf<Part...>::stored>{}, std::move(definition),
                                 part...);
}

} // namespace eventloom
