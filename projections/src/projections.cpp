#include <eventloom/projections/projections.hpp>

#include "explanation.hpp"
#include "generations.hpp"
#include "log_fold.hpp"
#include "verification.hpp"

#include <algorithm>
#include <mutex>

namespace eventloom {

std::string_view to_string(ProjectionState state)
{
    switch (state) {
    case ProjectionState::stopped:
        return "stopped";
    case ProjectionState::catching_up:
        return "catching up";
    case ProjectionState::running:
        return "running";
    case ProjectionState::rebuilding:
        return "rebuilding";
    case ProjectionState::failed:
        return "failed";
    }
    return "unnamed";
}

// One projection: its definition, the read model that answers, and the subscription that feeds it.
struct Projections::Running {
    Running(const Runtime& runtime, std::string directory, std::shared_ptr<const Projection> what)
        : definition{std::move(what)}, generations{runtime, std::move(directory)}, current{
                                                                                       std::make_shared<CurrentModel>()}
    {
    }

    result<std::shared_ptr<ReadModel>> open(const Runtime& runtime, std::uint64_t number) const
    {
        auto model = ReadModel::open(runtime, generations.directory_of(number), definition->version());
        if (model) return std::shared_ptr<ReadModel>{std::move(model.value())};
        Error error = std::move(model.error());
        if (error.kind == Failure::corrupt) {
            error.sentence +=
                "; remove that directory with the file `current` beside it, and the next start builds it anew";
        }
        return error;
    }

    // An empty read model beside the one that answers. It goes when nobody has it any more, unless it is told to stay.
    result<std::pair<std::uint64_t, std::shared_ptr<ReadModel>>> begin_beside(const Runtime& runtime) const
    {
        BOOST_OUTCOME_TRY(const auto unused, generations.unused_number());
        BOOST_OUTCOME_TRY(auto model, open(runtime, unused));
        model->remove_when_done();
        return std::pair{unused, std::move(model)};
    }

    // From here on this one answers, also after a restart.
    result<void> replace(std::uint64_t by_number, const std::shared_ptr<ReadModel>& model)
    {
        BOOST_OUTCOME_TRY(generations.make_current({by_number, definition->version()}));
        model->keep();
        current->get()->remove_when_done();
        number = by_number;
        failure.reset();
        current->replace(model);
        return done();
    }

    // Opens the generation that answers, or begins the first one, or one of a newer version.
    result<void> open_current(const Runtime& runtime, Position head)
    {
        BOOST_OUTCOME_TRY(const auto stored, generations.current());
        if (stored && stored->projection_version > definition->version()) {
            return fail(Failure::corrupt, "newer-read-model",
                        "opened the projection " + definition->name() + " as version " +
                            std::to_string(definition->version()) + " and found version " +
                            std::to_string(stored->projection_version) + "; run the newer program, or rebuild with it");
        }
        const bool usable = stored && stored->projection_version == definition->version();
        if (not usable) {
            BOOST_OUTCOME_TRY(number, generations.unused_number());
        } else {
            number = stored->number;
        }
        BOOST_OUTCOME_TRY(auto model, open(runtime, number));
        if (model->checkpoint() > head) {
            return fail(Failure::corrupt, "log-behind-read-model",
                        "opened the projection " + definition->name() + " at position " +
                            std::to_string(model->checkpoint()) + " and found a log that ends at " +
                            std::to_string(head) + "; the log was restored: remove the read model's directory");
        }
        if (not usable) {
            BOOST_OUTCOME_TRY(generations.make_current({number, definition->version()}));
        }
        BOOST_OUTCOME_TRY(generations.remove_others(number));
        current->replace(std::move(model));
        return done();
    }

    // Follows the log from the checkpoint on.
    void follow(EventBus& bus)
    {
        auto model   = current->get();
        fold         = std::make_shared<LogFold>(*definition, *model);
        subscription = bus.subscribe({.name             = definition->name(),
                                      .scope            = scope_of(*definition),
                                      .types            = definition->types(),
                                      .after            = model->checkpoint(),
                                      .batch_events_max = 4096},
                                     [fold = fold, model](const Delivery& delivery) {
                                         return fold->handle(delivery.events, delivery.position);
                                     });
    }

    result<void> stop_following()
    {
        if (not subscription) return done();
        subscription->stop();
        const bool failed = subscription->error().has_value();
        if (failed) failure = subscription->error();
        subscription.reset();
        const auto last = std::exchange(fold, nullptr);
        if (failed) return done();
        return last->keep_checkpoint();
    }

    Position reached() const { return subscription ? subscription->position() : current->get()->checkpoint(); }

    std::optional<Error> error() const
    {
        if (subscription) {
            if (auto stopped_by = subscription->error()) return stopped_by;
        }
        return failure;
    }

    ProjectionStatus status(Position head) const
    {
        const auto model = current->get();
        ProjectionStatus status{.name     = definition->name(),
                                .version  = definition->version(),
                                .state    = ProjectionState::stopped,
                                .position = std::max(model->checkpoint(), reached()),
                                .lag      = 0,
                                .rows     = model->rows(),
                                .error    = error()};
        status.lag = head - std::min(head, status.position);
        if (status.error) {
            status.state = ProjectionState::failed;
        } else if (rebuilding) {
            status.state = ProjectionState::rebuilding;
        } else if (subscription) {
            status.state = status.lag == 0 ? ProjectionState::running : ProjectionState::catching_up;
        }
        return status;
    }

    std::shared_ptr<const Projection> definition;
    Generations generations;
    std::shared_ptr<CurrentModel> current;
    std::uint64_t number = 0; // of the generation that answers
    std::shared_ptr<LogFold> fold;
    std::shared_ptr<Subscription> subscription;
    std::optional<Error> failure; // of a subscription that has ended
    bool rebuilding = false;
};

struct Projections::Core {
    Runtime runtime;
    EventStore& store;
    EventBus& bus;
    std::string directory;
    bool started = false;
    mutable std::mutex mutex; // over `running` and what is in it; not held while a rebuild reads the log
    std::vector<std::unique_ptr<Running>> running;

    result<Running*> find(std::string_view name) const
    {
        for (const auto& one : running) {
            if (one->definition->name() == name) return one.get();
        }
        std::string names;
        for (const auto& one : running) names += (names.empty() ? "" : ", ") + one->definition->name();
        return fail(Failure::invalid, "no-such-projection",
                    "asked for the projection \"" + std::string{name} + "\" and found only: " + names);
    }
};

Projections::Projections(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory)
    : core_{new Core{runtime, store, bus, std::move(directory), false, {}, {}}}
{
}

Projections::~Projections()
{
    stop();
}

result<std::shared_ptr<CurrentModel>> Projections::add_projection(std::shared_ptr<const Projection> definition)
{
    const std::lock_guard lock{core_->mutex};
    ensure(not core_->started, "a projection was added after start()");
    for (const auto& one : core_->running) {
        ensure(one->definition->name() != definition->name(), "two projections have one name");
    }
    auto running =
        std::make_unique<Running>(core_->runtime, core_->directory + "/" + definition->name(), std::move(definition));
    BOOST_OUTCOME_TRY(running->open_current(core_->runtime, core_->store.head()));
    core_->running.push_back(std::move(running));
    return core_->running.back()->current;
}

void Projections::start()
{
    const std::lock_guard lock{core_->mutex};
    if (std::exchange(core_->started, true)) return;
    for (const auto& one : core_->running) one->follow(core_->bus);
}

void Projections::stop()
{
    const std::lock_guard lock{core_->mutex};
    if (not std::exchange(core_->started, false)) return;
    for (const auto& one : core_->running) {
        if (auto stopped = one->stop_following(); not stopped) one->failure = std::move(stopped.error());
    }
}

std::vector<ProjectionStatus> Projections::status() const
{
    const Position head = core_->store.head();
    const std::lock_guard lock{core_->mutex};
    std::vector<ProjectionStatus> all;
    for (const auto& one : core_->running) all.push_back(one->status(head));
    return all;
}

result<void> Projections::wait_for(Position position, Time deadline)
{
    const auto settled = [&] {
        const std::lock_guard lock{core_->mutex};
        return std::all_of(core_->running.begin(), core_->running.end(),
                           [&](const auto& one) { return one->reached() >= position || one->error(); });
    };
    const bool in_time = core_->runtime.executor.wait_until(settled, deadline);
    const std::lock_guard lock{core_->mutex};
    for (const auto& one : core_->running) {
        if (one->reached() >= position) continue;
        if (auto error = one->error()) return std::move(*error);
        if (not in_time) {
            return fail(Failure::unavailable, "projections-behind",
                        "waited for position " + std::to_string(position) + " and found the projection " +
                            one->definition->name() + " at " + std::to_string(one->reached()) + "; wait longer");
        }
    }
    return done();
}

result<RebuildReport> Projections::rebuild(std::string_view name, const LogProgress& progress)
{
    std::unique_lock lock{core_->mutex};
    BOOST_OUTCOME_TRY(Running* const one, core_->find(name));
    if (one->rebuilding) {
        return fail(Failure::unavailable, "rebuild-under-way",
                    "asked to rebuild " + std::string{name} + " and found a rebuild of it under way; wait for it");
    }
    one->rebuilding   = true;
    const auto finish = [&](auto answer) {
        one->rebuilding = false;
        return answer;
    };
    auto begun = one->begin_beside(core_->runtime);
    if (not begun) return finish(result<RebuildReport>{std::move(begun.error())});
    const auto [number, model] = std::move(begun.value());
    lock.unlock();

    // Beside the read model that answers, without a lock: most of the time goes here.
    auto built = LogFold{*one->definition, *model}.catch_up(core_->store, core_->store.head(), progress);
    lock.lock();
    if (not built) return finish(result<RebuildReport>{std::move(built.error())});

    // What was appended meanwhile, with the follower standing still; then the swap.
    const auto swap = [&, number = number, model = model]() -> result<RebuildReport> {
        BOOST_OUTCOME_TRY(one->stop_following());
        const Position head = core_->store.head();
        LogFold fold{*one->definition, *model};
        BOOST_OUTCOME_TRY(fold.catch_up(core_->store, head, {}));
        BOOST_OUTCOME_TRY(one->replace(number, model));
        return RebuildReport{.events = head, .rows = model->rows()};
    };
    auto swapped = swap();
    if (core_->started) one->follow(core_->bus);
    return finish(std::move(swapped));
}

result<Projections::Beside> Projections::beside(std::string_view name) const
{
    const std::lock_guard lock{core_->mutex};
    BOOST_OUTCOME_TRY(Running* const one, core_->find(name));
    BOOST_OUTCOME_TRY(auto begun, one->begin_beside(core_->runtime));
    return Beside{one->definition, one->current->get(), std::move(begun.second)};
}

result<ProjectionVerification> Projections::verify(std::string_view name, const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto both, beside(name));
    return verify_model(core_->store, *both.definition, *both.current, *both.empty, progress);
}

result<Explanation> Projections::explain(std::string_view name, const RowName& row, const VisitRowChange& visit,
                                         const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto both, beside(name));
    return explain_row(core_->store, *both.definition, row, both.current->checkpoint(), *both.empty, visit, progress);
}

result<RowsAsJson> Projections::as_of(std::string_view name, Position position, const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto both, beside(name));
    if (const Position head = core_->store.head(); position > head) {
        return fail(Failure::invalid, "no-such-position",
                    "asked for the rows of " + std::string{name} + " at position " + std::to_string(position) +
                        " and found a log that ends at " + std::to_string(head));
    }
    LogFold fold{*both.definition, *both.empty};
    BOOST_OUTCOME_TRY(fold.catch_up(core_->store, position, progress));
    return RowsAsJson{both.definition, both.empty};
}

result<RowsAsJson> Projections::rows_now(std::string_view name) const
{
    const std::lock_guard lock{core_->mutex};
    BOOST_OUTCOME_TRY(Running* const one, core_->find(name));
    return RowsAsJson{one->definition, one->current->get()};
}

result<void> Projections::drop(std::string_view name)
{
    BOOST_OUTCOME_TRY(const auto others, left_behind());
    const std::lock_guard lock{core_->mutex};
    if (std::find(others.begin(), others.end(), name) != others.end()) {
        return Generations{core_->runtime, core_->directory + "/" + std::string{name}}.remove_all();
    }
    BOOST_OUTCOME_TRY(Running* const one, core_->find(name));
    if (one->rebuilding) {
        return fail(Failure::unavailable, "rebuild-under-way",
                    "asked to drop " + std::string{name} + " and found a rebuild of it under way; wait for it");
    }
    BOOST_OUTCOME_TRY(const auto begun, one->begin_beside(core_->runtime));
    BOOST_OUTCOME_TRY(one->stop_following());
    auto replaced = one->replace(begun.first, begun.second);
    if (core_->started) one->follow(core_->bus);
    return replaced;
}

result<std::vector<std::string>> Projections::left_behind() const
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(core_->runtime, core_->directory));
    std::vector<std::string> others;
    for (const std::string& name : names) {
        if (not row_keys::is_projection_name(name)) continue;
        const std::lock_guard lock{core_->mutex};
        if (core_->find(name)) continue;
        BOOST_OUTCOME_TRY(const auto current, read_file(core_->runtime, core_->directory + "/" + name + "/current"));
        if (current) others.push_back(name);
    }
    std::sort(others.begin(), others.end());
    return others;
}

} // namespace eventloom
