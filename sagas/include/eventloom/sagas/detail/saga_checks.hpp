// Whether the parts of a saga fit, and the compiler's messages when they do not.
//
//     static_assert(part_fits<Order, Fulfilment, act<F>>());
//
// For saga.hpp: include that. Threads: compile-time only.
#pragma once

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/sagas/detail/saga_parts.hpp>
#include <eventloom/sagas/detail/saga_signatures.hpp>

#include <type_traits>

namespace eventloom {

// Never defined: its name is in the compiler's first error line.
template <class State>
struct personal_fields_have_no_place_in_the_data_of_saga; // keep the person's id, and look up the rest

namespace detail {

template <class Part>
inline constexpr bool is_begins = false;
template <class F, class Source>
inline constexpr bool is_begins<begins<F, Source>> = true;
template <class Id>
inline constexpr bool is_begins<begins_when_run<Id>> = true;

template <class Part>
inline constexpr bool makes_a_step = false;
template <class F>
inline constexpr bool makes_a_step<act<F>> = true;
template <class F>
inline constexpr bool makes_a_step<until<F>> = true;
template <class Fact, class Source>
inline constexpr bool makes_a_step<await<Fact, Source>> = true;

template <class Part>
inline constexpr bool is_until = false;
template <class F>
inline constexpr bool is_until<until<F>> = true;

template <class Part>
inline constexpr bool is_step = false;
template <class... Part>
inline constexpr bool is_step<step_parts<Part...>> = true;

template <class Key, class State, class Part>
struct Check {
    template <class...>
    static consteval bool fits()
    {
        return true;
    }
};
template <class Key, class State, class F>
struct Check<Key, State, act<F>> {
    template <class...>
    static consteval bool fits()
    {
        if constexpr (runs_saga<F, State>) {
            return true;
        } else {
            return describes_work<State, F>();
        }
    }
};
template <class Key, class State, class F>
struct Check<Key, State, undo<F>> {
    template <class...>
    static consteval bool fits()
    {
        return describes_work<State, F>();
    }
};
template <class Key, class State, class F>
struct Check<Key, State, when<F>> {
    template <class...>
    static consteval bool fits()
    {
        constexpr bool asks = std::is_invocable_r_v<bool, const F&, const State&>;
        static_assert(asks, "el::when takes the saga's state and gives a bool");
        return asks;
    }
};
template <class Key, class State, class F>
struct Check<Key, State, until<F>> {
    template <class...>
    static consteval bool fits()
    {
        constexpr bool asks = std::is_invocable_r_v<Time, const F&, const State&>;
        static_assert(asks, "el::until takes the saga's state and gives an el::Time");
        return asks;
    }
};
template <class Key, class State, class Fact, class Source>
struct Check<Key, State, await<Fact, Source>> {
    template <class...>
    static consteval bool fits()
    {
        return heard_fits<Key, Fact, Source>();
    }
};
template <class Key, class State, class Fact, class Source>
struct Check<Key, State, cancelled_by<Fact, Source>> : Check<Key, State, await<Fact, Source>> {};
template <class Key, class State, class F>
struct Check<Key, State, keep<F>> {
    template <class... All>
    static consteval bool fits()
    {
        return checked_keep<State, typename answer_in<State, All...>::type, F>();
    }
};
template <class Key, class State, class... Part>
struct Check<Key, State, step_parts<Part...>> {
    template <class...>
    static consteval bool fits()
    {
        constexpr int kinds = (0 + ... + int{makes_a_step<Part>});
        static_assert(kinds > 0, "a saga's step has no el::act, el::await or el::until");
        static_assert(kinds < 2, "a saga's step does work, waits for an event or waits for a time: one of the three");
        constexpr bool waits_for_time = (false || ... || is_until<Part>);
        constexpr bool has_deadline   = (false || ... || std::is_same_v<Part, deadline>);
        static_assert(not(waits_for_time && has_deadline),
                      "el::until says how long its step waits: it has no el::deadline");
        return kinds == 1 && (Check<Key, State, Part>::template fits<Part...>() && ...);
    }
};
template <class Key, class State, class... Step>
struct Check<Key, State, together_parts<Step...>> {
    template <class...>
    static consteval bool fits()
    {
        static_assert((is_step<Step> && ...), "el::together takes steps, and nothing else");
        return (is_step<Step> && ...) && (Check<Key, State, Step>::template fits<>() && ...);
    }
};
template <class Key, class State, class F>
struct Check<Key, State, failed<F>> {
    template <class...>
    static consteval bool fits()
    {
        static_assert(std::is_invocable_v<const F&, const State&, const failure&>,
                      "el::failed takes the saga's state and an el::failure");
        return gives_work<F, const State&, const failure&>();
    }
};
template <class Key, class State, class F, class Source>
struct Check<Key, State, begins<F, Source>> {
    template <class...>
    static consteval bool fits()
    {
        static_assert(has_one_signature<F>,
                      "el::begins takes a lambda that names the types of the id and of the event");
        if constexpr (has_one_signature<F>) {
            if constexpr (begin_arguments<arguments_of<F>>::fit) {
                return checked_begin<State, F, Source>();
            } else {
                refuse_begin_arguments(std::type_identity<arguments_of<F>>{});
            }
        }
        return false;
    }
};

template <class Key, class State, class Part>
consteval bool part_fits()
{
    return Check<Key, State, Part>::template fits<>();
}

template <class State, class Part>
consteval bool begins_fits()
{
    if constexpr (is_begins<Part>) return part_fits<void, State, Part>();
    return true;
}

// The state is in the log, in the saga's own events, and nothing seals it there.
template <class State>
consteval bool saga_data_fit()
{
    if constexpr (holds_personal<State>()) {
        static_cast<void>(sizeof(personal_fields_have_no_place_in_the_data_of_saga<State>));
        return false;
    } else {
        return true;
    }
}

} // namespace detail

} // namespace eventloom
