// What the handlers of a saga hear, and the compiler's messages when they do not fit.
//
//     handled<Paid, Order, from<StockItem>>::owner          // Order
//
// For handlers.hpp: include that. Threads: compile-time only.
#pragma once

#include <eventloom/sagas/detail/saga_checks.hpp>

namespace eventloom {

template <class... Argument>
struct handler_takes_the_data_a_const_id_and_a_const_event_and_not;

namespace detail {

// Whose event it is; of nobody: it is a timer or an answer.
template <class Fact, class Key, class Sources>
struct handled;
template <class Fact, class Key, class... Source>
struct handled<Fact, Key, from<Source...>> {
    template <class Owner>
    static consteval bool has()
    {
        if constexpr (lists_events<Owner>) return event_of<Fact, Owner>;
        return false;
    }
    template <class First, class... Rest>
    static consteval auto find()
    {
        if constexpr (has<First>()) {
            return std::type_identity<First>{};
        } else if constexpr (sizeof...(Rest) > 0) {
            return find<Rest...>();
        } else {
            return std::type_identity<void>{};
        }
    }
    using owner                            = typename decltype(find<Key, Source...>())::type;
    static constexpr bool is_event         = not std::is_void_v<owner>;
    static constexpr bool has_key_in_event = has_member<id<Key>, Fact>;
};

template <class Key, class State, class Arguments>
struct handler_arguments {
    static constexpr bool fit = false;
};
template <class Key, class State, class Fact>
struct handler_arguments<Key, State, std::tuple<State&, const id<Key>&, const Fact&>> {
    static constexpr bool fit = true;
    using fact                = Fact;
};

template <class... Part>
struct sources_in {
    using type = from<>;
};
template <class... Source, class... Rest>
struct sources_in<from<Source...>, Rest...> {
    using type = from<Source...>;
};
template <class Part, class... Rest>
struct sources_in<Part, Rest...> : sources_in<Rest...> {};

template <class Part>
inline constexpr bool is_handler_option = false;
template <class... Source>
inline constexpr bool is_handler_option<from<Source...>> = true;
template <class... Fact>
inline constexpr bool is_handler_option<begins_with<Fact...>> = true;
template <>
inline constexpr bool is_handler_option<SagaBegin> = true;
template <>
inline constexpr bool is_handler_option<Unheard> = true;
template <>
inline constexpr bool is_handler_option<retry> = true;
template <class F>
inline constexpr bool is_handler_option<key_part<F>> = true;

// The lambda of el::keyed_by for an event; void: none is for it.
template <class Fact, class... Part>
struct key_lambda {
    using type = void;
};
template <class F>
struct keyed_fact {
    using type = void;
};
template <has_one_signature F>
    requires(std::tuple_size_v<arguments_of<F>> == 1)
struct keyed_fact<F> {
    using type = std::remove_cvref_t<std::tuple_element_t<0, arguments_of<F>>>;
};
template <class Fact, class F, class... Rest>
struct key_lambda<Fact, key_part<F>, Rest...> {
    using type = std::conditional_t<std::is_same_v<typename keyed_fact<F>::type, Fact>, F,
                                    typename key_lambda<Fact, Rest...>::type>;
};
template <class Fact, class Part, class... Rest>
struct key_lambda<Fact, Part, Rest...> : key_lambda<Fact, Rest...> {};

template <class Fact, class... Part>
inline constexpr bool may_begin = (false || ... || []<class One>(std::type_identity<One>) {
    if constexpr (requires { One::template has<Fact>; }) return One::template has<Fact>;
    return false;
}(std::type_identity<Part>{}));

template <class Part, class Fact>
consteval bool handles()
{
    if constexpr (is_handler_option<Part>) {
        return false;
    } else if constexpr (has_one_signature<Part>) {
        if constexpr (std::tuple_size_v<arguments_of<Part>> == 3) {
            return std::is_same_v<std::remove_cvref_t<std::tuple_element_t<2, arguments_of<Part>>>, Fact>;
        }
        return false;
    } else {
        return false;
    }
}

// Each event that begins an instance has its handler.
template <class Option, class... Part>
inline constexpr bool begins_are_handled = true;
template <class... Begin, class... Part>
inline constexpr bool
    begins_are_handled<begins_with<Begin...>, Part...> = sizeof...(Begin) > 0 &&
                                                         (true && ... && []<class One>(std::type_identity<One>) {
                                                             return (false || ... || handles<Part, One>());
                                                         }(std::type_identity<Begin>{}));

template <class... Argument>
consteval void refuse_handler_arguments(std::type_identity<std::tuple<Argument...>>)
{
    static_cast<void>(sizeof(handler_takes_the_data_a_const_id_and_a_const_event_and_not<Argument...>));
}

template <class Key, class Part>
inline constexpr bool option_fits = true;
template <class Key, class F>
inline constexpr bool option_fits<Key, key_part<F>> = [] {
    static_assert(has_one_signature<F>, "el::keyed_by takes a lambda that names the type of the event");
    static_assert(std::is_empty_v<F>,
                  "el::keyed_by takes a lambda that captures nothing: the key follows from the event alone");
    if constexpr (has_one_signature<F>) {
        using Fact = typename keyed_fact<F>::type;
        static_assert(not std::is_void_v<Fact>, "el::keyed_by takes a lambda with the event alone");
        if constexpr (not std::is_void_v<Fact>) {
            static_assert(std::is_same_v<answer_of<F>, id<Key>>,
                          "el::keyed_by gives the id that the saga's instances have");
            return std::is_empty_v<F> && std::is_same_v<answer_of<F>, id<Key>>;
        }
    }
    return false;
}();

template <class Key, class State, class Sources, class All, class Part>
consteval bool handler_fits()
{
    if constexpr (is_handler_option<Part>) {
        return option_fits<Key, Part>;
    } else {
        static_assert(has_one_signature<Part>,
                      "a saga's handler is a lambda that names the types of the id and of the event");
        if constexpr (has_one_signature<Part>) {
            using Arguments = handler_arguments<Key, State, arguments_of<Part>>;
            if constexpr (not Arguments::fit) {
                refuse_handler_arguments(std::type_identity<arguments_of<Part>>{});
                return false;
            } else {
                using Handled            = handled<typename Arguments::fact, Key, Sources>;
                constexpr bool is_answer = std::is_void_v<answer_of<Part>> || std::is_same_v<answer_of<Part>, actions>;
                static_assert(is_answer, "a saga's handler gives el::actions, or nothing");
                if constexpr (Handled::is_event) {
                    constexpr bool finds = std::is_same_v<typename Handled::owner, Key> || Handled::has_key_in_event ||
                                           All::template is_keyed<typename Arguments::fact>;
                    if constexpr (not finds) {
                        static_cast<void>(sizeof(heard_event_without_a_member<typename Arguments::fact, id<Key>>));
                    }
                    return is_answer && finds;
                }
                return is_answer;
            }
        }
        return false;
    }
}

} // namespace detail

} // namespace eventloom
