#include "running_projection.hpp"

#include "dead_letters.hpp"
#include "log_pass.hpp"
#include "projection_shape.hpp"

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
    auto model = open_read_model(runtime_, options_.kept_in, generations_.directory_of(number), *definition_,
                                 definition_->version(), options_.cache_bytes);
    if (model) return model;
    Error error = std::move(model.error());
    if (error.kind == Failure::corrupt) {
        error.sentence +=
            "; remove that directory with the file `current` beside it, and the next start builds it anew";
    }
    return error;
}

Generation RunningProjection::of_this_version(std::uint64_t number) const
{
    return {number, definition_->version(), options_.kept_in, shape_of(*definition_)};
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
    BOOST_OUTCOME_TRY(leave_out_the_same(*written()->view(), *model));
    auto copies = copies_of(unused);
    copies->remove_when_done();
    return Beside{unused, std::move(model), std::move(copies)};
}

result<void> RunningProjection::replace(const Beside& by)
{
    BOOST_OUTCOME_TRY(answer_from(by));
    failure_.reset();
    return done();
}

result<void> RunningProjection::answer_from(const Beside& by)
{
    auto made = generations_.make_current(of_this_version(by.number));
    if (not made) {
        // It may be done all the same, when only the sync of it failed: then the next start will look for the new one.
        const auto named = generations_.current();
        if (not named || not named.value() || named.value()->number == by.number) by.model->keep();
        return made;
    }
    by.model->keep();
    by.copies->keep();
    current_->get()->remove_when_done();
    std::optional<Beside> built;
    {
        const std::lock_guard lock{versions_};
        built    = std::exchange(building_, std::nullopt);
        answers_ = definition_->version();
        notice_.reset();
    }
    if (built && built->number != by.number) built->model->remove_when_done();
    if (copies_ != by.copies) {
        copies_->remove_when_done();
        copies_ = by.copies;
    }
    current_->replace(by.model);
    return built ? generations_.forget_next() : done();
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
    BOOST_OUTCOME_TRY(paused_, generations_.is_paused());
    if (not stored) return begin_current();
    if (stored->projection_version == definition_->version() && stored->kept_in == options_.kept_in &&
        may_have_shape_of(*stored, *definition_)) {
        return open_current(*stored);
    }
    BOOST_OUTCOME_TRY(auto old, open_old(*stored));
    return old ? build_beside(*stored, std::move(old)) : begin_current();
}

result<void> RunningProjection::open_current(const Generation& stored)
{
    BOOST_OUTCOME_TRY(auto model, open_generation(stored.number));
    BOOST_OUTCOME_TRY(check_log(*model));
    const auto known = of_this_version(stored.number);
    if (known != stored) {
        BOOST_OUTCOME_TRY(generations_.make_current(known)); // from before shapes were kept
    }
    return answer_alone(stored.number, std::move(model));
}

result<void> RunningProjection::begin_current()
{
    BOOST_OUTCOME_TRY(const auto unused, generations_.unused_number());
    BOOST_OUTCOME_TRY(auto model, open_generation(unused));
    BOOST_OUTCOME_TRY(generations_.make_current(of_this_version(unused)));
    return answer_alone(unused, std::move(model));
}

// What was built beside it, by a newer version that was given up, is of no use: forgotten before it goes, or a later one
// would take what has its number for it.
result<void> RunningProjection::answer_alone(std::uint64_t number, std::shared_ptr<ReadModel> model)
{
    BOOST_OUTCOME_TRY(generations_.forget_next());
    const std::uint64_t kept[] = {number};
    BOOST_OUTCOME_TRY(generations_.remove_others(kept));
    answers_ = definition_->version();
    copies_  = copies_of(number);
    current_->replace(std::move(model));
    return done();
}

// What an older version has written, or this one in another place; nothing when it cannot answer.
result<std::shared_ptr<ReadModel>> RunningProjection::open_old(const Generation& stored)
{
    if (stored.kept_in == RowPlace::memory) return std::shared_ptr<ReadModel>{};
    const std::string old = "version " + std::to_string(stored.projection_version);
    const std::string now =
        "; version " + std::to_string(definition_->version()) + " began empty, and answers as it fills";
    if (stored.shape.empty() || stored.shape != shape_of(*definition_)) {
        notice_ = "the rows of " + old + " have another shape, which this program cannot read" + now;
        if (stored.projection_version == definition_->version()) *notice_ += raise_the_version;
        return std::shared_ptr<ReadModel>{};
    }
    auto model = open_read_model(runtime_, stored.kept_in, generations_.directory_of(stored.number), *definition_,
                                 stored.projection_version, options_.cache_bytes);
    if (model && check_log(*model.value())) return model;
    if (not model && model.error().kind != Failure::corrupt) return model; // it may be whole: it stays
    notice_ = "the rows of " + old + " cannot be read" + now;
    return std::shared_ptr<ReadModel>{};
}

result<void> RunningProjection::build_beside(const Generation& old, std::shared_ptr<ReadModel> old_model)
{
    BOOST_OUTCOME_TRY(building_, half_built(old));
    if (not building_) {
        BOOST_OUTCOME_TRY(building_, begin_building(*old_model));
    }
    const std::uint64_t kept[] = {old.number, building_->number};
    BOOST_OUTCOME_TRY(generations_.remove_others(kept));
    answers_ = old.projection_version;
    copies_  = building_->copies; // those of the old rows are of no use to this program
    current_->replace(std::move(old_model));
    return done();
}

// What was built when the process ended, if this version built it here.
result<std::optional<RunningProjection::Beside>> RunningProjection::half_built(const Generation& old) const
{
    BOOST_OUTCOME_TRY(const auto next, generations_.next());
    if (not next || next->number == old.number || *next != of_this_version(next->number)) {
        return std::optional<Beside>{};
    }
    auto model = open_generation(next->number);
    if (not model && model.error().kind != Failure::corrupt) return model.error();
    if (not model || not check_log(*model.value())) return std::optional<Beside>{};
    return std::optional{Beside{next->number, std::move(model.value()), copies_of(next->number)}};
}

result<RunningProjection::Beside> RunningProjection::begin_building(const ReadModel& old) const
{
    BOOST_OUTCOME_TRY(const auto unused, generations_.unused_number());
    BOOST_OUTCOME_TRY(auto model, open_generation(unused));
    BOOST_OUTCOME_TRY(leave_out_the_same(*old.view(), *model));
    BOOST_OUTCOME_TRY(generations_.make_next(of_this_version(unused)));
    return Beside{unused, std::move(model), copies_of(unused)};
}

result<void> RunningProjection::check_log(const ReadModel& model) const
{
    const Position head = store_.head();
    if (model.checkpoint() <= head) return done();
    return fail(Failure::corrupt, "log-behind-read-model",
                "opened the projection " + name() + " at position " + std::to_string(model.checkpoint()) +
                    " and found a log that ends at " + std::to_string(head) +
                    "; the log was restored: remove the read model's directory");
}

std::optional<RunningProjection::Beside> RunningProjection::building() const
{
    const std::lock_guard lock{versions_};
    return building_;
}

std::shared_ptr<ReadModel> RunningProjection::written() const
{
    const auto beside = building();
    return beside ? beside->model : current_->get();
}

void RunningProjection::follow()
{
    if (paused_) return;
    // With a log that is empty, or that ends where it was put away, nothing would be delivered that says so.
    if (const auto beside = building(); beside && beside->model->checkpoint() >= store_.head()) {
        if (auto answers = answer_from(*beside); not answers) return remember(std::move(answers.error()));
    }
    auto model = written();
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
    const auto beside = building();
    if (not beside) {
        const std::lock_guard lock{versions_};
        notice_.reset();
        return done();
    }
    BOOST_OUTCOME_TRY(fold.flush());
    return answer_from(*beside);
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
    const auto model = written();
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
