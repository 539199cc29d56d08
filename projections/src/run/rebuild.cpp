// Builds read models again while queries see the old ones.
#include "fold/log_pass.hpp"
#include "rows/dead_letters.hpp"
#include "run/projections_core.hpp"

#include <deque>

namespace eventloom {

// Builds new copies beside the read models that answer, all of them from one reading of the log, and puts each in its place
// when it has caught up. One that fails holds up no other.
class Projections::Rebuild {
public:
    explicit Rebuild(Core& core) : core_{core} {}

    ~Rebuild()
    {
        const std::lock_guard lock{core_.mutex};
        for (const Copy& copy : copies_) {
            copy.of->rebuilding = false;
            static_cast<void>(copy.of->clear_away()); // what stays goes at the next start
        }
    }

    result<void> begin(std::span<const std::string> names)
    {
        const std::lock_guard lock{core_.mutex};
        for (const std::string& name : names) {
            BOOST_OUTCOME_TRY(begin_one(name));
        }
        return done();
    }

    // One alone, without the event at a position.
    result<void> begin_without(std::string_view name, Position left_out)
    {
        const std::lock_guard lock{core_.mutex};
        BOOST_OUTCOME_TRY(begin_one(name));
        ModelBatch batch;
        leave_out(batch, left_out);
        return copies_.back().generation.model->write(batch, 0);
    }

    // Without a lock, while queries go on: most of the time goes here.
    void build(const LogProgress& progress) { catch_up(core_.store.head(), progress); }

    std::vector<RebuildReport> swap()
    {
        std::vector<RebuildReport> reports;
        const std::lock_guard lock{core_.mutex};
        for (Copy& copy : copies_) {
            RebuildReport report{.name = copy.of->name(), .events = 0, .rows = 0, .error = std::nullopt};
            if (auto swapped = swap(copy, report); not swapped) report.error = std::move(swapped.error());
            reports.push_back(std::move(report));
        }
        return reports;
    }

private:
    struct Copy {
        RunningProjection* of;
        RunningProjection::NewGeneration generation;
        std::optional<Error> error;
    };

    result<void> begin_one(std::string_view name)
    {
        BOOST_OUTCOME_TRY(RunningProjection* const one, core_.find(name));
        if (one->rebuilding) {
            return fail(Failure::unavailable, "rebuild-under-way",
                        "asked to rebuild " + one->name() +
                            " and found that a rebuild of it is running, or that its name was given twice; wait for "
                            "it, or give the name once");
        }
        BOOST_OUTCOME_TRY(auto generation, one->begin_generation());
        one->rebuilding = true;
        copies_.push_back({one, std::move(generation), {}});
        return done();
    }

    void catch_up(Position head, const LogProgress& progress)
    {
        std::deque<LogFold> folds;
        LogPass pass{core_.runtime, core_.store};
        for (const Copy& copy : copies_) {
            auto& fold =
                folds.emplace_back(core_.store, *copy.of->definition(), *copy.generation.model, copy.of->options());
            fold.keep_copies(copy.generation.copies);
            pass.add(fold);
        }
        auto ends = pass.run(head, progress);
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (not ends[i]) copies_[i].error = std::move(ends[i].error());
        }
    }

    // What was appended meanwhile, with the follower standing still; then the new copy answers.
    result<void> swap(Copy& copy, RebuildReport& report)
    {
        if (copy.error) return *copy.error;
        auto caught_up = copy.of->catch_up_and_replace(copy.generation);
        if (core_.started) copy.of->follow();
        BOOST_OUTCOME_TRY(report.events, std::move(caught_up));
        report.rows = copy.generation.model->rows();
        return done();
    }

    Core& core_;
    std::vector<Copy> copies_;
};

result<RebuildReport> Projections::rebuild(std::string_view name, const LogProgress& progress)
{
    const std::string names[] = {std::string{name}};
    BOOST_OUTCOME_TRY(auto reports, rebuild(names, progress));
    if (reports.front().error) return std::move(*reports.front().error);
    return std::move(reports.front());
}

result<std::vector<RebuildReport>> Projections::rebuild(std::span<const std::string> names, const LogProgress& progress)
{
    Rebuild rebuild{*core_};
    BOOST_OUTCOME_TRY(rebuild.begin(names));
    rebuild.build(progress);
    return rebuild.swap();
}

result<void> Projections::discard_dead_letter(std::string_view name, Position position, const LogProgress& progress)
{
    {
        const std::lock_guard lock{core_->mutex};
        BOOST_OUTCOME_TRY(RunningProjection* const one, core_->find(name));
        if (auto why = one->why_not_built()) return std::move(*why);
        if (one->rebuilding) {
            return fail(Failure::unavailable, "rebuild-under-way",
                        "asked to discard a dead letter of " + std::string{name} +
                            " and found that a rebuild of it is running; wait for it");
        }
        BOOST_OUTCOME_TRY(const bool is_waited_for, one->is_waited_for(position));
        if (not is_waited_for) {
            auto left_out = one->leave_out(position);
            if (core_->started) one->follow();
            return left_out;
        }
    }
    Rebuild rebuild{*core_};
    BOOST_OUTCOME_TRY(rebuild.begin_without(name, position));
    rebuild.build(progress);
    auto report = std::move(rebuild.swap().front());
    return report.error ? result<void>{std::move(*report.error)} : done();
}

} // namespace eventloom
