// Tests of sagas: a line for each case, without store, clock or thread; and a whole process with sagas in memory, in virtual time.
//
//     using namespace eventloom::testing;
//     const auto begun = Requested{RoomId{"12"}, 9'000};
//     CHECK(given(reservation(), stay, begun).then(send(room, Hold{stay})));
//     CHECK(given(reservation(), stay, begun, all_done).then(call(Charge{stay, 9'000})));
//     CHECK(given(reservation(), stay, begun, all_done, refused("card-declined")).then(send(room, Release{stay})));
//     CHECK(given(billing(), stay, CheckedOut{8'000}, later(24h * 14)).sends(send(stay, Remind{})));
//
// A case has the saga, the id of the instance, and what has happened, in its order: events that the saga hears, and
// - all_done: everything that it has asked for was done, but calls whose answers are heard;
// - answered<Charge>(Receipt{...}): a call has its answer;
// - refused("code"), unavailable("code"): the first thing that it asks for was refused, or failed until its tries were used up;
// - later(span): so much time passes, and timers, times and deadlines with it.
// `then` is exactly what the saga asks for next, in its order: el::send, el::call, el::wake, el::wake_off, el::end_saga,
// el::fail_saga; `then()` is nothing. Of a saga of steps that is what is to be done and is not done; of one with handlers it is what
// the last thing that has happened has led to. `sends` compares what is sent and called alone. INFO(situation.text()) shows what was
// found. A process:
//
//     SagaHost hotel{[](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
//                    [&](el::Sagas& sagas) { sagas.add(reservation()); cards.perform(sagas); }};
//     hotel.commands().send(stay, Request{...});
//     CHECK(hotel.finished("reservation", stay).status == el::SagaStatus::completed);
//
// Include it in tests. Threads: one.
#pragma once

#include <eventloom/framework/detail/members.hpp>
#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/sagas/detail/saga_case.hpp>
#include <eventloom/sagas/detail/saga_host.hpp>
#include <eventloom/sagas/handlers.hpp>

#include <functional>
#include <utility>

namespace eventloom::testing {

struct AllDone {};
inline constexpr AllDone all_done{};

template <class Request>
struct Answered {
    typename Request::answer answer;
};
template <activity_request Request>
Answered<Request> answered(typename Request::answer answer)
{
    return {std::move(answer)};
}

struct Refused {
    std::string code;
};
inline Refused refused(std::string code)
{
    return {std::move(code)};
}

struct Unavailable {
    std::string code;
};
inline Unavailable unavailable(std::string code)
{
    return {std::move(code)};
}

struct Later {
    Duration span;
};
inline Later later(Duration span)
{
    return {span};
}

namespace cases {

using eventloom::detail::description_of;
using eventloom::detail::full_name;
using eventloom::detail::struct_name;

template <class Fact>
void happen(SagaCase& one, const Fact& fact)
{
    one.hear(description_of<Fact>, struct_name<Fact>(), &fact);
}
inline void happen(SagaCase& one, const AllDone&)
{
    one.all_done();
}
template <class Request>
void happen(SagaCase& one, const Answered<Request>& given)
{
    one.answered(typeid(Request), &given.answer);
}
inline void happen(SagaCase& one, const Refused& given)
{
    one.refused(given.code);
}
inline void happen(SagaCase& one, const Unavailable& given)
{
    one.unavailable(given.code);
}
inline void happen(SagaCase& one, const Later& given)
{
    one.later(given.span);
}

using Kind = AskedFor::Kind;

template <class State, class Command>
bool is_asked_for(const AskedFor& found, const sent<State, Command>& wanted, Time)
{
    return found.kind == Kind::send && found.command == &eventloom::detail::command_type<State, Command> &&
           found.stream == wanted.to.stream() && same(*static_cast<const Command*>(found.value.get()), wanted.command);
}
template <class Context, class Command>
bool is_asked_for(const AskedFor& found, const sent_within<Context, Command>& wanted, Time)
{
    return found.kind == Kind::send && found.command == &eventloom::detail::CommandWithin<Context, Command>::type &&
           same(*static_cast<const Command*>(found.value.get()), wanted.command);
}
template <class Request>
bool is_asked_for(const AskedFor& found, const called<Request>& wanted, Time)
{
    return found.kind == Kind::call && *found.request == typeid(Request) &&
           same(*static_cast<const Request*>(found.value.get()), wanted.request);
}
template <class Data>
bool is_asked_for(const AskedFor& found, const ran<Data>& wanted, Time)
{
    return found.kind == Kind::run && found.stream == wanted.saga + "-" + wanted.key &&
           found.command == &eventloom::detail::saga_data<Data> &&
           same(*static_cast<const Data*>(found.value.get()), wanted.data);
}
template <class Timer>
bool is_asked_for(const AskedFor& found, const woken<Timer>& wanted, Time now)
{
    std::string bytes;
    eventloom::detail::encode_value(description_of<Timer>, &wanted.timer, bytes, nullptr);
    return found.kind == Kind::wake && found.timer == full_name<Timer>() && found.bytes == bytes &&
           found.at == (wanted.at == Time{} ? now + wanted.after : wanted.at);
}
template <class Timer>
bool is_asked_for(const AskedFor& found, const woken_off<Timer>&, Time)
{
    return found.kind == Kind::wake_off && found.timer == full_name<Timer>();
}
inline bool is_asked_for(const AskedFor& found, const ended&, Time)
{
    return found.kind == Kind::end && found.code.empty();
}
inline bool is_asked_for(const AskedFor& found, const ended_by_failure& wanted, Time)
{
    return found.kind == Kind::end && found.code == wanted.code;
}

} // namespace cases

class SagaSituation {
public:
    explicit SagaSituation(SagaCase of) : case_{std::move(of)} {}

    template <class... Action>
    bool then(const Action&... action) const
    {
        return matches(case_.asked_for(), action...);
    }
    template <class... Action>
    bool sends(const Action&... action) const
    {
        std::vector<AskedFor> sent;
        for (const AskedFor& one : case_.asked_for()) {
            if (one.kind <= AskedFor::Kind::run) sent.push_back(one);
        }
        return matches(sent, action...);
    }
    SagaStatus status() const { return case_.status(); }
    std::string why() const { return case_.why(); } // a code; empty: it has not failed
    std::string state_json() const { return case_.state_json(); }
    std::string text() const { return case_.text(); }

private:
    template <class... Action>
    bool matches(const std::vector<AskedFor>& found, const Action&... action) const
    {
        if (not case_.trouble().empty() || found.size() != sizeof...(Action)) return false;
        [[maybe_unused]] auto next = found.begin();
        return (cases::is_asked_for(*next++, action, case_.now()) && ...);
    }

    SagaCase case_;
};

// An instance to which all this has happened.
template <class Owner, class... Happened>
SagaSituation given(Saga saga, const id<Owner>& key, const Happened&... happened)
{
    SagaCase one{std::move(saga), key.value};
    (cases::happen(one, happened), ...);
    return SagaSituation{std::move(one)};
}

} // namespace eventloom::testing
