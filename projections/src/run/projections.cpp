#include <eventloom/projections/detail/projections.hpp>

#include "fold/log_pass.hpp"
#include "prove/explanation.hpp"
#include "prove/verification.hpp"
#include "rows/dead_letters.hpp"
#include "run/inline_projection.hpp"
#include "run/projections_core.hpp"

#include <eventloom/storage/database.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

std::string_view to_string(ProjectionState state)
{
    switch (state) {
    case ProjectionState::idle:
        return "idle";
    case ProjectionState::catching_up:
        return "catching up";
    case ProjectionState::running:
        return "running";
    case ProjectionState::building:
        return "building";
    case ProjectionState::rebuilding:
        return "rebuilding";
    case ProjectionState::waiting:
        return "waiting";
    case ProjectionState::paused:
        return "paused";
    case ProjectionState::failed:
        return "failed";
    }
    return "unnamed";
}

Projections::Projections(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                         const ProjectionsOptions& options)
    : core_{new Core{runtime, store, bus, std::move(directory),
                     std::make_shared<RowMemory>(options.rows_bytes_max, make_block_cache(options.cache_bytes))}}
{
}

Projections::~Projections()
{
    stop();
    const std::lock_guard lock{core_->mutex};
    core_->running.clear(); // those that are part of appends, too
}

result<std::shared_ptr<CurrentModel>> Projections::add_projection(std::shared_ptr<const UntypedProjection> definition,
                                                                  const ProjectionOptions& options)
{
    const std::lock_guard lock{core_->mutex};
    ensure(not core_->started, "a projection was added after start()");
    for (const auto& one : core_->running) {
        if (one->name() != definition->name()) continue;
        return fail(Failure::invalid, "projection-added-twice",
                    "added the projection " + one->name() +
                        " and found that one of this name had been added before; add each once, by a name of its own");
    }
    auto running = core_->make(core_, definition, options);
    BOOST_OUTCOME_TRY(running->open());
    core_->running.push_back(std::move(running));
    return core_->running.back()->current();
}

void Projections::start()
{
    const std::lock_guard lock{core_->mutex};
    if (std::exchange(core_->started, true)) return;
    for (const auto& one : core_->running) {
        if (auto built = core_->builds ? one->build() : done(); not built) one->remember(std::move(built.error()));
        one->follow();
    }
}

void Projections::leave_new_versions_alone()
{
    const std::lock_guard lock{core_->mutex};
    ensure(not core_->started, "asked after start() that nothing be built");
    core_->builds = false;
}

void Projections::stop()
{
    const std::lock_guard lock{core_->mutex};
    if (not std::exchange(core_->started, false)) return;
    for (const auto& one : core_->running) {
        if (auto stopped = one->stop_following(); not stopped) one->remember(std::move(stopped.error()));
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

result<void> Projections::wait_for(Position position, Time deadline, std::span<const std::string> names)
{
    const auto is_wanted = [&](const auto& one) {
        return names.empty() || std::find(names.begin(), names.end(), one->name()) != names.end();
    };
    const auto settled = [&] {
        const std::lock_guard lock{core_->mutex};
        return std::all_of(core_->running.begin(), core_->running.end(), [&](const auto& one) {
            return not is_wanted(one) || one->visible() >= position || one->has_given_up() || one->is_paused() ||
                   one->stands_by();
        });
    };
    const bool in_time = core_->runtime.executor.wait_until(settled, deadline);
    const std::lock_guard lock{core_->mutex};
    for (const auto& one : core_->running) {
        if (not is_wanted(one) || one->visible() >= position) continue;
        if (one->is_paused()) {
            return fail(Failure::unavailable, "projection-paused",
                        fmt::format("waited for position {} and found the projection {} paused at {}; resume it",
                                    position, one->name(), one->visible()));
        }
        auto error = one->error();
        if (error && (one->has_given_up() || one->stands_by())) return std::move(*error);
        if (one->stands_by()) {
            one->refuse_rows(); // do not wait for a version that is not built; later queries return this error
            continue;
        }
        if (not in_time) {
            return fail(Failure::unavailable, "projections-behind",
                        fmt::format("waited for position {} and found the projection {} at {}{}", position, one->name(),
                                    one->visible(),
                                    error ? "; it tries again what failed: " + error->sentence : "; wait longer"));
        }
    }
    return done();
}

result<Projections::Scratch> Projections::begin_scratch(std::string_view name) const
{
    const std::lock_guard lock{core_->mutex};
    BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
    BOOST_OUTCOME_TRY(auto begun, one->begin_scratch());
    return Scratch{one->definition(), one->options(), one->written(), std::move(begun.model), one->copies()};
}

result<ProjectionVerification> Projections::verify(std::string_view name, const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(core_->check_no_version_is_built(name, "verify"));
    BOOST_OUTCOME_TRY(const auto scratch, begin_scratch(name));
    return verify_model(core_->runtime, core_->store, *scratch.definition, *scratch.current, *scratch.empty,
                        scratch.options, progress);
}

result<Explanation> Projections::explain(std::string_view name, const RowName& row, const VisitRowChange& visit,
                                         const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto scratch, begin_scratch(name));
    return explain_row(core_->store, *scratch.definition, row, *scratch.current, *scratch.empty, visit, progress);
}

result<RowsAsJson> Projections::as_of(std::string_view name, Position position, const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto scratch, begin_scratch(name));
    BOOST_OUTCOME_TRY(core_->check_position(name, position));
    if (scratch.copies) {
        BOOST_OUTCOME_TRY(const auto copy, scratch.copies->newest_up_to(position));
        if (copy) {
            BOOST_OUTCOME_TRY(copy_rows(*copy, scratch.empty));
        }
    }
    LogFold fold{core_->store, *scratch.definition, *scratch.empty, scratch.options};
    BOOST_OUTCOME_TRY(catch_up(core_->runtime, core_->store, fold, position, progress));
    return RowsAsJson{scratch.definition, *scratch.empty};
}

result<std::optional<std::string>> Projections::row_as_of(std::string_view name, const RowName& row, Position position,
                                                          const LogProgress& progress)
{
    std::unique_lock lock{core_->mutex};
    BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
    const RowsAsJson now{one->definition(), *one->current()->get()}; // only what was parked there is asked for
    lock.unlock();
    BOOST_OUTCOME_TRY(find_table(now.definition(), row.table));
    BOOST_OUTCOME_TRY(core_->check_position(name, position));
    if (now.definition().has_a_stream_for_each_row()) {
        return row_of_stream_as_of(core_->store, now.definition(), row.key, now.view(), position);
    }
    BOOST_OUTCOME_TRY(const auto then, as_of(name, position, progress));
    return then.row(row);
}

result<RowsAsJson> Projections::rows_now(std::string_view name) const
{
    const std::lock_guard lock{core_->mutex};
    BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
    if (auto why = one->why_no_rows()) return std::move(*why);
    return RowsAsJson{one->definition(), *one->current()->get()};
}

std::vector<std::shared_ptr<const UntypedProjection>> Projections::definitions() const
{
    const std::lock_guard lock{core_->mutex};
    std::vector<std::shared_ptr<const UntypedProjection>> all;
    for (const auto& one : core_->running) all.push_back(one->definition());
    return all;
}

result<std::vector<DeadLetter>> Projections::dead_letters(std::string_view name) const
{
    const std::lock_guard lock{core_->mutex};
    BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
    return dead_letters_in(*one->written()->view());
}

result<void> Projections::pause(std::string_view name)
{
    const std::lock_guard lock{core_->mutex};
    BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
    return one->set_paused(true);
}

result<void> Projections::resume(std::string_view name)
{
    const std::lock_guard lock{core_->mutex};
    BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
    BOOST_OUTCOME_TRY(one->stop_following());
    BOOST_OUTCOME_TRY(one->set_paused(false));
    if (core_->started) one->follow();
    return done();
}

result<void> Projections::drop(std::string_view name)
{
    BOOST_OUTCOME_TRY(const auto others, left_behind());
    std::unique_lock lock{core_->mutex};
    if (std::find(others.begin(), others.end(), name) != others.end()) {
        BOOST_OUTCOME_TRY(InlineGenerations(core_->store, name).remove_all());
        return Generations{core_->runtime, core_->directory + "/" + std::string{name}}.remove_all();
    }
    BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
    if (one->is_inline()) {
        // Appends need its rows, so they are built again while queries see the present ones.
        lock.unlock();
        BOOST_OUTCOME_TRY(rebuild(name));
        return done();
    }
    if (one->rebuilding) {
        return fail(Failure::unavailable, "rebuild-under-way",
                    "asked to drop " + std::string{name} + " and found that a rebuild of it is running; wait for it");
    }
    BOOST_OUTCOME_TRY(const auto begun, one->begin_generation());
    BOOST_OUTCOME_TRY(one->stop_following());
    auto replaced = one->replace(begun);
    if (core_->started) one->follow();
    return replaced;
}

std::vector<std::string> Projections::hearing_personal_data() const
{
    const std::lock_guard lock{core_->mutex};
    std::vector<std::string> names;
    for (const auto& one : core_->running) {
        if (one->definition()->hears_personal_data()) names.push_back(one->name());
    }
    std::sort(names.begin(), names.end());
    return names;
}

result<std::vector<std::string>> Projections::left_behind() const
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(core_->runtime, core_->directory));
    BOOST_OUTCOME_TRY(auto others, InlineGenerations::projections_in(core_->store));
    std::erase_if(others, [&](const std::string& name) {
        const std::lock_guard lock{core_->mutex};
        return core_->find(name).has_value();
    });
    for (const std::string& name : names) {
        if (not row_keys::is_projection_name(name)) continue;
        const std::lock_guard lock{core_->mutex};
        if (core_->find(name)) continue;
        BOOST_OUTCOME_TRY(const auto current, read_file(core_->runtime, core_->directory + "/" + name + "/current"));
        if (current) others.push_back(name);
    }
    std::sort(others.begin(), others.end());
    others.erase(std::unique(others.begin(), others.end()), others.end());
    return others;
}

} // namespace eventloom
