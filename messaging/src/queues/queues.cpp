#include <eventloom/messaging/queues.hpp>

#include "queue_engine.hpp"

#include <eventloom/framework/event_codec.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

// A blocking call that goes through the form with a completion: the simulated executor runs what is left to do meanwhile.
template <class T>
class Answer {
public:
    explicit Answer(Executor& executor) : state_{std::make_shared<State>()}, executor_{executor} {}

    auto taker() const
    {
        return [state = state_, &executor = executor_](result<T> answer) {
            {
                const std::lock_guard lock{state->mutex};
                state->answer = std::move(answer);
            }
            executor.wake();
        };
    }
    result<T> wait() const
    {
        executor_.wait_until(
            [this] {
                const std::lock_guard lock{state_->mutex};
                return state_->answer.has_value();
            },
            Time::max());
        const std::lock_guard lock{state_->mutex};
        return std::move(*state_->answer);
    }

private:
    struct State {
        std::mutex mutex;
        std::optional<result<T>> answer;
    };
    std::shared_ptr<State> state_;
    Executor& executor_;
};

} // namespace

Error detail::job_form_gives_no_job(const RecordedEvent& job)
{
    return {Failure::invalid, "job-form-gives-no-job",
            fmt::format(
                "read the job {} of the type {} and found that the upcast of its form does not give exactly one job "
                "of the queue; a job that has changed becomes one job",
                job.stream, job.type)};
}

Error detail::job_answers_missing(std::size_t jobs, std::size_t answers)
{
    return {Failure::defect, "answers-missing",
            fmt::format("gave a handler {} jobs together and found {} answers; it answers for each job, in their order",
                        jobs, answers)};
}

Queues::Queues(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus, std::string directory)
    : runtime_{runtime}, commands_{commands},
      engine_{std::make_shared<queues::QueueEngine>(runtime, store, commands, bus, std::move(directory))}
{
}

Queues::~Queues()
{
    stop();
}

void Queues::add_queue(std::string name, detail::FactList jobs, QueueOptions options, AnyJobHandler handler)
{
    engine_->add({std::move(name), jobs, options, std::move(handler)});
}

void Queues::add_recurring(std::string name, std::string queue, Recurrence when,
                           std::function<detail::NewJob(Time occurrence)> make, Missed missed)
{
    engine_->recur({std::move(name), std::move(queue), std::move(when), std::move(make), missed});
}

result<std::vector<RecurringJob>> Queues::recurring() const
{
    return engine_->recurring();
}

result<EnqueuedJob> Queues::enqueue_now(detail::NewJob job)
{
    const Answer<EnqueuedJob> answer{runtime_.executor};
    engine_->enqueue(std::move(job), answer.taker());
    return answer.wait();
}

void Queues::enqueue_later(detail::NewJob job, EnqueueDone done)
{
    engine_->enqueue(std::move(job), std::move(done));
}

void Queues::send_with(const detail::CommandType& type, std::string to, std::shared_ptr<const void> command,
                       SendOptions options, detail::NewJob job, CommandDone done)
{
    if (job.options.unique) {
        return done(Error{Failure::invalid, "unique-job-beside-command",
                          "sent a command with a unique job beside it; enqueue a unique job by itself"});
    }
    // A command that comes again has the same job: the append is recognised as a whole.
    if (job.options.id.is_nil() && not options.command_id.is_nil()) {
        job.options.id = derived_uuid({"job-of-command", to_string(options.command_id), job.queue, job.event.type});
    }
    if (job.options.correlation.is_nil()) job.options.correlation = options.correlation;
    if (job.options.causation.is_nil()) job.options.causation = options.command_id;
    auto prepared = engine_->prepare(std::move(job));
    if (not prepared) return done(std::move(prepared.error()));
    commands_.send(type, std::move(to), std::move(command), std::move(options), std::move(prepared.value().append),
                   std::move(done));
}

result<Receipt> Queues::send_and_wait(const detail::CommandType& type, std::string to,
                                      std::shared_ptr<const void> command, SendOptions options, detail::NewJob job)
{
    const Answer<Receipt> answer{runtime_.executor};
    send_with(type, std::move(to), std::move(command), std::move(options), std::move(job), answer.taker());
    return answer.wait();
}

result<EnqueuedJob> Queues::enqueue(std::string_view type, const FillJob& fill, JobOptions options,
                                    std::string_view queue)
{
    BOOST_OUTCOME_TRY(const auto found, engine_->find_type(type, queue));
    detail::NewJob job{found.queue->name, {}, std::move(options)};
    const detail::StructForm& form = found.type->forms[found.type->schema_version - 1];
    const auto make                = [&](std::size_t, const void* made) -> result<void> {
        // It was made for this call, and is nobody else's.
        BOOST_OUTCOME_TRY(fill(*form.type, const_cast<void*>(made)));
        job.event = detail::encoded_fact(found.queue->jobs, found.place, made);
        return done();
    };
    BOOST_OUTCOME_TRY(form.make(make));
    return enqueue_now(std::move(job));
}

result<detail::PreparedJob> Queues::prepare(detail::NewJob job) const
{
    return engine_->prepare(std::move(job));
}

// clang-format off
result<void> Queues::start() { return engine_->start(); }
result<void> Queues::open() { return engine_->open(); }
void Queues::stop() { engine_->stop(); }
bool Queues::settle(Time deadline) { return engine_->settle(deadline); }
result<JobDetails> Queues::show(const Uuid& id) const { return engine_->show(id); }
result<std::string> Queues::why(const Uuid& id) const { return engine_->why(id); }
bool Queues::empty() const { return engine_->empty(); }
result<Position> Queues::position() const { return engine_->position(); }
std::optional<Error> Queues::error() const { return engine_->error(); }
// clang-format on

void Queues::pull(PullJobs wanted, PullDone done)
{
    engine_->pull(std::move(wanted), std::move(done));
}

result<std::vector<Lease>> Queues::extend(const std::vector<HeldLease>& held)
{
    return engine_->extend(held);
}

void Queues::finish(const Lease& lease, result<JobDone> answer, std::function<void(result<void>)> done)
{
    engine_->finish(lease, std::move(answer), std::move(done));
}

result<QueueHandler> Queues::handler_of(std::string_view queue) const
{
    BOOST_OUTCOME_TRY(const auto* const definition, engine_->find_queue(queue));
    return QueueHandler{definition->options.workers, definition->handler};
}

void Queues::work_only_elsewhere()
{
    engine_->work_only_elsewhere();
}

result<void> Queues::check_may_lose_history(std::string_view stream) const
{
    return engine_->check_may_lose_history(stream);
}

result<std::vector<JobStatus>> Queues::list(const JobFilter& filter, std::size_t limit) const
{
    return engine_->list_jobs(filter, limit);
}

result<std::vector<QueueStatus>> Queues::list_queues() const
{
    return engine_->list_queues();
}

result<QueueStatus> Queues::status(std::string_view queue) const
{
    return engine_->status(queue);
}

result<void> Queues::cancel(const Uuid& id, std::string_view because)
{
    return engine_->cancel(id, std::string{because});
}

result<void> Queues::retry(const Uuid& id, std::string_view because)
{
    return engine_->retry(id, std::string{because});
}

result<void> Queues::discard(const Uuid& id, std::string_view because)
{
    return engine_->discard(id, std::string{because});
}

result<void> Queues::promote(const Uuid& id, std::string_view because)
{
    return engine_->promote(id, std::string{because});
}

result<void> Queues::edit(const Uuid& id, std::uint32_t schema_version, std::string_view data, std::string_view because)
{
    return engine_->edit(id, schema_version, std::string{data}, std::string{because});
}

result<RecordedEvent> Queues::first_event(const Uuid& id) const
{
    return engine_->first_event(id);
}

result<QueueLimits> Queues::limit(std::string_view queue, const QueueLimits& limits, std::string_view because)
{
    return engine_->limit(std::string{queue}, limits, std::string{because});
}

result<void> Queues::pause(std::string_view queue, std::string_view because, Time until)
{
    return engine_->pause(std::string{queue}, until, std::string{because});
}

result<void> Queues::resume(std::string_view queue, std::string_view because)
{
    return engine_->resume(std::string{queue}, std::string{because});
}

} // namespace eventloom
