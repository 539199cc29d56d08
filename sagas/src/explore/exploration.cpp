// Which runs are made, in which order, and what is said of them.
#include <eventloom/sagas/explore.hpp>

#include "explored_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <unordered_set>

namespace eventloom {

namespace {

using Script = std::vector<Deviation>;

FoundMistake mistake_of(const RunTrace& trace, const Script& script)
{
    FoundMistake found{.what = *trace.mistake, .deviations = script, .path = {}, .history = trace.history};
    for (const Deviation& deviation : script) {
        if (deviation.point >= trace.points.size()) continue;
        const auto& point = trace.points[deviation.point];
        found.path.push_back(fmt::format("point {}: {}: {}", deviation.point, point.what, point.options[point.chosen]));
    }
    return found;
}

// Breadth first, by the number of deviations: what is found first has the shortest path.
class Search {
public:
    Search(const detail::ExplorationPlan& plan, const ExplorationLimits& limits) : plan_{plan}, limits_{limits} {}

    ExplorationReport run()
    {
        const auto began = std::chrono::steady_clock::now();
        const auto spent = [&] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        };
        waiting_.push_back({});
        while (not waiting_.empty() && not report_.mistake && report_.runs < limits_.runs &&
               spent() < limits_.seconds) {
            const Script script = std::move(waiting_.front());
            waiting_.pop_front();
            try_one(script);
        }
        report_.seconds = spent();
        if (not waiting_.empty()) not_made_ = std::min(not_made_, waiting_.front().size());
        report_.is_exhaustive = not report_.mistake && not_made_ == none;
        report_.whole =
            static_cast<unsigned>(std::min<std::size_t>(not_made_, most_deviations_ + 1) - (not_made_ == 0 ? 0 : 1));
        return std::move(report_);
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    void try_one(const Script& script)
    {
        const RunTrace trace = explored_run(plan_, script);
        ++report_.runs;
        report_.points   = std::max<std::uint64_t>(report_.points, trace.points.size());
        most_deviations_ = std::max(most_deviations_, script.size());
        if (trace.mistake) {
            report_.mistake = mistake_of(trace, script);
        } else if (seen_.insert(trace.fingerprint).second) {
            add_longer(script, trace);
        }
    }

    void add_longer(const Script& script, const RunTrace& trace)
    {
        const auto first = script.empty() ? 0 : script.back().point + 1;
        for (auto point = first; point < trace.points.size(); ++point) {
            const auto options = trace.points[point].options.size();
            for (std::uint32_t option = 1; option < options; ++option) {
                // What would not have its turn is not kept.
                if (script.size() == limits_.deviations || report_.runs + waiting_.size() >= limits_.runs) {
                    not_made_ = std::min(not_made_, script.size() + 1);
                    return;
                }
                waiting_.push_back(script);
                waiting_.back().push_back({point, option});
            }
        }
    }

    const detail::ExplorationPlan& plan_;
    const ExplorationLimits limits_;
    ExplorationReport report_;
    std::deque<Script> waiting_;
    std::unordered_set<std::uint64_t> seen_;
    std::size_t most_deviations_ = 0;
    std::size_t not_made_        = none; // the fewest deviations of a run that was not made
};

std::string text_of(const FoundMistake& mistake)
{
    std::string text = mistake.what + "\n";
    text += mistake.path.empty() ? "when nothing goes wrong\n" : "after\n";
    for (const auto& line : mistake.path) text += "    " + line + "\n";
    text += "to see it again:\n    CHECK(exploration.replay({";
    for (const Deviation& one : mistake.deviations) {
        text += fmt::format("{}{{{}, {}}}", &one == mistake.deviations.data() ? "" : ", ", one.point, one.option);
    }
    text += "}).is_clean());\nwhat happened:\n";
    for (const auto& line : mistake.history) text += "    " + line + "\n";
    return text;
}

} // namespace

ExplorationReport Exploration::run(ExplorationLimits limits) const
{
    return Search{plan_, limits}.run();
}

ExplorationReport Exploration::replay(const std::vector<Deviation>& deviations) const
{
    const RunTrace trace = explored_run(plan_, deviations);
    ExplorationReport report{.runs = 1, .points = trace.points.size(), .mistake = {}};
    if (trace.mistake) report.mistake = mistake_of(trace, deviations);
    return report;
}

std::string ExplorationReport::text() const
{
    if (mistake) return fmt::format("in run {}: {}", runs, text_of(*mistake));
    const auto seen =
        is_exhaustive ? std::string{"which are all"} : fmt::format("among them all with up to {} deviations", whole);
    return fmt::format("no mistake in {} runs of up to {} points, {}, in {:.1f} s ({:.0f} runs a second)", runs, points,
                       seen, seconds, seconds > 0 ? static_cast<double>(runs) / seconds : 0.0);
}

} // namespace eventloom
