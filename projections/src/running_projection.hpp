// One projection while it runs: its definition, the read model that answers, and the subscription that feeds it.
//
// Threads: one at a time; Projections holds its lock over every call, and calls restart() when it is asked to.
#pragma once

#include "generations.hpp"
#include "log_fold.hpp"

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/projections/projections.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

namespace eventloom {

class RunningProjection {
public:
    // Asks, from any thread, for a call of restart() at a time.
    using AskForRestart = std::function<void(Time due)>;

    RunningProjection(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                      std::shared_ptr<const Projection> definition, const ProjectionOptions& options,
                      AskForRestart ask_for_restart);
    virtual ~RunningProjection() = default;

    // Opens the generation that answers, or begins the first one, or one of a newer version.
    virtual result<void> open();

    // A read model that does not answer.
    struct Beside {
        std::uint64_t number = 0;
        std::shared_ptr<ReadModel> model;
        std::shared_ptr<HistoryCopies> copies; // of it, which go with it
    };
    // An empty one. It goes when nobody has it any more, unless it takes the place of the one that answers.
    virtual result<Beside> begin_beside() const;
    // The same for one that will never answer.
    virtual result<Beside> begin_scratch() const { return begin_beside(); }
    // From here on this one answers, also after a restart.
    result<void> replace(const Beside& by);
    // The same when it has everything that was appended meanwhile; gives how far that went. The projection stands still
    // then, until it follows again.
    virtual result<Position> catch_up_and_replace(const Beside& by);
    // Removes what was begun beside it and does not answer, where that does not go by itself.
    virtual result<void> clear_away() const { return done(); }

    // Follows the log from the checkpoint on, unless it is paused.
    virtual void follow();
    virtual result<void> stop_following();
    // Follows again when it was stopped by an error.
    void restart();

    virtual result<void> set_paused(bool paused);
    bool is_paused() const { return paused_; }
    // Whether appends write its rows.
    virtual bool is_inline() const { return false; }

    result<void> leave_out(Position dead_letter);

    // Everything up to here is seen by whoever asks.
    Position visible() const;
    std::optional<Error> error() const;
    // Stopped by an error, and not to be started again by itself.
    bool has_given_up() const { return error().has_value() && not waiting_; }
    ProjectionStatus status(Position head) const;

    const std::string& name() const { return definition_->name(); }
    const std::shared_ptr<const Projection>& definition() const { return definition_; }
    const ProjectionOptions& options() const { return options_; }
    const std::shared_ptr<CurrentModel>& current() const { return current_; }
    // Of the read model that answers; nullptr when none can be kept.
    const std::shared_ptr<HistoryCopies>& copies() const { return copies_; }
    void remember(Error why) { failure_ = std::move(why); }

    bool rebuilding = false;

protected:
    // Failure::corrupt "newer-read-model".
    result<void> check_not_newer(const std::optional<Generation>& stored) const;

    const Runtime runtime_;
    EventStore& store_;
    const std::shared_ptr<const Projection> definition_;
    const ProjectionOptions options_;
    const Generations generations_;
    const std::shared_ptr<CurrentModel> current_ = std::make_shared<CurrentModel>();
    std::uint64_t number_                        = 0; // of the generation that answers

private:
    virtual bool is_running() const { return subscription_ != nullptr; }
    result<std::shared_ptr<ReadModel>> open_generation(std::uint64_t number) const;
    std::shared_ptr<HistoryCopies> copies_of(std::uint64_t number) const;
    result<void> handle(LogFold& fold, const Delivery& delivery);
    void consider_restart();

    EventBus& bus_;
    const AskForRestart ask_for_restart_;
    std::shared_ptr<HistoryCopies> copies_;
    std::shared_ptr<LogFold> fold_;
    std::shared_ptr<Subscription> subscription_;
    std::optional<Error> failure_; // of a subscription that has ended
    bool paused_ = false;
    std::atomic<unsigned> restarts_{0}; // since the last event that was handled well
    std::atomic<bool> waiting_{false};  // for the next one
};

} // namespace eventloom
