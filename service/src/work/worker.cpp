#include "work/worker.hpp"

#include "door/door_request.hpp"
#include "work/program_of_worker.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>

#include <thread>

namespace eventloom::work {

namespace {

constexpr Duration waits_for_a_job     = std::chrono::seconds{10};
constexpr Duration answers_within      = std::chrono::seconds{10};
constexpr Duration between_tries       = std::chrono::milliseconds{200};
constexpr Duration until_given_back    = std::chrono::milliseconds{400}; // of the second in which a program ends
constexpr Duration between_looks       = std::chrono::milliseconds{100};
constexpr int heartbeats_of_a_lease    = 4;
constexpr std::size_t jobs_of_a_thread = 1;

// It may succeed later: the service is away, busy, or in the middle of it.
bool may_be_asked_again(const Error& error)
{
    return error.kind == Failure::unavailable;
}

} // namespace

// A job in the hands of this worker.
struct Worker::Held final : JobContext {
    explicit Held(LeasedJob leased) : job{std::move(leased)} {}

    const Uuid& id() const override { return job.lease.job; }
    unsigned attempt() const override { return job.attempt; }
    Time deadline() const override { return job.deadline; }
    std::stop_token stop() const override { return stopping.get_token(); }
    // It goes with the next sign that the worker is there.
    void progress(std::uint64_t done, std::uint64_t of, std::string what) override
    {
        const std::lock_guard lock{mutex};
        reported = ReportedProgress{done, of, std::move(what)};
    }
    std::optional<ReportedProgress> take_report()
    {
        const std::lock_guard lock{mutex};
        return std::exchange(reported, std::nullopt);
    }

    const LeasedJob job;
    std::stop_source stopping;
    std::atomic<bool> is_lost{false}; // or given back: nothing more is answered
    std::mutex mutex;                 // over what follows
    std::optional<ReportedProgress> reported;
};

Worker::Worker(const Runtime& runtime, QueueHandler handler, WorkerOptions options)
    : runtime_{runtime}, handler_{std::move(handler)}, options_{std::move(options)}
{
}

Worker::~Worker() = default;

template <class Answer, class Request>
result<Answer> Worker::ask(std::string_view path, const Request& request, Duration waits) const
{
    const auto gives_up = [this] { return stopping_.load(); };
    BOOST_OUTCOME_TRY(const auto answer,
                      post_to_door(options_.directory, path, to_bytes(request), waits + answers_within, gives_up));
    return message_in<Answer>(answer);
}

result<void> Worker::run(const std::function<bool(Duration span)>& wait)
{
    // The threads end before what they use.
    const auto heart   = runtime_.executor.own_threads(1);
    const auto workers = runtime_.executor.own_threads(options_.workers);
    heart->post([this] { keep_leases(); });
    for (unsigned i = 0; i < options_.workers; ++i) workers->post([this] { work(); });
    while (not is_refused() && wait(between_looks)) {
    }
    for (const auto& job : held()) job->stopping.request_stop();
    stopping_        = true;
    const Time until = runtime_.clock.now() + until_given_back;
    while (not held().empty() && runtime_.clock.now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    give_back();
    const std::lock_guard lock{mutex_};
    return refused_ ? result<void>{*refused_} : result<void>{done()};
}

void Worker::work()
{
    const auto lease_ms = std::chrono::ceil<std::chrono::milliseconds>(options_.lease).count();
    const auto wait_ms  = std::chrono::ceil<std::chrono::milliseconds>(waits_for_a_job).count();
    while (not stopping_ && not is_refused()) {
        auto leased =
            ask<LeasedJobs>(pull_path, PullRequest{options_.queue, options_.name, jobs_of_a_thread, lease_ms, wait_ms},
                            waits_for_a_job);
        if (leased) {
            was_reached();
            for (auto& job : leased.value().jobs) perform(std::move(job));
        } else if (may_be_asked_again(leased.error())) {
            was_not_reached(leased.error());
            pause(between_tries);
        } else {
            return refuse_work(leased.error());
        }
    }
}

void Worker::perform(LeasedJob job)
{
    const auto held = std::make_shared<Held>(std::move(job));
    {
        const std::lock_guard lock{mutex_};
        held_.emplace(held->job.lease, held);
    }
    if (stopping_) held->stopping.request_stop();
    const auto answer    = call_user_code("the handler of the job", held->job.first.type, [&]() -> result<JobDone> {
        return std::move(handler_.handler.handle({&held->job.first}, {held.get()}).front());
    });
    const bool needs_log = not answer && answer.error().code == no_log().code;
    if (needs_log) refuse_work(answer.error());
    const auto unsaid = end(*held, needs_log ? result<JobDone>{job_given_back()} : answer);
    if (unsaid) write_to(runtime_.log, LogLevel::warning, "job-not-ended", {{"job", to_string(held->id())}}, *unsaid);
    const std::lock_guard lock{mutex_};
    held_.erase(held->job.lease);
}

bool Worker::is_refused() const
{
    const std::lock_guard lock{mutex_};
    return refused_.has_value();
}

// Nothing will change that: this worker ends, and what it has goes back as it was.
void Worker::refuse_work(Error why)
{
    const std::lock_guard lock{mutex_};
    if (not refused_) refused_ = std::move(why);
}

// Tells the service, for as long as it takes. Returns why nothing of the answer counts.
std::optional<Error> Worker::end(const Held& held, const result<JobDone>& answer)
{
    while (not held.is_lost) {
        const auto told = tell(held.job.lease, answer);
        if (told) return std::nullopt;
        if (not may_be_asked_again(told.error())) return told.error();
        was_not_reached(told.error());
        if (not pause(between_tries)) return std::nullopt; // give_back() has it
    }
    return Error{Failure::refused, "job-taken-away", "the lease of the job ended before its handler did"};
}

// Also while the worker stops: the answer is there.
result<void> Worker::tell(const JobLease& lease, const result<JobDone>& answer) const
{
    const Time until    = runtime_.clock.now() + answers_within;
    const auto gives_up = [&] { return stopping_ && runtime_.clock.now() > until; };
    BOOST_OUTCOME_TRY(post_to_door(options_.directory, finish_path, to_bytes(finish_request(lease, answer)),
                                   answers_within, gives_up));
    return done();
}

void Worker::keep_leases()
{
    while (pause(options_.lease / heartbeats_of_a_lease)) {
        ExtendRequest request;
        for (const auto& job : held()) request.held.push_back({job->job.lease, job->take_report()});
        if (request.held.empty()) continue;
        const auto answer = ask<LostLeases>(extend_path, request, Duration{0});
        if (not answer) {
            was_not_reached(answer.error());
            continue;
        }
        was_reached();
        for (const auto& job : held()) {
            const auto& lost = answer.value().lost;
            if (std::find(lost.begin(), lost.end(), job->job.lease) == lost.end()) continue;
            job->is_lost = true;
            job->stopping.request_stop();
        }
    }
}

// False: the worker stops.
bool Worker::pause(Duration span) const
{
    const Time until = runtime_.clock.now() + span;
    while (not stopping_ && runtime_.clock.now() < until) {
        std::this_thread::sleep_for(std::min<Duration>(until - runtime_.clock.now(), std::chrono::milliseconds{50}));
    }
    return not stopping_;
}

void Worker::was_reached()
{
    const std::lock_guard lock{mutex_};
    if (std::exchange(is_away_, false)) write_to(runtime_.log, LogLevel::info, "service-reached-again", {});
}

void Worker::was_not_reached(const Error& error)
{
    const std::lock_guard lock{mutex_};
    if (stopping_ || std::exchange(is_away_, true)) return;
    write_to(runtime_.log, LogLevel::warning, "service-not-reached", {{"again", "until it is"}}, error);
}

std::vector<Worker::HeldPtr> Worker::held() const
{
    std::vector<HeldPtr> all;
    const std::lock_guard lock{mutex_};
    for (const auto& [lease, job] : held_) all.push_back(job);
    return all;
}

void Worker::give_back()
{
    for (const auto& job : held()) {
        job->is_lost = true;
        static_cast<void>(tell(job->job.lease, job_given_back())); // else its lease ends
    }
}

} // namespace eventloom::work
