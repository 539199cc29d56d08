#include "run/running_projection.hpp"

#include "fold/log_pass.hpp"
#include "rows/dead_letters.hpp"

#include <eventloom/framework/log.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t live_events_max = 4'096;

} // namespace

RunningProjection::RunningProjection(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                                     std::shared_ptr<const UntypedProjection> definition,
                                     const ProjectionOptions& options, AskForRestart ask_for_restart)
    : runtime_{runtime}, store_{store}, definition_{std::move(definition)}, options_{options},
      generations_{runtime, std::move(directory)}, bus_{bus}, ask_for_restart_{std::move(ask_for_restart)}
{
}

result<Position> RunningProjection::catch_up_and_replace(const NewGeneration& by)
{
    BOOST_OUTCOME_TRY(stop_following());
    const Position head = store_.head();
    LogFold fold{store_, *definition_, *by.model, options_};
    if (row_memory_) fold.share(row_memory_);
    BOOST_OUTCOME_TRY(catch_up(runtime_, store_, fold, head, {}));
    BOOST_OUTCOME_TRY(replace(by));
    return head;
}

void RunningProjection::follow()
{
    if (paused_ || stands_by()) return;
    // With a log that is empty, or that ends where it was put away, nothing would be delivered that says so.
    if (const auto built = building(); built && built->model->checkpoint() >= store_.head()) {
        if (auto answers = answer_from(*built); not answers) return remember(std::move(answers.error()));
    }
    auto model = written();
    fold_      = std::make_shared<LogFold>(store_, *definition_, *model, options_);
    if (row_memory_) fold_->share(row_memory_);
    fold_->keep_copies(copies_);
    fold_->report_to(runtime_.log);
    subscription_ = bus_.subscribe({.name             = name(),
                                    .scope            = scope_of(*definition_),
                                    .types            = definition_->types(),
                                    .after            = model->checkpoint(),
                                    .batch_events_max = live_events_max},
                                   [this, fold = fold_, model](const Delivery& delivery) {
                                       auto handled = handle(*fold, delivery);
                                       if (not handled) consider_restart(handled.error(), *fold);
                                       return handled;
                                   });
}

result<void> RunningProjection::handle(LogFold& fold, const Delivery& delivery)
{
    const Position before = fold.reached();
    const auto visibility = delivery.live ? Visibility::at_once : Visibility::when_memory_is_full;
    BOOST_OUTCOME_TRY(fold.handle(delivery.events, delivery.position, visibility));
    pace_.went_by(delivery.position - std::min(before, delivery.position), runtime_.clock.now());
    if (delivery.live) {
        BOOST_OUTCOME_TRY(put_in_place(fold));
    }
    restarts_ = 0;
    return done();
}

// What this version has built answers from here on, when it has everything that the log has.
result<void> RunningProjection::put_in_place(LogFold& fold)
{
    const auto built = building();
    if (not built) return done();
    BOOST_OUTCOME_TRY(fold.flush());
    return answer_from(*built);
}

void RunningProjection::consider_restart(const Error& why, const LogFold& fold)
{
    if (restarts_ >= options_.restarts.times) return keep_why_stopped(why, fold.reached());
    const auto wait = options_.restarts.first_wait * (std::int64_t{1} << std::min(restarts_.load(), 20u));
    ++restarts_;
    waiting_ = true;
    ask_for_restart_(runtime_.clock.now() + wait);
}

// For whoever looks when nothing follows the log any more. When that cannot be kept, the next start says it.
void RunningProjection::keep_why_stopped(const Error& why, Position reached)
{
    const auto built     = building();
    std::uint64_t number = 0;
    {
        const std::lock_guard lock{versions_};
        number = built ? built->number : number_;
    }
    const auto kept = generations_.set_stopped({number, reached, why});
    if (not kept) {
        write_to(runtime_.log, LogLevel::warning, "projection-failure-not-kept", {{"projection", name()}},
                 kept.error());
    }
}

// What stopped it the last time, if it follows nothing now and has not got further since.
std::optional<Error> RunningProjection::why_it_stopped_before(Position position) const
{
    if (is_running() || number_ == 0) return std::nullopt;
    auto stopped = generations_.stopped();
    if (not stopped) return std::move(stopped.error());
    const auto& before = stopped.value();
    if (not before || before->generation != number_ || position > before->reached) return std::nullopt;
    return before->why;
}

void RunningProjection::restart()
{
    if (not waiting_.exchange(false) || not subscription_) return;
    static_cast<void>(stop_following()); // it had stopped by itself, and has nothing more to put away
    failure_.reset();
    write_to(runtime_.log, LogLevel::info, "projection-restarted",
             {{"projection", name()}, {"attempt", restarts_.load()}});
    follow();
}

void RunningProjection::remember(Error why)
{
    write_to(runtime_.log, LogLevel::error, "projection-failed", {{"projection", name()}}, why);
    failure_ = std::move(why);
}

result<void> RunningProjection::set_paused(bool paused)
{
    BOOST_OUTCOME_TRY(generations_.set_paused(paused));
    paused_ = paused;
    if (paused) return stop_following();
    failure_.reset();
    restarts_ = 0;
    return done();
}

result<void> RunningProjection::leave_out(Position dead_letter)
{
    const auto model = written();
    BOOST_OUTCOME_TRY(const auto letters, dead_letters_in(*model->view()));
    const bool known = std::any_of(letters.begin(), letters.end(),
                                   [&](const DeadLetter& letter) { return letter.position == dead_letter; });
    if (not known) {
        return fail(
            Failure::invalid, "no-such-dead-letter",
            fmt::format("asked for the dead letter of {} at position {} and found none; `dead-letters list` shows all",
                        name(), dead_letter));
    }
    BOOST_OUTCOME_TRY(stop_following());
    ModelBatch batch;
    eventloom::leave_out(batch, dead_letter);
    BOOST_OUTCOME_TRY(model->write(batch, model->checkpoint()));
    return building() ? done() : generations_.forget_next(); // it would have the event
}

result<bool> RunningProjection::is_waited_for(Position dead_letter) const
{
    BOOST_OUTCOME_TRY(const auto letters, dead_letters_in(*written()->view()));
    return std::any_of(letters.begin(), letters.end(),
                       [&](const DeadLetter& letter) { return letter.waits_for == dead_letter; });
}

result<void> RunningProjection::stop_following()
{
    if (not subscription_) return done();
    subscription_->stop();
    waiting_          = false;
    const bool failed = subscription_->error().has_value();
    if (failed) failure_ = subscription_->error();
    subscription_.reset();
    const auto last = std::exchange(fold_, nullptr);
    auto flushed    = failed ? done() : last->flush();
    copies_->abandon();
    return flushed;
}

Position RunningProjection::visible() const
{
    // In this order: when it is not being built any more, the fold writes what answers.
    const Position reached = fold_ ? fold_->visible() : written()->checkpoint();
    return is_building() ? current_->get()->checkpoint() : reached;
}

std::optional<Error> RunningProjection::error() const
{
    if (subscription_) {
        if (auto stopped_by = subscription_->error()) return stopped_by;
    }
    return failure_;
}

} // namespace eventloom
