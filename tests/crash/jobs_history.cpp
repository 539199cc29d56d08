#include "jobs_history.hpp"

#include <map>

namespace eventloom::testing {

namespace {

struct SeenJob {
    enum class State : std::uint8_t { none, open, dead, ended };
    State state    = State::none;
    bool is_begun  = false; // an attempt has begun, and has no end
    bool completed = false;
    std::string tag;
};

class SeenJobs {
public:
    // False: it cannot be.
    bool see(const RecordedEvent& event)
    {
        using State  = SeenJob::State;
        SeenJob& job = jobs[event.stream];
        if (event.version == 0) {
            for (const auto& tag : event.metadata.tags) job.tag = tag;
            return becomes(event.stream, State::none, State::open);
        }
        if (event.type == "job-begun" || event.type == "job-leased") {
            return job.state == State::open && not std::exchange(job.is_begun, true);
        }
        if (event.type == "job-completed") {
            job.completed = true;
            return becomes(event.stream, State::open, State::ended);
        }
        if (event.type == "job-cancelled" || event.type == "job-expired")
            return becomes(event.stream, State::open, State::ended);
        if (event.type == "job-died") return becomes(event.stream, State::open, State::dead);
        if (event.type == "job-retried") return becomes(event.stream, State::dead, State::open);
        if (event.type == "job-discarded") return becomes(event.stream, State::dead, State::ended);
        if (event.type != "job-progressed") job.is_begun = false;
        return job.state == State::open;
    }

    std::map<std::string, SeenJob> jobs;

private:
    bool becomes(const std::string& stream, SeenJob::State from, SeenJob::State now)
    {
        SeenJob& job = jobs[stream];
        if (job.state != from) return false;
        job.state    = now;
        job.is_begun = false;
        if (job.tag.empty()) return true;
        auto& open = open_unique_[job.tag];
        now == SeenJob::State::open ? static_cast<void>(open.insert(stream)) : static_cast<void>(open.erase(stream));
        return open.size() <= 1;
    }

    std::map<std::string, std::set<std::string>> open_unique_;
};

} // namespace

std::string broken_history(const std::vector<RecordedEvent>& log, const std::set<Uuid>& acknowledged,
                           const std::set<Uuid>& completed)
{
    SeenJobs seen;
    std::map<std::string, int> effects;
    for (const auto& event : log) {
        if (event.stream.starts_with("counter-")) ++effects["job-" + event.stream.substr(8)];
        if (not event.stream.starts_with("job-") || event.stream.starts_with("job-queue-")) continue;
        if (not seen.see(event))
            return event.stream + " version " + std::to_string(event.version) + " cannot be " + event.type;
    }
    for (const auto& [stream, job] : seen.jobs) {
        if (effects[stream] != (job.completed ? 1 : 0))
            return stream + " has its effect " + std::to_string(effects[stream]) + " times";
    }
    for (const auto& id : acknowledged) {
        if (not seen.jobs.contains("job-" + to_string(id))) return to_string(id) + " was acknowledged, and is lost";
    }
    for (const auto& id : completed) {
        if (not seen.jobs["job-" + to_string(id)].completed)
            return to_string(id) + " was said to be completed, and is not";
    }
    return {};
}

} // namespace eventloom::testing
