// Discards dead letters that have lived as long as the service says, and reports it: `dead-letters-ended` in the log.
//
//     LetterLife letters{runtime, service.followers(), service.dead_letters_live()};
//     while (console.wait(half_a_second)) letters.look();
//
// Threads: one, and not one of the executor.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <chrono>
#include <string>

namespace eventloom {

class Followers;

class LetterLife {
public:
    // In one look, so that it does not last long.
    static constexpr std::size_t ended_together = 100;

    // `live`: 0, for ever.
    LetterLife(const Runtime& runtime, Followers& followers, std::chrono::seconds live)
        : runtime_{runtime}, followers_{followers}, live_{live}
    {
    }

    // Does nothing most of the time: it looks once in a hundredth of the life, at least once an hour and at most once in ten seconds.
    void look();

private:
    const Runtime runtime_;
    Followers& followers_;
    const std::chrono::seconds live_;
    Time next_{};
};

// "Dead letters of queues and subscriptions are discarded ...", for people.
std::string life_of_letters(std::chrono::seconds live);

} // namespace eventloom
