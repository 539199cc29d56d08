// One projection while it runs: its definition, the read model that queries see, and the subscription that feeds it.
//
// The rows on disk may be of another version, of another shape, or in another place. Opening does not change them. build() then
// begins a read model of this version: the subscription feeds that one, and it replaces the old one when it has caught up.
//
// Threads: one at a time; Projections holds its lock over every call, and calls restart() when it is asked to.
#pragma once

#include "fold/log_fold.hpp"
#include "rows/generations.hpp"

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/pace.hpp>
#include <eventloom/projections/detail/projections.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace eventloom {

class RunningProjection {
public:
    // Asks, from any thread, for a call of restart() at a given time.
    using AskForRestart = std::function<void(Time due)>;

    RunningProjection(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                      std::shared_ptr<const UntypedProjection> definition, const ProjectionOptions& options,
                      AskForRestart ask_for_restart);
    virtual ~RunningProjection() = default;

    // What its folds have in memory is a part of this from here on.
    void share(std::shared_ptr<RowMemory> memory) { row_memory_ = std::move(memory); }

    // Opens the current generation, or begins the first one. Queries see a generation of another version as it is, if its rows
    // have the same shape.
    virtual result<void> open();
    // If it is of another version, begins one of this version, or continues a half-built one. When the old rows cannot be read,
    // queries see the new one while it fills. Rows of a newer version stay. Also removes what earlier processes left behind.
    virtual result<void> build();
    // Whether only rows of another version exist, and none of this version are built.
    bool stands_by() const;
    // Why queries do not see rows of this version, when it stands by; and why they see no rows at all.
    std::optional<Error> why_not_built() const;
    std::optional<Error> why_no_rows() const;
    // When it stands by: queries of the old rows are refused from here on, because a caller needs what is not in them.
    void refuse_rows();

    // A read model that queries do not see yet.
    struct NewGeneration {
        std::uint64_t number = 0;
        std::shared_ptr<ReadModel> model;
        std::shared_ptr<HistoryCopies> copies; // of it, which go with it
    };
    // Makes an empty one. Its files are removed with its last user, unless it replaces the one that queries see.
    virtual result<NewGeneration> begin_generation() const;
    // The same for one that queries will never see.
    virtual result<NewGeneration> begin_scratch() const { return begin_generation(); }
    // From here on queries see this one, also after a restart.
    result<void> replace(const NewGeneration& by);
    // First lets it catch up with the log, then does the same; returns the position that it has reached. The projection
    // handles no events after that until it follows the log again.
    virtual result<Position> catch_up_and_replace(const NewGeneration& by);
    // Removes generations that were begun and never used, where these are not removed by themselves.
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
    // Whether another dead letter waits for this one.
    result<bool> is_waited_for(Position dead_letter) const;

    // Queries see everything up to here.
    Position visible() const;
    std::optional<Error> error() const;
    // Stopped by an error, and will not start again by itself.
    bool has_given_up() const { return error().has_value() && not waiting_; }
    ProjectionStatus status(Position head) const;

    const std::string& name() const { return definition_->name(); }
    const std::shared_ptr<const UntypedProjection>& definition() const { return definition_; }
    const ProjectionOptions& options() const { return options_; }
    const std::shared_ptr<CurrentModel>& current() const { return current_; }
    // The read model that this program's handlers write: the one that queries see, or the one that is being built.
    std::shared_ptr<ReadModel> written() const;
    // Whether queries see older rows.
    bool is_building() const;
    // The copies of written(); nullptr when there can be none.
    const std::shared_ptr<HistoryCopies>& copies() const { return copies_; }
    // Why it does not follow the log.
    void remember(Error why);

    bool rebuilding = false;

protected:
    // Rows of another version, which stay until this version is complete.
    struct Standing {
        Generation generation;
        std::shared_ptr<ReadModel> rows;
        std::optional<Error> why_not; // this program cannot read them
        std::string hindrance;        // the same in a few words, for those of an older version
    };
    Standing shelter(const Generation& stored, const std::string& hindrance) const;
    std::optional<Standing> standing() const;
    bool is_newer(const Generation& stored) const;

    const Runtime runtime_;
    EventStore& store_;
    const std::shared_ptr<const UntypedProjection> definition_;
    const ProjectionOptions options_;
    const Generations generations_;
    const std::shared_ptr<CurrentModel> current_ = std::make_shared<CurrentModel>();
    mutable std::mutex versions_; // over this and what is built, which the subscription changes when it has caught up
    std::uint32_t answers_ = 0;   // the version that the rows are of
    std::optional<Standing> standing_;

private:
    virtual bool is_running() const { return subscription_ != nullptr; }
    result<std::shared_ptr<ReadModel>> open_generation(std::uint64_t number) const;
    Generation of_this_version(std::uint64_t number) const;
    bool is_of_this_version(const Generation& stored) const;
    result<void> open_current(const Generation& stored);
    result<void> begin_current();
    void answer_alone(std::uint64_t number, std::shared_ptr<ReadModel> model);
    result<void> answer_from(const NewGeneration& by);
    result<void> stand_by(const Generation& stored);
    result<Standing> find_standing(const Generation& stored) const;
    Error newer_read_model(const Generation& stored) const;
    Error version_not_built(const Generation& stored, const std::string& what_of_them) const;
    result<void> build_new_version(const Standing& stands);
    result<std::optional<NewGeneration>> half_built(const Generation& old) const;
    result<NewGeneration> begin_building() const;
    result<void> clear_unnamed(const std::optional<Generation>& stored);
    result<void> clear_found();
    result<void> check_log(const ReadModel& model) const;
    std::optional<NewGeneration> building() const;
    result<void> put_in_place(LogFold& fold);
    ProjectionState state_of(const ProjectionStatus& status) const;
    std::shared_ptr<HistoryCopies> copies_of(std::uint64_t number) const;
    result<void> handle(LogFold& fold, const Delivery& delivery);
    void consider_restart(const Error& why, const LogFold& fold);
    void keep_why_stopped(const Error& why, Position reached);
    std::optional<Error> why_it_stopped_before(Position position) const;
    std::shared_ptr<BlockCache> blocks() const { return row_memory_ ? row_memory_->blocks() : nullptr; }

    EventBus& bus_;
    std::shared_ptr<RowMemory> row_memory_; // none: each fold has its own bound alone, and rows a small cache
    const AskForRestart ask_for_restart_;
    std::optional<NewGeneration> building_;
    std::optional<std::string> notice_; // why the rows that queries see are incomplete
    std::uint64_t number_ = 0;          // of the current generation, when it is of this version
    std::vector<std::uint64_t> found_;  // generations that were half built when it was opened
    std::shared_ptr<HistoryCopies> copies_;
    std::shared_ptr<LogFold> fold_;
    std::shared_ptr<Subscription> subscription_;
    Pace pace_;
    std::optional<Error> failure_; // of a subscription that has ended
    bool paused_ = false;
    std::atomic<unsigned> restarts_{0}; // since the last event that was handled well
    std::atomic<bool> waiting_{false};  // for the next one
};

} // namespace eventloom
