// How jobs come into the log.
#include "queue_engine.hpp"

#include <fmt/core.h>

namespace eventloom::queues {

namespace {

// Each that fails was another's success.
constexpr unsigned most_tries = 100;

result<EnqueuedJob> enqueued(const Uuid& id, result<Appended> appended)
{
    if (not appended) return std::move(appended.error());
    return EnqueuedJob{id, appended.value().last_position, appended.value().repeated};
}

// The job of this key that was enqueued, or retried, last.
result<std::optional<Uuid>> last_with(const EventStore& store, const std::string& tag)
{
    const auto cursor = store.read({.scope = Scope::tag(tag), .direction = Direction::backwards, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
    return event == nullptr ? std::nullopt : job_of_stream(event->stream);
}

} // namespace

result<detail::PreparedJob> QueueEngine::prepare(detail::NewJob job) const
{
    BOOST_OUTCOME_TRY(check_queue_name(job.queue));
    BOOST_OUTCOME_TRY(check_options(job.options));
    if (job.options.id.is_nil()) job.options.id = runtime_.ids.next();
    add_options(job.event, job.queue, job.options);
    detail::PreparedJob prepared{job.options.id, {}, {}};
    if (job.options.unique) prepared.unique_tag = unique_tag(job.queue, job.options.unique->key);
    prepared.append = {stream_of_job(job.options.id), ExpectedVersion::no_stream(), {std::move(job.event)}};
    return prepared;
}

result<const QueueDefinition*> QueueEngine::find_queue(std::string_view queue) const
{
    if (const auto* definition = definition_of(queue)) return definition;
    std::string names;
    for (const auto& [name, state] : queues_) names += (names.empty() ? "" : ", ") + name;
    return fail(Failure::invalid, "no-such-queue",
                fmt::format("asked for the queue {} and found {}", queue,
                            names.empty() ? "that the program has none" : "only: " + names));
}

result<QueueEngine::FoundType> QueueEngine::find_type(std::string_view type, std::string_view queue) const
{
    if (not queue.empty()) {
        BOOST_OUTCOME_TRY(find_queue(queue));
    }
    std::string names;
    for (const auto& [name, state] : queues_) {
        if (not queue.empty() && name != queue) continue;
        const auto& types = state->definition.jobs.types();
        for (std::size_t place = 0; place < types.size(); ++place) {
            if (types[place].name == type) return FoundType{&state->definition, &types[place], place};
            names.append(names.empty() ? "" : ", ").append(types[place].name);
        }
    }
    return fail(Failure::invalid, "no-such-job-type",
                fmt::format("asked for a job of the type {} and found {}", type,
                            names.empty() ? "that the program has none" : "only: " + names));
}

void QueueEngine::enqueue(detail::NewJob job, EnqueueDone done)
{
    const auto unique = job.options.unique;
    auto prepared     = prepare(std::move(job));
    if (not prepared) return done(std::move(prepared.error()));
    const auto shared = std::make_shared<detail::PreparedJob>(std::move(prepared.value()));
    if (unique) return enqueue_unique(shared, unique->period, std::move(done), most_tries);
    AppendRequest request;
    request.streams.push_back(std::move(shared->append));
    store_.append(std::move(request), [id = shared->id, done = std::move(done)](result<Appended> appended) {
        done(enqueued(id, std::move(appended)));
    });
}

// The log is asked, not the table, which may lag; and the append fails if another has come since it was asked.
void QueueEngine::enqueue_unique(std::shared_ptr<detail::PreparedJob> job, std::chrono::milliseconds period,
                                 EnqueueDone done, unsigned attempts)
{
    const Position head = store_.head();
    const auto find_it  = [&]() -> result<std::optional<EnqueuedJob>> {
        BOOST_OUTCOME_TRY(const auto id, last_with(store_, job->unique_tag));
        if (not id || *id == job->id) return std::optional<EnqueuedJob>{};
        BOOST_OUTCOME_TRY(const auto last, read_job(store_, *id));
        const bool stands = period.count() > 0 ? last.enqueued + period > runtime_.clock.now() : last.is_open();
        if (last.recorded == 0 || not stands) return std::optional<EnqueuedJob>{};
        return std::optional{EnqueuedJob{*id, head, true}};
    };
    auto standing = find_it();
    if (not standing) return done(std::move(standing.error()));
    if (standing.value()) return done(std::move(*standing.value()));
    AppendRequest request;
    request.streams.push_back(job->append);
    request.condition = AppendCondition{.fails_if_matched = {{{.tags = {job->unique_tag}}}}, .after = head};
    store_.append(std::move(request), [weak = weak_from_this(), job, period, done = std::move(done),
                                       attempts](result<Appended> appended) mutable {
        const auto self      = weak.lock();
        const bool was_later = not appended && appended.error().code == "append-condition-failed";
        if (not self || not was_later || attempts <= 1) return done(enqueued(job->id, std::move(appended)));
        self->post([job = std::move(job), period, done = std::move(done), attempts](QueueEngine& engine) {
            engine.enqueue_unique(job, period, done, attempts - 1);
        });
    });
}

} // namespace eventloom::queues
