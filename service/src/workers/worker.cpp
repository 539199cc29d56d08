#include "workers/worker.hpp"

#include "door/door_request.hpp"

#include <eventloom/framework/log.hpp>

#include <algorithm>
#include <thread>

namespace eventloom::work {

namespace {

constexpr Duration waits_for_work   = std::chrono::seconds{10};
constexpr Duration answers_within   = std::chrono::seconds{10};
constexpr Duration between_tries    = std::chrono::milliseconds{200};
constexpr Duration until_given_back = std::chrono::milliseconds{400}; // of the second in which a program ends
constexpr Duration between_looks    = std::chrono::milliseconds{100};
constexpr int heartbeats_of_a_lease = 4;

// It may succeed later: the service is away, busy, or in the middle of it.
bool may_be_asked_again(const Error& error)
{
    return error.kind == Failure::unavailable;
}

} // namespace

Worker::Worker(const Runtime& runtime, std::unique_ptr<const Work> work, WorkerOptions options)
    : runtime_{runtime}, work_{std::move(work)}, options_{std::move(options)}
{
}

Worker::~Worker() = default;

result<std::string> Worker::ask(std::string_view path, const std::string& request, Duration waits) const
{
    return post_to_door(options_.directory, path, request, waits + answers_within, [this] { return stopping_.load(); });
}

result<void> Worker::run(const std::function<bool(Duration span)>& wait)
{
    // The threads end before what they use.
    const auto heart   = runtime_.executor.own_threads(1);
    const auto workers = runtime_.executor.own_threads(options_.threads);
    heart->post([this] { keep_leases(); });
    for (unsigned i = 0; i < options_.threads; ++i) workers->post([this, i] { work(i); });
    while (not is_refused() && wait(between_looks)) {
    }
    for (const auto& task : held()) task->stopping.request_stop();
    stopping_        = true;
    const Time until = runtime_.clock.now() + until_given_back;
    while (not held().empty() && runtime_.clock.now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    give_back();
    const std::lock_guard lock{mutex_};
    return refused_ ? result<void>{*refused_} : result<void>{done()};
}

void Worker::work(unsigned thread)
{
    while (not stopping_ && not is_refused()) {
        const auto tasks = pull(thread);
        if (tasks) {
            was_reached();
            for (const auto& task : tasks.value()) perform(task);
        } else if (may_be_asked_again(tasks.error())) {
            was_not_reached(tasks.error());
            pause(between_tries);
        } else {
            return refuse(tasks.error());
        }
    }
}

result<std::vector<TaskPtr>> Worker::pull(unsigned thread)
{
    const Time asked_at = runtime_.clock.now();
    BOOST_OUTCOME_TRY(const auto answer,
                      ask(work_->paths().pull, work_->pull_request(thread, waits_for_work), waits_for_work));
    BOOST_OUTCOME_TRY(auto tasks, work_->tasks_in(answer));
    for (const auto& task : tasks)
        task->held_until = asked_at + options_.lease; // it is not known how long the answer took
    return tasks;
}

void Worker::perform(const TaskPtr& task)
{
    {
        const std::lock_guard lock{mutex_};
        held_.emplace(task->lease, task);
    }
    if (stopping_) task->stopping.request_stop();
    auto request = task->perform([&] { return is_held(task); });
    if (task->cannot) {
        refuse(*task->cannot);
        request = task->given_back();
    }
    const auto unsaid = end(*task, request);
    if (unsaid) write_to(runtime_.log, LogLevel::warning, "work-not-ended", {{"of", task->name()}}, *unsaid);
    const std::lock_guard lock{mutex_};
    held_.erase(task->lease);
}

// This worker ends.
void Worker::refuse(Error why)
{
    const std::lock_guard lock{mutex_};
    if (not refused_) refused_ = std::move(why);
}

bool Worker::is_refused() const
{
    const std::lock_guard lock{mutex_};
    return refused_.has_value();
}

// Tells the service, for as long as it takes. Returns why nothing of the answer counts.
std::optional<Error> Worker::end(const Task& task, const std::string& request)
{
    while (not task.is_lost) {
        const auto told = tell(request);
        if (told) return std::nullopt;
        if (not may_be_asked_again(told.error())) return told.error();
        was_not_reached(told.error());
        if (not pause(between_tries)) return std::nullopt; // give_back() has it
    }
    return task.taken_away();
}

// Also while the worker stops: the answer is there.
result<void> Worker::tell(const std::string& request) const
{
    const Time until    = runtime_.clock.now() + answers_within;
    const auto gives_up = [&] { return stopping_ && runtime_.clock.now() > until; };
    BOOST_OUTCOME_TRY(post_to_door(options_.directory, work_->paths().finish, request, answers_within, gives_up));
    return done();
}

void Worker::keep_leases()
{
    while (pause(options_.lease / heartbeats_of_a_lease)) {
        if (const auto tasks = held(); not tasks.empty()) extend(tasks);
    }
}

// False: the service was not reached.
bool Worker::extend(const std::vector<TaskPtr>& tasks)
{
    const Time asked_at = runtime_.clock.now();
    ExtendRequest request;
    for (const auto& task : tasks) request.held.push_back({task->lease, task->take_report()});
    const auto said   = ask(work_->paths().extend, to_bytes(request), Duration{0});
    const auto answer = said ? message_in<LostLeases>(said.value()) : result<LostLeases>{said.error()};
    if (not answer) {
        was_not_reached(answer.error());
        return false;
    }
    was_reached();
    const auto& lost = answer.value().lost;
    for (const auto& task : tasks) {
        if (std::find(lost.begin(), lost.end(), task->lease) == lost.end()) {
            task->held_until = asked_at + options_.lease;
        } else {
            task->is_lost = true;
            task->stopping.request_stop();
        }
    }
    return true;
}

// A service that is away gives what is held here to nobody else.
bool Worker::is_held(const TaskPtr& task)
{
    while (not task->is_lost) {
        if (runtime_.clock.now() < task->held_until.load()) return true;
        if (not extend({task}) && not pause(between_tries)) return false;
    }
    return false;
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

std::vector<TaskPtr> Worker::held() const
{
    std::vector<TaskPtr> all;
    const std::lock_guard lock{mutex_};
    for (const auto& [lease, task] : held_) all.push_back(task);
    return all;
}

void Worker::give_back()
{
    for (const auto& task : held()) {
        task->is_lost = true;
        static_cast<void>(tell(task->given_back())); // else its lease ends
    }
}

} // namespace eventloom::work
