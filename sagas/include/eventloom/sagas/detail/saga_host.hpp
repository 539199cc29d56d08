// A process with sagas, for tests: its store is in memory, its time is virtual, and its activities do as they are told.
//
//     ScriptedActivity<Charge> charge{[](const Charge& request) { return Receipt{"receipt-" + request.stay.value}; }};
//     SagaHost hotel{[](const el::Runtime& runtime) { return el::open_memory_store(runtime); },
//                    [&](el::Sagas& sagas) { sagas.add(reservation()); charge.performs_for(sagas); }};
//     charge.fails(2);                               // the next two calls
//     hotel.commands().send(stay, Request{...});
//     hotel.settle();                                // until nothing can go on now
//     hotel.advance(24h);
//     hotel.restart();                               // as after a power cut
//     CHECK(hotel.finished("reservation", stay).status == el::SagaStatus::completed);
//     CHECK(charge.requests().size() == 1);          // took effect once
//
// What a test asks for and does not get ends it with an exception that has the sentence of the error. For testing.hpp: include
// that. Threads: one.
#pragma once

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/id.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/sagas/sagas.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventloom::testing {

class SagaHost {
public:
    // `open_store` makes a new, empty store in memory; `set_up` adds the sagas and activities, at each start.
    SagaHost(std::function<std::unique_ptr<EventStore>(const Runtime&)> open_store, std::function<void(Sagas&)> set_up,
             std::uint64_t seed = 1);
    ~SagaHost();

    CommandBus& commands();
    EventStore& store();
    Sagas& sagas();
    Time now() const;

    // Time goes on by this much, and what is due meanwhile is done.
    void advance(Duration span);
    // Until nothing more is done without time: each instance has ended, is stuck, or waits.
    void settle();
    // The process dies, and is started again: what was not stored is gone. Without its table, sagas are built from the log alone.
    void restart(bool with_table = true);
    // The instance as it is now. Throws when there is none.
    SagaInstance instance(std::string_view saga, std::string_view key);
    // The same, when it has ended or is stuck. Time goes on until then, up to 400 days.
    SagaInstance finished(std::string_view saga, std::string_view key);
    template <class Owner>
    SagaInstance instance(std::string_view saga, const id<Owner>& key)
    {
        return instance(saga, key.value);
    }
    template <class Owner>
    SagaInstance finished(std::string_view saga, const id<Owner>& key)
    {
        return finished(saga, key.value);
    }
    // The aggregate as it is now.
    template <class State>
    State load(const id<State>& of)
    {
        return taken(commands().load(of));
    }

private:
    template <class Value>
    static Value taken(result<Value> given)
    {
        if (not given) not_given(given.error());
        return std::move(given.value());
    }
    [[noreturn]] static void not_given(const Error& error);

    struct Process;
    std::unique_ptr<Process> process_;
};

// An activity that takes effect once for each key, and does otherwise when it is told so.
template <class Request>
class ScriptedActivity {
public:
    using Answer = typename Request::answer;

    explicit ScriptedActivity(std::function<result<Answer>(const Request&)> answers =
                                  [](const Request&) { return Answer{}; })
        : answers_{std::move(answers)}
    {
    }

    // At each start of the process.
    void performs_for(Sagas& sagas, ActivityOptions options = {})
    {
        sagas.perform_async<Request>(
            [this](const Request& request, const CallKey& key, auto done) { call(request, key, std::move(done)); },
            options);
    }

    // The next calls, so many of them. What is told first happens first.
    void refuses(std::string code, unsigned times = 1)
    {
        script_.insert(script_.end(), times, [code](const auto&, const auto&, const auto& done) {
            done(refuse(code, "refused in a test: " + code));
        });
    }
    void fails(unsigned times = 1, std::string code = "unavailable")
    {
        script_.insert(script_.end(), times, [code](const auto&, const auto&, const auto& done) {
            done(fail(Failure::unavailable, code, "failed in a test: " + code));
        });
    }
    // It takes effect, and the answer is lost: the call fails.
    void loses_its_answer(unsigned times = 1)
    {
        script_.insert(script_.end(), times, [this](const auto& request, const auto& key, const auto& done) {
            static_cast<void>(answer_to(request, key));
            done(fail(Failure::unavailable, "answer-lost", "the answer was lost in a test"));
        });
    }
    // No answer before answer_all().
    void is_silent(unsigned times = 1)
    {
        script_.insert(script_.end(), times, [this](const auto& request, const auto& key, const auto& done) {
            silent_.push_back([this, request, key, done] { done(answer_to(request, key)); });
        });
    }
    void answer_all()
    {
        for (const auto& answer : std::exchange(silent_, {})) answer();
    }
    // Its answer comes from elsewhere: give it to sagas().answer<Request>(keys().back(), ...).
    void answers_later(unsigned times = 1)
    {
        script_.insert(script_.end(), times,
                       [](const auto&, const auto&, const auto& done) { done(answered_later()); });
    }

    // Those that took effect, in their order.
    const std::vector<Request>& requests() const { return requests_; }
    // Of all calls, in their order.
    const std::vector<CallKey>& keys() const { return keys_; }

private:
    using Done = std::function<void(result<Answer>)>;
    using Fate = std::function<void(const Request&, const CallKey&, const Done&)>;

    void call(const Request& request, const CallKey& key, Done done)
    {
        keys_.push_back(key);
        if (script_.empty()) return done(answer_to(request, key));
        const Fate fate = std::move(script_.front());
        script_.pop_front();
        fate(request, key, done);
    }
    result<Answer> answer_to(const Request& request, const CallKey& key)
    {
        if (const auto known = answered_.find(key); known != answered_.end()) return known->second;
        auto answer = answers_(request);
        if (answer) requests_.push_back(request);
        if (answer) answered_.emplace(key, answer.value());
        return answer;
    }

    const std::function<result<Answer>(const Request&)> answers_;
    std::deque<Fate> script_;
    std::vector<std::function<void()>> silent_;
    std::map<CallKey, Answer> answered_;
    std::vector<Request> requests_;
    std::vector<CallKey> keys_;
};

} // namespace eventloom::testing
