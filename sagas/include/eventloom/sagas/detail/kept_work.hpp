// Work of el::actions: plain data, so that an instance can keep it until it is done.
//
//     add_kept_work(work, el::send(order, Cancel{"not paid in time"}));
//
// For saga.hpp and handlers.hpp. Threads: compile-time, and constant tables.
#pragma once

#include <eventloom/framework/detail/command_type.hpp>
#include <eventloom/framework/detail/description.hpp>
#include <eventloom/sagas/detail/definition.hpp>
#include <eventloom/sagas/detail/saga_parts.hpp>

#include <utility>

namespace eventloom::detail {

template <class T>
std::shared_ptr<void> make_new()
{
    return own(new T{});
}

// What is kept is in the log, in the saga's own events, and nothing seals it there.
template <class T>
consteval bool may_be_kept()
{
    static_assert(
        not holds_personal<T>(),
        "what el::actions asks for is kept in the log, and has no place for personal fields: send the person's id");
    return true;
}

template <class State, class Command>
struct KeptCommand {
    static constexpr SentType type{.name        = full_name<Command>(),
                                   .short_name  = struct_name<Command>(),
                                   .description = &description_of<Command>,
                                   .make        = &make_new<Command>,
                                   .command     = &command_type<State, Command>,
                                   .request     = nullptr,
                                   .answer      = nullptr};
    static inline const bool is_known = add_sent_type(type);
};
template <class Context, class Command>
struct KeptCommandWithin {
    static constexpr SentType type{.name        = full_name<Command>(),
                                   .short_name  = struct_name<Command>(),
                                   .description = &description_of<Command>,
                                   .make        = &make_new<Command>,
                                   .command     = &CommandWithin<Context, Command>::type,
                                   .request     = nullptr,
                                   .answer      = nullptr};
    static inline const bool is_known = add_sent_type(type);
};
template <class Request>
struct KeptRequest {
    static constexpr SentType type{.name        = full_name<Request>(),
                                   .short_name  = struct_name<Request>(),
                                   .description = &description_of<Request>,
                                   .make        = &make_new<Request>,
                                   .command     = nullptr,
                                   .request     = &typeid(Request),
                                   .answer      = &typeid(typename Request::answer)};
    static inline const bool is_known = add_sent_type(type);
};
template <class State, class Command>
[[gnu::cold]] void add_kept_work(SagaWork& work, sent<State, Command>&& one)
{
    static_assert(may_be_kept<Command>());
    static_cast<void>(KeptCommand<State, Command>::is_known);
    add_command(work, KeptCommand<State, Command>::type, one.to.stream(), new Command(std::move(one.command)),
                &destroy<Command>);
}

template <class Context, class Command>
[[gnu::cold]] void add_kept_work(SagaWork& work, sent_within<Context, Command>&& one)
{
    static_assert(may_be_kept<Command>());
    static_cast<void>(KeptCommandWithin<Context, Command>::is_known);
    add_command(work, KeptCommandWithin<Context, Command>::type, std::string{Context::stream},
                new Command(std::move(one.command)), &destroy<Command>);
}

template <class Request>
[[gnu::cold]] void add_kept_work(SagaWork& work, called<Request>&& one)
{
    static_assert(may_be_kept<Request>());
    static_cast<void>(KeptRequest<Request>::is_known);
    add_request(work, KeptRequest<Request>::type, new Request(std::move(one.request)), &destroy<Request>);
}

template <class One>
[[gnu::cold]] void add_kept_work(SagaWork& work, std::vector<One>&& several)
{
    for (One& one : several) add_kept_work(work, std::move(one));
}

} // namespace eventloom::detail
