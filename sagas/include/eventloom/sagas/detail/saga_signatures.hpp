// What the lambdas of a saga's parts say: what they take, hear, answer and keep.
//
//     begin_of<decltype([](const OrderId&, const Placed& event) {...}), void>::fact          // Placed
//
// For saga.hpp: include that. Threads: compile-time only.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/call_signature.hpp>
#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/detail/members.hpp>
#include <eventloom/sagas/detail/definition.hpp>
#include <eventloom/sagas/detail/saga_parts.hpp>

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eventloom {

// Never defined: each names the culprit in the compiler's first error line.
template <class... Argument>
struct begins_takes_a_const_id_and_a_const_event_and_not;
template <class Given, class State>
struct begins_gives_other_data_than_the_saga_has;
template <class Fact, class Id>
struct begin_event_without_a_member;
template <class Fact, class Id>
struct heard_event_without_a_member;
template <class... Argument>
struct keep_takes_the_data_and_a_const_answer_and_not;
template <class Taken, class Answer>
struct keep_takes_another_answer_than_its_step_gets;
template <class Taken>
struct keep_in_a_step_without_a_call_that_answers;

namespace detail {

template <class Context>
concept a_context = lists_events<Context> && reads_by_tags<Context>();

// ---- work

template <class T>
inline constexpr bool is_send = false;
template <class State, class Command>
inline constexpr bool is_send<sent<State, Command>> = true;
template <class Context, class Command>
inline constexpr bool is_send<sent_within<Context, Command>> = true;

template <class T>
inline constexpr bool is_work = is_send<T>;
template <class Request>
inline constexpr bool is_work<called<Request>> = true;
template <class One>
inline constexpr bool is_work<std::vector<One>> = is_send<One>;
template <>
inline constexpr bool is_work<actions> = true;

template <class F, class... Argument>
consteval bool gives_work()
{
    if constexpr (std::is_invocable_v<const F&, Argument...>) {
        constexpr bool gives = is_work<std::invoke_result_t<const F&, Argument...>>;
        static_assert(gives, "a step's work is el::send(...), el::call(...), a vector of sends, or el::actions");
        return gives;
    } else {
        return false;
    }
}

template <class T>
inline constexpr bool is_run = false;
template <class Data>
inline constexpr bool is_run<ran<Data>> = true;

template <class F, class State>
inline constexpr bool runs_saga = false;
template <class F, class State>
    requires std::is_invocable_v<const F&, const State&>
inline constexpr bool runs_saga<F, State> = is_run<std::invoke_result_t<const F&, const State&>>;

template <class State, class F>
consteval bool describes_work()
{
    static_assert(std::is_invocable_v<const F&, const State&>, "this part of a step does not take the saga's state");
    return gives_work<F, const State&>();
}

// ---- begins

// What `begins` hears: which event of whose list, and which id an instance has.
template <class Arguments>
struct begin_arguments {
    static constexpr bool fit = false;
};
template <class Key, class Fact>
struct begin_arguments<std::tuple<const id<Key>&, const Fact&>> {
    static constexpr bool fit = true;
    using key                 = Key;
    using fact                = Fact;
};

template <class F, class Source>
struct begin_of : begin_arguments<arguments_of<F>> {
    using arguments = begin_arguments<arguments_of<F>>;
    using owner     = std::conditional_t<std::is_void_v<Source>, typename arguments::key, Source>;

    static constexpr bool has_key_in_event = [] {
        if constexpr (std::is_void_v<Source>) {
            return false;
        } else {
            return has_member<id<typename arguments::key>, typename arguments::fact>;
        }
    }();
};

template <class... Argument>
consteval void refuse_begin_arguments(std::type_identity<std::tuple<Argument...>>)
{
    static_cast<void>(sizeof(begins_takes_a_const_id_and_a_const_event_and_not<Argument...>));
}

template <class State, class F, class Source>
consteval bool checked_begin()
{
    using Begin = begin_of<F, Source>;
    using Key   = typename Begin::key;
    using Fact  = typename Begin::fact;
    using Owner = typename Begin::owner;
    if constexpr (not lists_events<Owner>) {
        static_cast<void>(sizeof(event_that_is_not_in_the_list_of<Fact, Owner>));
    } else if constexpr (not event_of<Fact, Owner>) {
        static_cast<void>(sizeof(event_that_is_not_in_the_list_of<Fact, Owner>));
    } else if constexpr (not std::is_convertible_v<answer_of<F>, State>) {
        static_cast<void>(sizeof(begins_gives_other_data_than_the_saga_has<answer_of<F>, State>));
    } else if constexpr (not std::is_same_v<Owner, Key> && not Begin::has_key_in_event) {
        static_cast<void>(sizeof(begin_event_without_a_member<Fact, id<Key>>));
    } else if constexpr (reads_by_tags<Owner>()) {
        return true;
    } else {
        return has_category<Owner>();
    }
    return false;
}

// ---- the key of an instance

template <class... Part>
struct key_of_saga {
    static constexpr bool known = false;
};
template <class F, class Source>
struct key_of_begins {
    static constexpr bool known = false;
};
template <has_one_signature F, class Source>
    requires(begin_arguments<arguments_of<F>>::fit)
struct key_of_begins<F, Source> : begin_of<F, Source> {
    static constexpr bool known = true;
};
template <class F, class Source, class... Rest>
struct key_of_saga<begins<F, Source>, Rest...> : key_of_begins<F, Source> {};
template <class Part, class... Rest>
struct key_of_saga<Part, Rest...> : key_of_saga<Rest...> {};

template <class Owner, class... Rest>
struct key_of_saga<begins_when_run<id<Owner>>, Rest...> {
    static constexpr bool known = true;
    using key                   = Owner;
};

// ---- events that are heard later than the one that begins

template <class Key, class Fact, class Source>
struct heard_of {
    using owner                            = std::conditional_t<std::is_void_v<Source>, Key, Source>;
    static constexpr bool is_of_own_stream = std::is_same_v<owner, Key>;
};

template <class Key, class Fact, class Source>
consteval bool heard_fits()
{
    using Heard = heard_of<Key, Fact, Source>;
    using Owner = typename Heard::owner;
    if constexpr (not lists_events<Owner>) {
        static_cast<void>(sizeof(event_that_is_not_in_the_list_of<Fact, Owner>));
    } else if constexpr (not event_of<Fact, Owner>) {
        static_cast<void>(sizeof(event_that_is_not_in_the_list_of<Fact, Owner>));
    } else if constexpr (not Heard::is_of_own_stream && not has_member<id<Key>, Fact>) {
        static_cast<void>(sizeof(heard_event_without_a_member<Fact, id<Key>>));
    } else {
        return true;
    }
    return false;
}

// ---- keep

template <class State, class Arguments>
struct keep_arguments {
    static constexpr bool fit = false;
};
template <class State, class Answer>
struct keep_arguments<State, std::tuple<State&, const Answer&>> {
    static constexpr bool fit = true;
};

template <class F>
using answer_kept = std::remove_cvref_t<std::tuple_element_t<1, arguments_of<F>>>;

template <class... Argument>
consteval void refuse_keep_arguments(std::type_identity<std::tuple<Argument...>>)
{
    static_cast<void>(sizeof(keep_takes_the_data_and_a_const_answer_and_not<Argument...>));
}

// The type of the answer that the el::call of a step gets; void if it calls nothing.
template <class Work>
struct answer_to {
    using type = void;
};
template <class Request>
struct answer_to<called<Request>> {
    using type = typename Request::answer;
};
// The saga that was run answers with its data.
template <class Data>
struct answer_to<ran<Data>> {
    using type = Data;
};
template <class State, class... Part>
struct answer_in {
    using type = void;
};
template <class State, class Part, class... Rest>
struct answer_in<State, Part, Rest...> : answer_in<State, Rest...> {};
template <class State, class F, class... Rest>
struct answer_in<State, act<F>, Rest...> : answer_to<std::invoke_result_t<const F&, const State&>> {};
template <class State, class Fact, class Source, class... Rest>
struct answer_in<State, await<Fact, Source>, Rest...> {
    using type = Fact;
};

template <class State, class Answer, class F>
consteval bool checked_keep()
{
    static_assert(has_one_signature<F>, "el::keep takes a lambda that names the type of the answer");
    if constexpr (has_one_signature<F>) {
        if constexpr (not keep_arguments<State, arguments_of<F>>::fit) {
            refuse_keep_arguments(std::type_identity<arguments_of<F>>{});
        } else if constexpr (std::is_void_v<Answer>) {
            static_cast<void>(sizeof(keep_in_a_step_without_a_call_that_answers<answer_kept<F>>));
        } else if constexpr (not std::is_same_v<answer_kept<F>, Answer>) {
            static_cast<void>(sizeof(keep_takes_another_answer_than_its_step_gets<answer_kept<F>, Answer>));
        } else {
            return true;
        }
    }
    return false;
}

} // namespace detail

} // namespace eventloom
