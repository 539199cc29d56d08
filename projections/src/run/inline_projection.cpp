#include "run/inline_projection.hpp"

#include "fold/log_pass.hpp"
#include "rows/projection_shape.hpp"

#include <algorithm>

namespace eventloom {

namespace {

// While nothing is appended: by the caller himself, since threads may be waiting to append.
result<void> fold_the_rest(const EventStore& store, LogFold& fold)
{
    const auto cursor = store.read({.scope = Scope::everything(), .from = fold.reached() + 1});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return fold.flush();
        BOOST_OUTCOME_TRY(fold.handle({event, 1}, event->position, Visibility::when_memory_is_full));
    }
}

// What a read model writes meanwhile goes through the appends that are held.
class WritingThrough {
public:
    WritingThrough(InlineModel& model, HeldAppends& held) : model_{model} { model_.write_through(&held); }
    ~WritingThrough() { model_.write_through(nullptr); }
    WritingThrough(const WritingThrough&)            = delete;
    WritingThrough& operator=(const WritingThrough&) = delete;

private:
    InlineModel& model_;
};

// Lets no append pass whose rows could not be written.
class RefusesAppends final : public InlineFold {
public:
    explicit RefusesAppends(Error why) : why_{std::move(why)} { why_.sentence += "; the append was refused"; }
    result<void> fold(std::span<const RecordedEvent>, const FindStored&, RowBatch&) override { return why_; }
    void written(Position) override {}

private:
    Error why_;
};

} // namespace

InlineProjection::InlineProjection(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                                   std::shared_ptr<const UntypedProjection> definition,
                                   const ProjectionOptions& options)
    : RunningProjection{runtime, store, bus, std::move(directory), std::move(definition), options, {}},
      in_log_{store, name()}
{
}

InlineProjection::~InlineProjection()
{
    if (not fold_of_appends_) return;
    const auto held = store_.hold_appends();
    if (held) std::erase(store_.inline_rows()->folds(*held.value()), fold_of_appends_);
}

result<void> InlineProjection::check_options() const
{
    if (definition_->hears_personal_data()) {
        return fail(Failure::invalid, "inline-personal-data",
                    "added the inline projection " + name() +
                        ", which hears an event with personal fields, but its rows would be in the log, and in every "
                        "backup of it, as plaintext; keep its rows in another place");
    }
    if (options_.copies.every != 0) {
        return fail(Failure::invalid, "inline-keeps-no-copies",
                    "added the inline projection " + name() +
                        " with the option `copies`, but rows in the log are not copied; do not set this option");
    }
    if (options_.on_failure == OnFailure::stop && options_.restarts.times == 0) return done();
    return fail(Failure::invalid, "inline-refuses-failures",
                "added the inline projection " + name() +
                    " with the option on_failure or restarts, but an append with an event that it cannot handle is "
                    "refused; do not set these options");
}

result<void> InlineProjection::open()
{
    BOOST_OUTCOME_TRY(check_options());
    if (not store_.inline_rows()) {
        return fail(
            Failure::invalid, "no-inline-rows",
            "added the inline projection " + name() +
                ", but this event store cannot write rows together with its appends; keep the projection's rows "
                "in another place, or the events in another engine");
    }
    BOOST_OUTCOME_TRY(const auto in_log, in_log_.current());
    BOOST_OUTCOME_TRY(const auto in_directory, generations_.current());
    const auto& stored = in_log ? in_log : in_directory;
    const bool is_own =
        in_log && in_log->projection_version == definition_->version() && may_have_shape_of(*in_log, *definition_);
    const bool is_gone = stored && stored->kept_in == RowPlace::memory; // with its process
    return not stored || is_own || is_gone ? take_place(in_log) : stand_by(*stored);
}

result<void> InlineProjection::stand_by(const Generation& stored)
{
    const bool is_other_shape = stored.projection_version == definition_->version() && not stored.shape.empty();
    const auto stands =
        shelter(stored, is_other_shape ? "have another shape, which this program cannot read" : "are not its own");
    const auto held = store_.hold_appends();
    if (not held) return held.error();
    fold_of_appends_ = std::make_shared<RefusesAppends>(*stands.why_not);
    store_.inline_rows()->folds(*held.value()).push_back(fold_of_appends_);
    standing_ = stands;
    answers_  = stored.projection_version;
    current_->replace(stands.rows);
    return done();
}

result<void> InlineProjection::build()
{
    if (const auto stands = standing()) {
        if (is_newer(stands->generation)) return done();
        BOOST_OUTCOME_TRY(take_place({}));
    }
    BOOST_OUTCOME_TRY(clear_away());
    return generations_.remove_all(); // it was kept in another place before
}

result<void> InlineProjection::take_place(const std::optional<Generation>& stored)
{
    BOOST_OUTCOME_TRY(const auto model, open_or_begin(stored));
    {
        LogFold fold{store_, *definition_, *model, options_};
        BOOST_OUTCOME_TRY(catch_up(runtime_, store_, fold, store_.head(), {}));
    }
    BOOST_OUTCOME_TRY(take_over(number_, model));
    return done();
}

// The current generation; a new one when there is none, or when it cannot be used: damaged, or ahead of a log that was
// cut.
result<std::shared_ptr<InlineModel>> InlineProjection::open_or_begin(const std::optional<Generation>& stored)
{
    if (stored) {
        number_    = stored->number;
        auto model = open_model(number_);
        if (not model && model.error().kind != Failure::corrupt) return model;
        if (model && model.value()->checkpoint() <= store_.head()) return model;
    }
    BOOST_OUTCOME_TRY(number_, in_log_.unused_number());
    return open_model(number_);
}

result<std::shared_ptr<InlineModel>> InlineProjection::open_model(std::uint64_t number) const
{
    auto model = std::make_shared<InlineModel>(store_, name(), in_log_.prefix_of(number));
    BOOST_OUTCOME_TRY(model->load(definition_->version()));
    return model;
}

// With the log standing still: the last events, and then this one answers and every append asks it.
result<Position> InlineProjection::take_over(std::uint64_t number, const std::shared_ptr<InlineModel>& model)
{
    BOOST_OUTCOME_TRY(const auto held, store_.hold_appends());
    const WritingThrough through{*model, *held};
    LogFold fold{store_, *definition_, *model, options_};
    BOOST_OUTCOME_TRY(fold_the_rest(store_, fold));
    BOOST_OUTCOME_TRY(const auto answers, in_log_.current());
    const Generation now{number, definition_->version(), RowPlace::log, shape_of(*definition_)};
    if (answers != now) {
        BOOST_OUTCOME_TRY(in_log_.make_current(*held, now));
    }
    auto appends = std::make_shared<InlineModelFold>(definition_, model);
    auto& folds  = store_.inline_rows()->folds(*held);
    std::erase(folds, fold_of_appends_);
    folds.push_back(appends);
    fold_of_appends_ = std::move(appends);
    number_          = number;
    {
        const std::lock_guard lock{versions_};
        answers_ = definition_->version();
        standing_.reset();
    }
    const auto earlier = std::dynamic_pointer_cast<InlineModel>(current_->get());
    current_->replace(model);
    if (earlier) earlier->retire();
    return store_.head();
}

result<RunningProjection::NewGeneration> InlineProjection::begin_generation() const
{
    BOOST_OUTCOME_TRY(const auto unused, in_log_.unused_number());
    BOOST_OUTCOME_TRY(auto model, open_model(unused));
    return NewGeneration{unused, std::move(model), nullptr};
}

result<RunningProjection::NewGeneration> InlineProjection::begin_scratch() const
{
    BOOST_OUTCOME_TRY(const auto unused, generations_.unused_number());
    BOOST_OUTCOME_TRY(auto model,
                      open_read_model(runtime_, RowPlace::leveldb, generations_.directory_of(unused), *definition_));
    model->remove_when_done();
    return NewGeneration{unused, std::move(model), nullptr};
}

result<Position> InlineProjection::catch_up_and_replace(const NewGeneration& by)
{
    {
        LogFold fold{store_, *definition_, *by.model, options_};
        BOOST_OUTCOME_TRY(catch_up(runtime_, store_, fold, store_.head(), {}));
    }
    return take_over(by.number, std::static_pointer_cast<InlineModel>(by.model));
}

result<void> InlineProjection::clear_away() const
{
    return in_log_.remove_others(number_);
}

result<void> InlineProjection::set_paused(bool paused)
{
    if (not paused) return done();
    return fail(
        Failure::invalid, "inline-cannot-pause",
        "asked to pause the projection " + name() +
            " and found that it is inline: its rows are part of every append; to pause it, keep its rows in another "
            "place");
}

} // namespace eventloom
