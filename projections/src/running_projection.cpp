#include "running_projection.hpp"

#include "dead_letters.hpp"
#include "log_pass.hpp"

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t batch_events_max = 4'096;

} // namespace

RunningProjection::RunningProjection(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                                     std::shared_ptr<const Projection> definition, const ProjectionOptions& options,
                                     AskForRestart ask_for_restart)
    : runtime_{runtime}, store_{store}, definition_{std::move(definition)}, options_{options},
      generations_{runtime, std::move(directory)}, bus_{bus}, ask_for_restart_{std::move(ask_for_restart)}
{
}

result<std::shared_ptr<ReadModel>> RunningProjection::open_generation(std::uint64_t number) const
{
    auto model = open_read_model(runtime_, options_.kept_in, generations_.directory_of(number), *definition_);
    if (model) return model;
    Error error = std::move(model.error());
    if (error.kind == Failure::corrupt) {
        error.sentence +=
            "; remove that directory with the file `current` beside it, and the next start builds it anew";
    }
    return error;
}

std::shared_ptr<HistoryCopies> RunningProjection::copies_of(std::uint64_t number) const
{
    const bool lasts = options_.kept_in != RowPlace::memory;
    return std::make_shared<HistoryCopies>(runtime_, generations_, number, definition_,
                                           lasts ? options_.copies : KeptCopies{});
}

result<RunningProjection::Beside> RunningProjection::begin_beside() const
{
    BOOST_OUTCOME_TRY(const auto unused, generations_.unused_number());
    BOOST_OUTCOME_TRY(auto model, open_generation(unused));
    model->remove_when_done();
    BOOST_OUTCOME_TRY(leave_out_the_same(*current_->get()->view(), *model));
    auto copies = copies_of(unused);
    copies->remove_when_done();
    return Beside{unused, std::move(model), std::move(copies)};
}

result<void> RunningProjection::replace(const Beside& by)
{
    auto made = generations_.make_current({by.number, definition_->version(), options_.kept_in});
    if (not made) {
        // It may be done all the same, when only the sync of it failed: then the next start will look for the new one.
        const auto named = generations_.current();
        if (not named || not named.value() || named.value()->number == by.number) by.model->keep();
        return made;
    }
    by.model->keep();
    by.copies->keep();
    current_->get()->remove_when_done();
    copies_->remove_when_done();
    copies_ = by.copies;
    number_ = by.number;
    failure_.reset();
    current_->replace(by.model);
    return done();
}

result<Position> RunningProjection::catch_up_and_replace(const Beside& by)
{
    BOOST_OUTCOME_TRY(stop_following());
    const Position head = store_.head();
    LogFold fold{store_, *definition_, *by.model, options_};
    BOOST_OUTCOME_TRY(catch_up(runtime_, store_, fold, head, {}));
    BOOST_OUTCOME_TRY(replace(by));
    return head;
}

result<void> RunningProjection::check_not_newer(const std::optional<Generation>& stored) const
{
    if (not stored || stored->projection_version <= definition_->version()) return done();
    return fail(Failure::corrupt, "newer-read-model",
                "opened the projection " + name() + " as version " + std::to_string(definition_->version()) +
                    " and found version " + std::to_string(stored->projection_version) +
                    "; run the newer program, or rebuild with it");
}

result<void> RunningProjection::open()
{
    BOOST_OUTCOME_TRY(const auto stored, generations_.current());
    BOOST_OUTCOME_TRY(check_not_newer(stored));
    const bool usable =
        stored && stored->projection_version == definition_->version() && stored->kept_in == options_.kept_in;
    if (not usable) {
        BOOST_OUTCOME_TRY(number_, generations_.unused_number());
    } else {
        number_ = stored->number;
    }
    BOOST_OUTCOME_TRY(auto model, open_generation(number_));
    if (const Position head = store_.head(); model->checkpoint() > head) {
        return fail(Failure::corrupt, "log-behind-read-model",
                    "opened the projection " + name() + " at position " + std::to_string(model->checkpoint()) +
                        " and found a log that ends at " + std::to_string(head) +
                        "; the log was restored: remove the read model's directory");
    }
    if (not usable) {
        BOOST_OUTCOME_TRY(generations_.make_current({number_, definition_->version(), options_.kept_in}));
    }
    BOOST_OUTCOME_TRY(generations_.remove_others(number_));
    BOOST_OUTCOME_TRY(paused_, generations_.is_paused());
    copies_ = copies_of(number_);
    current_->replace(std::move(model));
    return done();
}

void RunningProjection::follow()
{
    if (paused_) return;
    auto model = current_->get();
    fold_      = std::make_shared<LogFold>(store_, *definition_, *model, options_);
    fold_->keep_copies(copies_);
    subscription_ = bus_.subscribe({.name             = name(),
                                    .scope            = scope_of(*definition_),
                                    .types            = definition_->types(),
                                    .after            = model->checkpoint(),
                                    .batch_events_max = batch_events_max},
                                   [this, fold = fold_, model](const Delivery& delivery) {
                                       auto handled = handle(*fold, delivery);
                                       if (not handled) consider_restart();
                                       return handled;
                                   });
}

result<void> RunningProjection::handle(LogFold& fold, const Delivery& delivery)
{
    const auto visibility = delivery.live ? Visibility::at_once : Visibility::when_memory_is_full;
    BOOST_OUTCOME_TRY(fold.handle(delivery.events, delivery.position, visibility));
    restarts_ = 0;
    return done();
}

void RunningProjection::consider_restart()
{
    if (restarts_ >= options_.restarts.times) return;
    const auto wait = options_.restarts.first_wait * (std::int64_t{1} << std::min(restarts_.load(), 20u));
    ++restarts_;
    waiting_ = true;
    ask_for_restart_(runtime_.clock.now() + wait);
}

void RunningProjection::restart()
{
    if (not waiting_.exchange(false) || not subscription_) return;
    static_cast<void>(stop_following()); // it had stopped by itself, and has nothing more to put away
    failure_.reset();
    follow();
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
    const auto model = current_->get();
    BOOST_OUTCOME_TRY(const auto letters, dead_letters_in(*model->view()));
    const bool known = std::any_of(letters.begin(), letters.end(),
                                   [&](const DeadLetter& letter) { return letter.position == dead_letter; });
    if (not known) {
        return fail(Failure::invalid, "no-such-dead-letter",
                    "asked for the dead letter of " + name() + " at position " + std::to_string(dead_letter) +
                        " and found none; `dead-letters list` shows those there are");
    }
    BOOST_OUTCOME_TRY(stop_following());
    ModelBatch batch;
    eventloom::leave_out(batch, dead_letter);
    return model->write(batch, model->checkpoint());
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
    return fold_ ? fold_->visible() : current_->get()->checkpoint();
}

std::optional<Error> RunningProjection::error() const
{
    if (subscription_) {
        if (auto stopped_by = subscription_->error()) return stopped_by;
    }
    return failure_;
}

ProjectionStatus RunningProjection::status(Position head) const
{
    const auto model = current_->get();
    ProjectionStatus status{.name     = name(),
                            .version  = definition_->version(),
                            .state    = ProjectionState::stopped,
                            .position = fold_ ? fold_->reached() : model->checkpoint(),
                            .lag      = 0,
                            .rows     = model->rows(),
                            .error    = error()};
    status.lag = head - std::min(head, status.position);
    if (not status.error && copies_) status.error = copies_->error();
    if (paused_) {
        status.state = ProjectionState::paused;
    } else if (error()) {
        status.state = waiting_ ? ProjectionState::waiting : ProjectionState::failed;
    } else if (rebuilding) {
        status.state = ProjectionState::rebuilding;
    } else if (is_running()) {
        status.state = status.lag == 0 ? ProjectionState::running : ProjectionState::catching_up;
    }
    return status;
}

} // namespace eventloom
