// The status of a running projection.
#include "rows/dead_letters.hpp"
#include "run/running_projection.hpp"

#include <algorithm>

namespace eventloom {

ProjectionStatus RunningProjection::status(Position head) const
{
    ProjectionStatus status{.name = name(), .error = error()};
    std::optional<NewGeneration> built;
    {
        const std::lock_guard lock{versions_};
        built          = building_ && building_->model != current_->get() ? building_ : std::nullopt;
        status.version = answers_;
        status.notice  = notice_;
    }
    const auto model   = current_->get();
    const auto reached = [this](const ReadModel& of) { return fold_ ? fold_->reached() : of.checkpoint(); };
    status.rows        = model->rows();
    status.position    = built ? model->checkpoint() : reached(*model);
    status.lag         = head - std::min(head, status.position);
    if (not status.error) status.error = why_it_stopped_before(status.position);
    if (built) status.building = {definition_->version(), reached(*built->model), built->model->rows()};
    status.events_per_second = subscription_ ? pace_.per_second(runtime_.clock.now()) : 0;
    // What cannot be read is said, unless there is more to say.
    if (auto age = age_of_next(store_, status.position, runtime_.clock.now()); age) {
        status.behind = age.value();
    } else if (not status.error) {
        status.error = std::move(age.error());
    }
    if (auto letters = number_of_dead_letters(*(built ? built->model : model)->view()); letters) {
        status.dead_letters = letters.value();
    } else if (not status.error) {
        status.error = std::move(letters.error());
    }
    if (const auto why = why_not_built(); why && why->kind == Failure::corrupt) {
        if (not status.error) status.error = why; // a newer version's
    } else if (why) {
        status.notice = why->sentence;
    }
    status.state = state_of(status);
    if (not status.error && copies_) status.error = copies_->error();
    return status;
}

ProjectionState RunningProjection::state_of(const ProjectionStatus& status) const
{
    if (paused_) return ProjectionState::paused;
    if (status.error) return waiting_ ? ProjectionState::waiting : ProjectionState::failed;
    if (rebuilding) return ProjectionState::rebuilding;
    if (not is_running()) return ProjectionState::idle;
    if (status.building) return ProjectionState::building;
    return status.lag == 0 ? ProjectionState::running : ProjectionState::catching_up;
}

} // namespace eventloom
