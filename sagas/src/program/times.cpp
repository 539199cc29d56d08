// Until when an instance waits, as its definition says (program.hpp).
#include "program/open_steps.hpp"
#include "program/program.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <algorithm>

namespace eventloom {

using namespace instance;

std::optional<Time> time_began(const SagaDefinition& saga, const Instance& instance, const Asked& asked,
                               std::uint32_t place)
{
    const Time noted = instance.progress_of(place).asked;
    if (noted != Time{}) return noted;
    if (place == the_end) return instance.began.at;
    if (saga.steps[place].awaits != nullptr) return instance.opened;
    const auto known = asked.since.find(place);
    return known == asked.since.end() ? std::nullopt : std::optional{known->second};
}

Time end_of_time(Time began, std::chrono::milliseconds span)
{
    return span > Time::max() - began ? Time::max() : began + span;
}

namespace {

class Times {
public:
    Times(const SagaDefinition& saga, const Instance& instance, const SagaState& state, Time now)
        : saga_{saga}, instance_{instance}, state_{state}, now_{now}
    {
    }

    void of_all()
    {
        if (instance_.paused_until > now_) add(instance_.paused_until, "end of the pause", {});
        if (instance_.status == SagaStatus::compensating) return of_undoing();
        if (not saga_.handlers.empty()) return of_handlers();
        if (saga_.deadline && not has_no_return(saga_, instance_)) of_deadline({}, the_end, *saga_.deadline);
        for (const std::uint32_t place : open_steps(saga_, instance_)) of_step(saga_.steps[place], place);
    }

    std::vector<SagaTime> found;

private:
    void add(Time at, std::string_view what, const std::string& step)
    {
        if (at != Time::max()) found.push_back({at, std::string{what}, step});
    }

    void of_deadline(const std::string& step, std::uint32_t place, std::chrono::milliseconds span)
    {
        const auto from = time_began(saga_, instance_, {}, place);
        if (from) add(end_of_time(*from, span), step.empty() ? "deadline of the saga" : "deadline", step);
    }

    void of_step(const SagaStep& step, std::uint32_t place)
    {
        if (step.until && state_) {
            const auto due = call_user_code("el::until of the saga", saga_.name,
                                            [&] { return step.until.call(step.until.held.get(), state_.get()); });
            if (due) add(due.value(), "time", step.name);
            return;
        }
        if (step.deadline) of_deadline(step.name, place, *step.deadline);
        of_attempt(step.name, instance_.progress_of(place));
    }

    void of_attempt(const std::string& step, const Progress& progress)
    {
        if (progress.failed > 0 && progress.next_attempt > now_) add(progress.next_attempt, "next attempt", step);
    }

    void of_handlers()
    {
        for (const auto& entry : instance_.outbox.entries) of_attempt(entry.outgoing.name, entry.progress);
        if (instance_.outbox.ends) return;
        for (const SetTimer& timer : instance_.outbox.timers) add(timer.due, "timer", timer.name);
    }

    void of_undoing()
    {
        const auto place = next_to_undo(saga_, instance_);
        if (place) return of_attempt(saga_.steps[*place].name, instance_.progress_of(*place));
        of_attempt("failed", instance_.end);
    }

    const SagaDefinition& saga_;
    const Instance& instance_;
    const SagaState& state_;
    const Time now_;
};

} // namespace

std::vector<SagaTime> times_of(const SagaDefinition& saga, const Instance& instance, const SagaState& state, Time now)
{
    if (not is_open(instance)) return {};
    Times times{saga, instance, state, now};
    times.of_all();
    std::stable_sort(times.found.begin(), times.found.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    return std::move(times.found);
}

} // namespace eventloom
