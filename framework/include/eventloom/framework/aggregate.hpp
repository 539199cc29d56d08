// An aggregate: a state, the list of its events, and two kinds of pure functions beside it, decide and evolve.
//
//     struct Order {
//         static constexpr auto category = "order";
//         using Events = el::events<el::event<"order-placed", Placed>, el::event<"order-paid", Paid>>;
//         Money due;
//     };
//     inline Order evolve(Order order, const Placed& event);
//     inline el::result<Paid> decide(const Pay& command, const Order& order);
//     static_assert(el::aggregate<Order>);
//
// The category is a word without a hyphen, and belongs to this state alone.
// decide returns a result of one event, an optional one, a variant of alternatives, a tuple of several, or a vector: docs/concepts.md.
// evolve cannot fail, because the event has happened already. Neither does I/O or asks the time. For states whose streams grow
// long: `static constexpr auto snapshots = el::snapshots{.version = 1, .every = 100};` in the state keeps snapshots of them
// (detail/snapshots.hpp). Put the static_assert below the last evolve. Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/aggregate_type.hpp>
#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/detail/personal.hpp>
#include <eventloom/framework/detail/personal_parts.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/detail/snapshots.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/id.hpp>

#include <concepts>
#include <cstddef>
#include <new>
#include <optional>
#include <tuple>
#include <variant>
#include <vector>

namespace eventloom {

// clang-format off

// `evolve(State, const Fact&)` stands beside the state and gives the next state.
template <class State, class Fact>
concept evolves = requires(State state, const Fact& fact) {
    { evolve(std::move(state), fact) } -> std::same_as<State>;
};

// `decide(const Command&, const State&)` stands beside the state.
template <class State, class Command>
concept decides = requires(const State& state, const Command& command) { decide(command, state); };

// clang-format on

// The same, said of the command: `template <aggregate State, decided_by<State> Command>`.
template <class Command, class State>
concept decided_by = decides<State, Command>;

// Never defined. A static_assert cannot name types; an incomplete type in the compiler's first error line can.
template <class Fact, class State>
struct event_without_evolve;
template <class Fact, class State>
struct event_that_is_not_in_the_list_of;
template <class Answer, class State>
struct decide_must_give_an_el_result_and_not;

namespace detail {

template <class State, class Fact>
consteval bool has_evolve()
{
    if constexpr (not evolves<State, Fact>) static_cast<void>(sizeof(event_without_evolve<Fact, State>));
    static_assert(evolves<State, Fact>, "this event has no evolve(State, const Event&) beside it");
    return evolves<State, Fact>;
}

template <class State>
consteval bool has_category()
{
    static_assert(is_category(State::category),
                  "a category is a word without a hyphen: the stream \"gift-order-7\" is of the category \"gift\"");
    return is_category(State::category);
}

template <class Owner>
constexpr bool ignores(std::string_view name)
{
    if constexpr (requires { typename Owner::Ignored; }) {
        for (const std::string_view ignored : Owner::Ignored::names) {
            if (ignored == name) return true;
        }
        return false;
    } else {
        return false;
    }
}

template <class State, class... Entry>
consteval bool is_complete(std::type_identity<std::tuple<Entry...>>)
{
    static_assert((not ignores<State>(Entry::name) && ...), "an event of the list is among those that are ignored");
    return (has_evolve<State, typename Entry::fact>() && ...);
}

} // namespace detail

template <class State>
concept aggregate =
    std::default_initializable<State> &&
    requires {
        std::string_view{State::category};
        typename State::Events::variant;
    } && detail::has_category<State>() &&
    detail::is_complete<State>(std::type_identity<typename State::Events::entries>{}) && detail::snapshots_fit<State>();

// Events of an aggregate, or of another list, in memory.
template <lists_events State>
using facts_of = std::vector<typename State::Events::variant>;

namespace detail {

// Takes in what decide gives, in each of the shapes that it may have, and hands on the events in their order.
template <class State, class Give>
struct Collector {
    const Give& give;

    template <class Fact>
    void add(const Fact& fact) const
    {
        if constexpr (not event_of<Fact, State>) {
            static_cast<void>(sizeof(event_that_is_not_in_the_list_of<Fact, State>));
        }
        static_assert(event_of<Fact, State>, "decide gives an event that is not in the list State::Events");
        if constexpr (event_of<Fact, State>) give(fact);
    }

    template <class Fact>
    void add(const std::optional<Fact>& fact) const
    {
        if (fact) add(*fact);
    }

    template <class... Fact>
    void add(const std::variant<Fact...>& one_of) const
    {
        std::visit([&](const auto& fact) { add(fact); }, one_of);
    }

    template <class... Fact>
    void add(const std::tuple<Fact...>& several) const
    {
        std::apply([&](const auto&... fact) { (add(fact), ...); }, several);
    }

    template <class Fact>
    void add(const std::vector<Fact>& several) const
    {
        for (const auto& fact : several) add(fact);
    }
};

// Whether what decide gives is a result.
template <class State, class Answer>
consteval bool is_a_result()
{
    constexpr bool is_one = requires(const Answer& answer) {
        answer.has_error();
        answer.assume_value();
    };
    if constexpr (not is_one) static_cast<void>(sizeof(decide_must_give_an_el_result_and_not<Answer, State>));
    static_assert(is_one, "decide gives an el::result, also when it never refuses: `el::result<Placed> decide(...)`");
    return is_one;
}

// Calls `give` with each event that decide gives.
template <class State, class Answer, class Give>
void give_each_fact(const Answer& answer, const Give& give)
{
    Collector<State, Give>{give}.add(answer);
}

template <class Fact>
consteval FactNotes notes_of()
{
    FactNotes notes;
    if constexpr (tagged<Fact>) {
        notes.tags = [](const void* fact) -> Tags { return tags_of(*static_cast<const Fact*>(fact)); };
    }
    if constexpr (concerns_a_person<Fact>) {
        notes.subject = [](const void* fact) -> std::string { return subject_of(*static_cast<const Fact*>(fact)); };
    }
    return notes;
}

// GCC 12 takes an optional member that `evolve` resets for one without a value (-Wall), where it is moved.
#if defined(__GNUC__) && not defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
template <class State, class Fact>
void evolve_by(void* state, const void* fact)
{
    auto& now = *static_cast<State*>(state);
    now       = evolve(std::move(now), *static_cast<const Fact*>(fact));
}
#if defined(__GNUC__) && not defined(__clang__)
#pragma GCC diagnostic pop
#endif

template <class State, class List>
struct FactsOf;
template <class State, class... Entry>
struct FactsOf<State, std::tuple<Entry...>> {
    static constexpr FactNotes notes[] = {notes_of<typename Entry::fact>()..., {}};
    // Not of a list: only an aggregate has an evolve for each.
    static constexpr void (*evolve[])(void*, const void*) = {&evolve_by<State, typename Entry::fact>..., nullptr};
};

template <class State>
inline constexpr FactList fact_list{&event_types<State>, FactsOf<State, typename State::Events::entries>::notes};

template <class State>
consteval std::span<const std::string_view> names_ignored_by()
{
    if constexpr (requires { typename State::Ignored; }) {
        return State::Ignored::names;
    } else {
        return {};
    }
}

template <class State>
void make_state(void* memory, const void* from)
{
    static_assert(alignof(State) <= alignof(std::max_align_t), "a state cannot be aligned to so many bytes");
    from == nullptr ? new (memory) State{} : new (memory) State(*static_cast<const State*>(from));
}

template <class State>
inline constexpr StateType state_type{.type     = &typeid(State),
                                      .name     = full_name<State>(),
                                      .category = State::category,
                                      .list     = fact_list<State>,
                                      .ignored  = names_ignored_by<State>(),
                                      .evolve   = FactsOf<State, typename State::Events::entries>::evolve,
                                      .size     = sizeof(State),
                                      .make     = make_state<State>,
                                      .destroy  = [](void* state) { static_cast<State*>(state)->~State(); }};

} // namespace detail

// What a command leads to, whatever shape the aggregate's decide answers in.
template <aggregate State, decided_by<State> Command>
result<facts_of<State>> decided(const Command& command, const State& state)
{
    facts_of<State> facts;
    if constexpr (detail::is_a_result<State, decltype(decide(command, state))>()) {
        BOOST_OUTCOME_TRY(const auto answer, decide(command, state));
        detail::give_each_fact<State>(answer, [&](const auto& fact) { facts.emplace_back(fact); });
    }
    return facts;
}

template <aggregate State>
State evolved(State state, const typename State::Events::variant& fact)
{
    return std::visit([&](const auto& one) { return evolve(std::move(state), one); }, fact);
}

Error unknown_event_type(const RecordedEvent& event, std::string_view reader);
Error at_event(Error error, const RecordedEvent& event);

namespace detail {

// The description of a recorded event in a list; nullptr when the list does not name it.
const EventType* find_event_type(const EventTypes& types, std::string_view name);

template <class Fact, class List>
struct NamesFor;
template <class Fact, class... Entry>
struct NamesFor<Fact, std::tuple<Entry...>> {
    static constexpr std::size_t count = (std::size_t{0} + ... + std::size_t{may_stand_for<Entry, Fact>()});
    static constexpr auto all          = [] {
        std::array<std::string_view, count> names{};
        std::size_t place = 0;
        static_cast<void>(((may_stand_for<Entry, Fact>() && (names[place++] = Entry::name, true)), ...));
        return names;
    }();
};

// The names of a list whose events may stand for a fact.
template <class Owner, class Fact>
consteval std::span<const std::string_view> names_standing_for()
{
    return NamesFor<Fact, typename Owner::Events::entries>::all;
}
template <class Owner, class Fact>
std::vector<std::string> names_that_may_stand_for()
{
    constexpr auto names = names_standing_for<Owner, Fact>();
    return {names.begin(), names.end()};
}

// Calls `take` with the struct at place `index` of a list. It answers nothing, or a result.
template <class... Entry, class Take>
result<void> with_fact_at(std::type_identity<std::tuple<Entry...>>, std::size_t index, const void* fact,
                          const Take& take)
{
    result<void> taken = done();
    std::size_t at     = 0;
    const auto try_one = [&]<class Fact>(std::type_identity<Fact>) {
        if (at++ != index) return false;
        if constexpr (std::is_void_v<std::invoke_result_t<const Take&, const Fact&>>) {
            take(*static_cast<const Fact*>(fact));
        } else {
            taken = take(*static_cast<const Fact*>(fact));
        }
        return true;
    };
    static_cast<void>((try_one(std::type_identity<typename Entry::fact>{}) || ...));
    return taken;
}

// Calls `take` with each struct that a recorded event stands for, up to date; with none for a name that is ignored.
// Failure::corrupt  "unknown-event-type", "newer-schema-version", "damaged-value", ..., with the event's place.
template <class Owner, class Take>
result<void> with_facts(const RecordedEvent& event, std::string_view reader, const Take& take)
{
    const auto* type = find_event_type(event_types<Owner>(), event.type);
    if (type == nullptr && ignores<Owner>(event.type)) return done();
    if (type == nullptr) return unknown_event_type(event, reader);
    const auto take_one = [&](std::size_t index, const void* fact) {
        return with_fact_at(std::type_identity<typename Owner::Events::entries>{}, index, fact, take);
    };
    auto read = type->decode(event.schema_version, event.data, take_one);
    if (not read) return at_event(std::move(read.error()), event);
    return done();
}

} // namespace detail

// The state after one more event of the log.
// Failure::corrupt  "unknown-event-type", "newer-schema-version", "damaged-value", ..., with the event's place.
template <aggregate State>
result<State> evolved(State state, const RecordedEvent& event)
{
    BOOST_OUTCOME_TRY(detail::evolve_with(detail::state_type<State>, &state, event));
    return state;
}

// The bytes and tags of an event that was decided, ready for a store.
template <lists_events State>
NewEvent encoded(const typename State::Events::variant& fact)
{
    const void* const held = std::visit([](const auto& one) -> const void* { return &one; }, fact);
    return detail::encoded_fact(detail::fact_list<State>, fact.index(), held);
}

} // namespace eventloom
