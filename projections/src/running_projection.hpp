// One projection while it runs: its definition, the read model that answers, and the subscription that feeds it.
//
// Threads: one at a time; Projections holds its lock over every call.
#pragma once

#include "generations.hpp"
#include "log_fold.hpp"

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/projections/projections.hpp>

#include <memory>
#include <optional>

namespace eventloom {

class RunningProjection {
public:
    RunningProjection(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                      std::shared_ptr<const Projection> definition, const ProjectionOptions& options);

    // Opens the generation that answers, or begins the first one, or one of a newer version.
    result<void> open();

    // A read model that does not answer.
    struct Beside {
        std::uint64_t number = 0;
        std::shared_ptr<ReadModel> model;
    };
    // An empty one. It goes when nobody has it any more, unless it takes the place of the one that answers.
    result<Beside> begin_beside() const;
    // From here on this one answers, also after a restart.
    result<void> replace(const Beside& by);

    // Follows the log from the checkpoint on.
    void follow();
    result<void> stop_following();

    // Everything up to here is seen by whoever asks.
    Position visible() const;
    std::optional<Error> error() const;
    ProjectionStatus status(Position head) const;

    const std::string& name() const { return definition_->name(); }
    const std::shared_ptr<const Projection>& definition() const { return definition_; }
    const std::shared_ptr<CurrentModel>& current() const { return current_; }
    void remember(Error why) { failure_ = std::move(why); }

    bool rebuilding = false;

private:
    result<std::shared_ptr<ReadModel>> open_generation(std::uint64_t number) const;

    const Runtime runtime_;
    EventStore& store_;
    EventBus& bus_;
    const std::shared_ptr<const Projection> definition_;
    const ProjectionOptions options_;
    const Generations generations_;
    const std::shared_ptr<CurrentModel> current_ = std::make_shared<CurrentModel>();
    std::uint64_t number_                        = 0; // of the generation that answers
    std::shared_ptr<LogFold> fold_;
    std::shared_ptr<Subscription> subscription_;
    std::optional<Error> failure_; // of a subscription that has ended
};

} // namespace eventloom
