// For whoever sends thousands without waiting for each answer: not more than so many are on their way, and the first error stops it.
//
//     InFlight flight{executor};
//     for (const Order& order : orders) {
//         BOOST_OUTCOME_TRY(flight.wait_for_room());
//         commands.send(order.id, order.place, {.command_id = order.command}, flight.answer<Receipt>());
//     }
//     BOOST_OUTCOME_TRY(flight.wait_for_all());
//
// Threads: one waits; answers come on any thread, also after the InFlight is gone.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <cstddef>
#include <functional>
#include <memory>

namespace eventloom {

class InFlight {
public:
    explicit InFlight(Executor& executor, std::size_t at_once = 512);

    // Takes one answer, and counts as on its way until then. `judge`, if given, says what the answer means: an error of it stops
    // everything, done() goes on. Without it each error does. It is called on the thread of the answer.
    template <class Answer>
    std::function<void(result<Answer>)> answer(std::function<result<void>(const result<Answer>&)> judge = {})
    {
        return [land = take_off(), judge = std::move(judge)](const result<Answer>& answer) {
            if (judge) return land(judge(answer));
            land(answer ? done() : result<void>{answer.error()});
        };
    }

    // Returns when there is room for more, or with the first error that there was.
    result<void> wait_for_room();
    // Returns when all answers are there, or with the first error that there was.
    result<void> wait_for_all();

private:
    struct State;
    std::function<void(result<void>)> take_off();
    result<void> wait_for_at_most(std::size_t limit, std::size_t wanted);

    std::size_t at_once_;
    std::shared_ptr<State> state_;
};

} // namespace eventloom
