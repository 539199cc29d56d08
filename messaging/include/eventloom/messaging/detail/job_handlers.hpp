// The handlers of a queue's jobs: what they take and answer, seen once and for all of them.
//
//     handler_of_jobs<Mailing>([](const SendMail&, JobContext&) -> result<void> { ... });
//
// For queues.hpp. Threads: compile-time, and the handlers themselves.
#pragma once

#include <eventloom/messaging/job_handler.hpp>

#include <optional>
#include <type_traits>

namespace eventloom {

// Never defined: the compiler's first error line shows the type.
template <class Job, class Queue>
struct job_without_a_handler;

namespace detail {

struct no_job_handler {
    using type                    = void;
    static constexpr bool fits    = false;
    static constexpr bool context = false;
};
template <class Job, class Answer, bool TakesContext>
struct job_handler_like {
    using type                    = Job;
    static constexpr bool fits    = std::is_same_v<Answer, result<void>> || std::is_same_v<Answer, result<JobDone>>;
    static constexpr bool context = TakesContext;
};

template <class Call>
struct job_handled_by : no_job_handler {};
template <class Handler, class Answer, class Job>
struct job_handled_by<Answer (Handler::*)(const Job&) const> : job_handler_like<Job, Answer, false> {};
template <class Handler, class Answer, class Job>
struct job_handled_by<Answer (Handler::*)(const Job&, JobContext&) const> : job_handler_like<Job, Answer, true> {};

template <class Handler>
struct job_handler : no_job_handler {};
template <class Handler>
    requires requires { &Handler::operator(); }
struct job_handler<Handler> : job_handled_by<decltype(&Handler::operator())> {};
template <class Answer, class Job>
struct job_handler<Answer (*)(const Job&)> : job_handler_like<Job, Answer, false> {};
template <class Answer, class Job>
struct job_handler<Answer (*)(const Job&, JobContext&)> : job_handler_like<Job, Answer, true> {};

template <class Queue, class Handler>
consteval bool is_job_handler()
{
    using Of = job_handler<Handler>;
    static_assert(Of::fits,
                  "a handler of jobs takes (const Job&, el::JobContext&), or the job alone, says `-> el::result<void>` "
                  "or `-> el::result<el::JobDone>`, and is not mutable");
    if constexpr (Of::fits) {
        static_assert(job_of<typename Of::type, Queue>, "a handler takes what is no job of its queue");
        return job_of<typename Of::type, Queue>;
    } else {
        return false;
    }
}

template <class Queue, class Job, class... Handlers>
consteval bool has_one_handler()
{
    constexpr std::size_t count =
        (std::size_t{0} + ... + std::size_t{std::is_same_v<typename job_handler<Handlers>::type, Job>});
    if constexpr (count == 0) static_cast<void>(sizeof(job_without_a_handler<Job, Queue>));
    static_assert(count == 1, "each job of a queue has one handler");
    return count == 1;
}

template <class Queue, class... Entry, class... Handlers>
consteval bool each_has_one_handler(std::type_identity<std::tuple<Entry...>>,
                                    std::type_identity<std::tuple<Handlers...>>)
{
    return (has_one_handler<Queue, typename Entry::fact, Handlers...>() && ...);
}

template <class Queue, class... Handlers>
consteval bool can_work_on()
{
    if constexpr ((is_job_handler<Queue, Handlers>() && ...)) {
        return each_has_one_handler<Queue>(std::type_identity<typename Queue::Jobs::Events::entries>{},
                                           std::type_identity<std::tuple<Handlers...>>{});
    } else {
        return false;
    }
}

template <class Handler, class Job>
result<JobDone> call_job_handler(const Handler& handler, const Job& job, JobContext& context)
{
    const auto call = [&] {
        if constexpr (job_handler<Handler>::context) {
            return handler(job, context);
        } else {
            return handler(job);
        }
    };
    if constexpr (std::is_same_v<decltype(call()), result<void>>) {
        BOOST_OUTCOME_TRY(call());
        return JobDone{};
    } else {
        return call();
    }
}

// Failure::invalid  "job-form-gives-no-job": the upcast of an earlier form gives none, or several.
Error job_form_gives_no_job(const RecordedEvent& job);

template <class Queue, class... Handlers>
AnyJobHandler handler_of_jobs(Handlers... handlers)
{
    return [... handlers = std::move(handlers)](const RecordedEvent& job, JobContext& context) -> result<JobDone> {
        std::optional<result<JobDone>> answer;
        const auto take = [&]<class Given>(const Given& given) -> result<void> {
            if (answer) return job_form_gives_no_job(job);
            const auto offer = [&]<class Handler>(const Handler& handler) {
                if constexpr (std::is_same_v<Given, typename job_handler<Handler>::type>) {
                    answer = call_job_handler(handler, given, context);
                }
            };
            (offer(handlers), ...);
            return done();
        };
        BOOST_OUTCOME_TRY(with_facts<typename Queue::Jobs>(job, Queue::queue, take));
        if (not answer) return job_form_gives_no_job(job);
        return std::move(*answer);
    };
}

} // namespace detail

} // namespace eventloom
