// The handlers of a queue's jobs: what they take and answer, seen once and for all of them.
//
//     handler_of_jobs<Mailing>([](const SendMail&, JobContext&) -> result<void> { ... });
//
// For queues.hpp. Threads: compile-time, and the handlers themselves.
#pragma once

#include <eventloom/messaging/detail/job_context.hpp>

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eventloom {

// Never defined: the compiler's first error line shows the type.
template <class Job, class Queue>
struct job_without_a_handler;

namespace detail {

struct no_job_handler {
    using type                    = void;
    static constexpr bool fits    = false;
    static constexpr bool context = false;
    static constexpr bool batches = false;
};
template <class Job, class Answer, bool TakesContext>
struct job_handler_like {
    using type                    = Job;
    static constexpr bool fits    = std::is_same_v<Answer, result<void>> || std::is_same_v<Answer, result<JobDone>>;
    static constexpr bool context = TakesContext;
    static constexpr bool batches = false;
};
template <class Job, class Answer>
struct batch_handler_like {
    using type                    = Job;
    static constexpr bool fits    = std::is_same_v<Answer, JobAnswers>;
    static constexpr bool context = true;
    static constexpr bool batches = true;
};

template <class Call>
struct job_handled_by : no_job_handler {};
template <class Handler, class Answer, class Job>
struct job_handled_by<Answer (Handler::*)(const Job&) const> : job_handler_like<Job, Answer, false> {};
template <class Handler, class Answer, class Job>
struct job_handled_by<Answer (Handler::*)(const Job&, JobContext&) const> : job_handler_like<Job, Answer, true> {};
template <class Handler, class Answer, class Job>
struct job_handled_by<Answer (Handler::*)(const std::vector<Job>&, const JobContexts&) const>
    : batch_handler_like<Job, Answer> {};

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
    static_assert(
        Of::fits,
        "a handler of jobs takes (const Job&, el::JobContext&), or the job alone, says `-> el::result<void>` "
        "or `-> el::result<el::JobDone>`, and is not mutable; one of batches takes (const std::vector<Job>&, const "
        "el::JobContexts&), and says `-> el::JobAnswers`");
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

// The jobs of a batch that one handler takes, and their places in it.
template <class Job>
struct gathered_jobs {
    std::vector<Job> jobs;
    JobContexts contexts;
    std::vector<std::size_t> places;
};

// Failure::defect  "answers-missing": a handler of batches has not answered for each job.
Error job_answers_missing(std::size_t jobs, std::size_t answers);

using PartialAnswers = std::vector<std::optional<result<JobDone>>>;

template <class Handler, class Job>
void call_batch_handler(const Handler& handler, const gathered_jobs<Job>& gathered, PartialAnswers& answers)
{
    if (gathered.jobs.empty()) return;
    JobAnswers given  = handler(gathered.jobs, gathered.contexts);
    const bool is_all = given.size() == gathered.jobs.size();
    for (std::size_t i = 0; i < gathered.jobs.size(); ++i) {
        answers[gathered.places[i]] =
            is_all ? std::move(given[i]) : result<JobDone>{job_answers_missing(gathered.jobs.size(), given.size())};
    }
}

template <class Queue, class... Handlers>
JobAnswers answers_of(const std::tuple<Handlers...>& handlers, const JobEvents& events, const JobContexts& contexts)
{
    PartialAnswers answers(events.size());
    std::tuple<gathered_jobs<typename job_handler<Handlers>::type>...> gathered;
    const auto each = [&]<std::size_t... At>(std::index_sequence<At...>, const auto& act) {
        (act(std::get<At>(handlers), std::get<At>(gathered)), ...);
    };
    const auto all = std::index_sequence_for<Handlers...>{};
    for (std::size_t i = 0; i < events.size(); ++i) {
        bool is_taken   = false;
        const auto take = [&]<class Given>(const Given& given) -> result<void> {
            if (std::exchange(is_taken, true)) return job_form_gives_no_job(*events[i]);
            each(all, [&]<class Handler, class Gathered>(const Handler& handler, Gathered& jobs) {
                if constexpr (std::is_same_v<Given, typename job_handler<Handler>::type>) {
                    if constexpr (job_handler<Handler>::batches) {
                        jobs.jobs.push_back(given);
                        jobs.contexts.push_back(contexts[i]);
                        jobs.places.push_back(i);
                    } else {
                        answers[i] = call_job_handler(handler, given, *contexts[i]);
                    }
                }
            });
            return done();
        };
        const auto read = with_facts<typename Queue::Jobs>(*events[i], Queue::queue, take);
        if (not read) answers[i] = result<JobDone>{read.error()};
    }
    each(all, [&]<class Handler, class Gathered>(const Handler& handler, const Gathered& jobs) {
        if constexpr (job_handler<Handler>::batches) call_batch_handler(handler, jobs, answers);
    });
    JobAnswers whole;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        whole.push_back(answers[i] ? std::move(*answers[i]) : result<JobDone>{job_form_gives_no_job(*events[i])});
    }
    return whole;
}

template <class Handler, class... Entry>
void add_batched_names(std::type_identity<std::tuple<Entry...>>, std::vector<std::string>& names)
{
    const auto add = [&]<class One>(std::type_identity<One>) {
        if constexpr (std::is_same_v<typename One::fact, typename job_handler<Handler>::type>)
            names.emplace_back(One::name);
    };
    if constexpr (job_handler<Handler>::batches) (add(std::type_identity<Entry>{}), ...);
}

template <class Queue, class... Handlers>
AnyJobHandler handler_of_jobs(Handlers... handlers)
{
    AnyJobHandler any;
    (add_batched_names<Handlers>(std::type_identity<typename Queue::Jobs::Events::entries>{}, any.batched), ...);
    any.handle = [handlers = std::tuple<Handlers...>{std::move(handlers)...}](const JobEvents& events,
                                                                              const JobContexts& contexts) {
        return answers_of<Queue>(handlers, events, contexts);
    };
    return any;
}

} // namespace detail

} // namespace eventloom
