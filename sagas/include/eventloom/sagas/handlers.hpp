// Defines sagas whose order the world decides (process managers): a handler for each event, timer and answer.
//
//     el::Saga watching()
//     {
//         return el::saga<OrderId, Watched>("watching", 1, el::begins_with<Placed>{}, el::from<StockItem>{},
//             [](Watched&, const OrderId&, const Placed&) -> el::actions { return {el::wake(48h, Overdue{})}; },
//             [](Watched&, const OrderId&, const Paid&) -> el::actions {
//                 return {el::wake_off<Overdue>(), el::end_saga()};
//             },
//             [](Watched&, const OrderId& order, const Overdue&) -> el::actions {
//                 return {el::send(order, Cancel{"not paid in time"}), el::end_saga()};
//             });
//     }
//
// Events are heard of the aggregate whose id the instances have, and of those in el::from<...>. el::begins_with names the events that
// begin an instance; events of an instance that is not there, or has ended, are passed over. An event finds its instance by its own
// member of the id's type, or else by its stream; where neither says it, el::keyed_by([](const Delivered& event) { return OrderId{...}; })
// beside the handlers does. el::parks_unheard: an event of an instance that is not there, or has ended, is kept for a person.
// What is no event of these sources is a timer, or the answer to an el::call.
// el::retry{.times = 1'000} beside the handlers: how often what they send and call is tried when it fails and is not refused.
// A handler changes the data and says what is to be done: the data, what is sent, the timers and the mark of the event are one
// append. Commands go out one after the other. One that is refused stops the instance: it is stuck, and `sagas retry` or `skip` goes
// on. Events that come meanwhile are heard then. Handlers must be pure: they may run again after a crash.
// Include it in sources, not in headers.
#pragma once

#include <eventloom/sagas/detail/handler_checks.hpp>
#include <eventloom/sagas/saga.hpp>

namespace eventloom {

// A timer: `timer` is heard by its handler, after this time or at it. Of one type an instance has one timer: a later one takes the
// place of the earlier one.
template <class Timer>
woken<Timer> wake(Duration after, Timer timer)
{
    return {.at = {}, .after = after, .timer = std::move(timer)};
}
template <class Timer>
woken<Timer> wake(Time at, Timer timer)
{
    return {.at = at, .after = {}, .timer = std::move(timer)};
}
// Takes it back.
template <class Timer>
woken_off<Timer> wake_off()
{
    return {};
}
// Nothing is to be done now.
inline actions wait()
{
    return {};
}
// The instance ends when all that it has sent is done.
inline ended end_saga()
{
    return {};
}
inline ended_by_failure fail_saga(std::string_view code, std::string_view reason)
{
    return {std::string{code}, std::string{reason}};
}

namespace detail {

template <class T>
inline constexpr InnerType inner_type{.name        = full_name<T>(),
                                      .short_name  = struct_name<T>(),
                                      .type        = &typeid(T),
                                      .description = &description_of<T>,
                                      .make        = &make_new<T>};

template <class Timer>
[[gnu::cold]] void add_kept_work(SagaWork& work, woken<Timer>&& one)
{
    static_assert(may_be_kept<Timer>());
    add_wake(work, inner_type<Timer>, one.at, one.after, &one.timer);
}

template <class Timer>
[[gnu::cold]] void add_kept_work(SagaWork& work, woken_off<Timer>&&)
{
    take_back(work, inner_type<Timer>);
}

inline void add_kept_work(SagaWork& work, ended&&)
{
    end(work);
}

inline void add_kept_work(SagaWork& work, ended_by_failure&& one)
{
    end(work, one.code, one.reason);
}

template <class Key, class State, class Fact, class F>
[[gnu::cold]] void handle(const void* lambda, void* data, const std::string& key, const void* fact, SagaWork& work)
{
    const auto& handler = *static_cast<const F*>(lambda);
    if constexpr (std::is_void_v<answer_of<F>>) {
        handler(*static_cast<State*>(data), id<Key>{key}, *static_cast<const Fact*>(fact));
    } else {
        handler(*static_cast<State*>(data), id<Key>{key}, *static_cast<const Fact*>(fact)).put_into(work);
    }
}

// An event whose instance a function of it names.
template <class Owner, class Key, class Fact, class F>
consteval HeardEvent describe_keyed()
{
    HeardEvent heard     = describe_heard<Owner, Key, Fact, false>();
    heard.key            = [](const void* fact) { return F{}(*static_cast<const Fact*>(fact)).value; };
    heard.may_be_of_none = true;
    return heard;
}
template <class Owner, class Key, class Fact, class F>
inline constexpr HeardEvent keyed_event = describe_keyed<Owner, Key, Fact, F>();

template <class Key, class State, class Sources, class All, class F>
void add_handler(SagaDefinition& saga, F& given)
{
    if constexpr (std::is_same_v<F, SagaBegin>) {
        saga.begins_with = given;
    } else if constexpr (std::is_same_v<F, Unheard>) {
        saga.unheard = given;
    } else if constexpr (std::is_same_v<F, retry>) {
        saga.retry = given;
    } else if constexpr (not is_handler_option<F>) {
        using Fact    = typename handler_arguments<Key, State, arguments_of<F>>::fact;
        using Handled = handled<Fact, Key, Sources>;
        SagaHandler handler;
        if constexpr (Handled::is_event) {
            using Owner = typename Handled::owner;
            if constexpr (All::template is_keyed<Fact>) {
                handler.event = &keyed_event<Owner, Key, Fact, typename All::template key_of<Fact>>;
            } else {
                handler.event = &heard_event<Owner, Key, Fact, Handled::has_key_in_event>;
            }
            handler.begins = All::template begins<Fact>;
        } else {
            handler.inner = &inner_type<Fact>;
        }
        set(handler.handle, detail::handle<Key, State, Fact, F>, std::move(given));
        saga.handlers.push_back(std::move(handler));
    }
}

template <class Key>
struct owner_of_id;
template <class Owner>
struct owner_of_id<id<Owner>> {
    using type = Owner;
};

template <class... Part>
struct AllOf {
    template <class Fact>
    static constexpr bool begins = may_begin<Fact, Part...>;
    template <class Fact>
    using key_of = typename key_lambda<Fact, Part...>::type;
    template <class Fact>
    static constexpr bool is_keyed = not std::is_void_v<key_of<Fact>>;
};

} // namespace detail

// Defines it. `name` is the category of its instances' streams: a word without a hyphen. A handler may be changed without a new
// version; a command or a timer whose members change stops the instances that have kept one.
template <class Key, class State, class... Part>
    requires detail::is_id<Key>
[[gnu::cold]] Saga saga(std::string_view name, std::uint32_t version, Part... part)
{
    using Owner   = typename detail::owner_of_id<Key>::type;
    using Sources = typename detail::sources_in<Part...>::type;
    using All     = detail::AllOf<Part...>;
    static_assert((requires { Part::template has<int>; } || ...), "a saga with handlers has no el::begins_with");
    if constexpr ((detail::saga_data_fit<State>() && ... && detail::handler_fits<Owner, State, Sources, All, Part>())) {
        static_assert((detail::begins_are_handled<Part, Part...> && ...),
                      "an event of el::begins_with has no handler in the saga");
        auto made = detail::new_saga(name, version, detail::saga_data<State>);
        (detail::add_handler<Owner, State, Sources, All>(*made, part), ...);
        return detail::finished(std::move(made));
    } else {
        return nullptr;
    }
}

} // namespace eventloom
