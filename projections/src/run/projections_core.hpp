// The members of Projections: everything that runs, and its lock.
#pragma once

#include "run/inline_projection.hpp"
#include "run/running_projection.hpp"

#include <mutex>

namespace eventloom {

struct Projections::Core {
    Runtime runtime;
    EventStore& store;
    EventBus& bus;
    std::string directory;
    std::shared_ptr<RowMemory> row_memory;
    bool started = false;
    bool builds  = true;        // versions that are not in their place yet, when it starts
    mutable std::mutex mutex{}; // over `running` and what is in it; not held while a rebuild reads the log
    std::vector<std::unique_ptr<RunningProjection>> running{};

    // False while another thread works on the projections. It does not wait, since that thread may wait for the executor's
    // thread that calls this.
    bool restart(std::string_view name)
    {
        const std::unique_lock lock{mutex, std::try_to_lock};
        if (not lock.owns_lock()) return false;
        if (auto one = find(name); one && started) one.value()->restart();
        return true;
    }

    static void restart_at(const std::weak_ptr<Core>& core, const std::string& name, Time due)
    {
        const auto alive = core.lock();
        if (not alive) return;
        alive->runtime.executor.post_at(due, [core, name] {
            const auto still_alive = core.lock();
            if (not still_alive || still_alive->restart(name)) return;
            restart_at(core, name, still_alive->runtime.clock.now() + std::chrono::milliseconds{100});
        });
    }

    std::unique_ptr<RunningProjection> make(const std::weak_ptr<Core>& core,
                                            const std::shared_ptr<const UntypedProjection>& definition,
                                            const ProjectionOptions& options)
    {
        const std::string& name = definition->name();
        const auto home         = directory + "/" + name;
        if (options.kept_in == RowPlace::log) {
            return std::make_unique<InlineProjection>(runtime, store, bus, home, definition, options);
        }
        auto one = std::make_unique<RunningProjection>(runtime, store, bus, home, definition, options,
                                                       [core, name](Time due) { restart_at(core, name, due); });
        one->share(row_memory);
        return one;
    }

    result<void> check_position(std::string_view name, Position position) const
    {
        const Position head = store.head();
        if (position <= head) return done();
        return fail(Failure::invalid, "no-such-position",
                    "asked for the rows of " + std::string{name} + " at position " + std::to_string(position) +
                        " and found a log that ends at " + std::to_string(head));
    }

    result<RunningProjection*> find(std::string_view name) const
    {
        for (const auto& one : running) {
            if (one->name() == name) return one.get();
        }
        std::string names;
        for (const auto& one : running) names += (names.empty() ? "" : ", ") + one->name();
        return fail(Failure::invalid, "no-such-projection",
                    "asked for the projection \"" + std::string{name} + "\" and found only: " + names);
    }

    result<std::shared_ptr<const UntypedProjection>> definition_of(std::string_view name) const
    {
        const std::lock_guard lock{mutex};
        BOOST_OUTCOME_TRY(const RunningProjection* const one, find(name));
        return one->definition();
    }

    // This program's handlers cannot say anything about rows of an older version.
    result<void> check_no_version_is_built(std::string_view name, const std::string& what) const
    {
        const std::lock_guard lock{mutex};
        BOOST_OUTCOME_TRY(RunningProjection* const one, find(name));
        if (auto why = one->why_not_built()) return std::move(*why);
        if (not one->is_building()) return done();
        return fail(Failure::unavailable, "version-being-built",
                    "asked to " + what + " " + std::string{name} +
                        " and found rows of an older version, while version " +
                        std::to_string(one->definition()->version()) +
                        " is being built; wait until it has replaced them, or rebuild it");
    }
};

} // namespace eventloom
