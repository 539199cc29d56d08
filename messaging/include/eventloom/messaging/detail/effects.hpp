// What a handler of messages answers: events and further jobs, which are in one append with the end of the message.
//
//     return el::effects()
//         .append(CustomerId{"ada"}, el::ExpectedVersion::any(), PointsEarned{10})
//         .enqueue<Letters>(SendLetter{"ada", "You have earned ten points."});
//
// Either all of them are there, once, or none. Threads: values.
// For queues.hpp and subscriptions.hpp: include one of them.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/messaging/jobs.hpp>
#include <eventloom/messaging/messages.hpp>

#include <utility>
#include <vector>

namespace eventloom {

namespace detail {

struct NewJob {
    std::string queue;
    NewEvent event;
    JobOptions options;
};

} // namespace detail

// For the answers of handlers. `Self` is the answer.
template <class Self>
class AnswersEffects {
public:
    // Events of a stream, written only if the stream is as expected: else the attempt has failed, and is made again.
    template <aggregate State, event_of<State>... Fact>
    Self append(const id<State>& of, ExpectedVersion expected, const Fact&... fact) &&
    {
        std::vector<NewEvent> events;
        (events.push_back(encoded<State>(typename State::Events::variant{fact})), ...);
        streams.push_back({of.stream(), expected, std::move(events)});
        return std::move(static_cast<Self&>(*this));
    }

    // A further job. It cannot be unique.
    template <job_queue Queue, job_of<Queue> Job>
    Self enqueue(const Job& job, JobOptions options = {}) &&
    {
        using Events = typename Queue::Jobs::Events;
        jobs.push_back({std::string{Queue::queue}, encoded<typename Queue::Jobs>(typename Events::variant{job}),
                        std::move(options)});
        return std::move(static_cast<Self&>(*this));
    }

    std::vector<StreamAppend> streams;
    std::vector<detail::NewJob> jobs;
};

struct Effects : AnswersEffects<Effects> {
    // A message of a topic. That it is to be published is in the append with the rest; right after that it is, once. One that was
    // published before the same process died is recognised as long as its topic keeps it.
    template <message_topic Topic, message_of<Topic> Message>
    Effects publish(const Message& message) &&
    {
        using Events = typename Topic::Messages::Events;
        messages.push_back(
            {std::string{Topic::topic}, encoded<typename Topic::Messages>(typename Events::variant{message})});
        return std::move(*this);
    }

    bool empty() const { return streams.empty() && jobs.empty() && messages.empty(); }

    std::vector<detail::NewMessage> messages;
};

inline Effects effects()
{
    return {};
}

} // namespace eventloom
