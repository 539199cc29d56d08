// Which rows queries see: those that exist when a projection is opened, and those of this version when they are complete.
#include "rows/dead_letters.hpp"
#include "rows/projection_shape.hpp"
#include "rows/row_places.hpp"
#include "rows/sheltered_rows.hpp"
#include "run/inline_generations.hpp"
#include "run/running_projection.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

std::string version_text(std::uint32_t version)
{
    return "version " + std::to_string(version);
}

} // namespace

result<std::shared_ptr<ReadModel>> RunningProjection::open_generation(std::uint64_t number) const
{
    auto model = open_read_model(runtime_, options_.kept_in, generations_.directory_of(number), *definition_,
                                 definition_->version(), blocks());
    if (model) return model;
    Error error = std::move(model.error());
    if (error.kind == Failure::corrupt) {
        error.sentence +=
            "; remove that directory and the file `current` beside it, and the next start builds it again";
    }
    return error;
}

Generation RunningProjection::of_this_version(std::uint64_t number) const
{
    return {number, definition_->version(), options_.kept_in, shape_of(*definition_)};
}

bool RunningProjection::is_of_this_version(const Generation& stored) const
{
    return stored.projection_version == definition_->version() && stored.kept_in == options_.kept_in &&
           may_have_shape_of(stored, *definition_);
}

std::shared_ptr<HistoryCopies> RunningProjection::copies_of(std::uint64_t number) const
{
    const bool lasts = options_.kept_in != RowPlace::memory;
    return std::make_shared<HistoryCopies>(runtime_, generations_, number, definition_,
                                           lasts ? options_.copies : KeptCopies{});
}

// ---- opening: changes no rows

result<void> RunningProjection::open()
{
    BOOST_OUTCOME_TRY(generations_.begin());
    BOOST_OUTCOME_TRY(auto stored, generations_.current());
    BOOST_OUTCOME_TRY(paused_, generations_.is_paused());
    BOOST_OUTCOME_TRY(clear_unnamed(stored));
    if (not stored && store_.inline_rows()) {
        BOOST_OUTCOME_TRY(stored, InlineGenerations(store_, name()).current());
    }
    if (stored && is_of_this_version(*stored)) return open_current(*stored);
    const bool is_gone = not stored || stored->kept_in == RowPlace::memory; // with its process
    return is_gone ? begin_current() : stand_by(*stored);
}

// Removes what a rebuild that died has left. What is half built stays: the version that builds it goes on with it.
result<void> RunningProjection::clear_unnamed(const std::optional<Generation>& stored)
{
    BOOST_OUTCOME_TRY(const auto next, generations_.next());
    BOOST_OUTCOME_TRY(auto unnamed, generations_.all());
    if (next) found_.push_back(next->number);
    std::erase_if(unnamed, [&](std::uint64_t number) {
        return (stored && stored->number == number) || (next && next->number == number);
    });
    static_cast<void>(generations_.remove(unnamed)); // what stays goes at the next start
    return done();
}

result<void> RunningProjection::open_current(const Generation& stored)
{
    BOOST_OUTCOME_TRY(auto model, open_generation(stored.number));
    BOOST_OUTCOME_TRY(check_log(*model));
    const auto known = of_this_version(stored.number);
    if (known != stored) {
        BOOST_OUTCOME_TRY(generations_.make_current(known)); // from before shapes were kept
    }
    answer_alone(stored.number, std::move(model));
    return done();
}

result<void> RunningProjection::begin_current()
{
    BOOST_OUTCOME_TRY(const auto unused, generations_.unused_number());
    BOOST_OUTCOME_TRY(auto model, open_generation(unused));
    BOOST_OUTCOME_TRY(generations_.make_current(of_this_version(unused)));
    answer_alone(unused, std::move(model));
    return done();
}

void RunningProjection::answer_alone(std::uint64_t number, std::shared_ptr<ReadModel> model)
{
    number_  = number;
    answers_ = definition_->version();
    copies_  = copies_of(number);
    current_->replace(std::move(model));
}

result<void> RunningProjection::stand_by(const Generation& stored)
{
    BOOST_OUTCOME_TRY(standing_, find_standing(stored));
    answers_ = stored.projection_version;
    current_->replace(standing_->rows);
    return done();
}

// Those of an older version, or of this one in another place, answer when they can be read.
result<RunningProjection::Standing> RunningProjection::find_standing(const Generation& stored) const
{
    if (is_newer(stored)) return shelter(stored, {});
    if (stored.kept_in == RowPlace::log) return shelter(stored, "lie in the log");
    if (stored.shape.empty() || stored.shape != shape_of(*definition_)) {
        return shelter(stored, "have another shape, which this program cannot read");
    }
    {
        auto model = open_read_model_as_it_is(runtime_, stored.kept_in, generations_.directory_of(stored.number),
                                              *definition_, stored.projection_version, blocks());
        if (model && check_log(*model.value())) return Standing{stored, std::move(model.value()), std::nullopt, {}};
        if (not model && model.error().kind != Failure::corrupt) return model.error(); // it may be whole: it stays
    }
    return shelter(stored, "cannot be read");
}

RunningProjection::Standing RunningProjection::shelter(const Generation& stored, const std::string& hindrance) const
{
    const auto why           = is_newer(stored) ? newer_read_model(stored) : version_not_built(stored, hindrance);
    const bool has_directory = stored.kept_in != RowPlace::log;
    const auto directory     = has_directory ? generations_.directory_of(stored.number) : std::string{};
    std::shared_ptr<ReadModel> opened;
    if (has_directory) {
        auto model = open_rows_of_any_shape(runtime_, stored.kept_in, directory, name(), stored.projection_version);
        if (model) opened = std::move(model.value());
    }
    return {stored, shelter_rows(runtime_, directory, std::move(opened), why), why, hindrance};
}

bool RunningProjection::is_newer(const Generation& stored) const
{
    return stored.projection_version > definition_->version();
}

Error RunningProjection::newer_read_model(const Generation& stored) const
{
    return {Failure::corrupt, "newer-read-model",
            "opened the projection " + name() + " as " + version_text(definition_->version()) + " and found " +
                version_text(stored.projection_version) +
                ", which a newer program has built; run that program, or `projections rebuild " + name() +
                "` with this one, which builds " + version_text(definition_->version()) + " in its place"};
}

Error RunningProjection::version_not_built(const Generation& stored, const std::string& what_of_them) const
{
    const auto own  = version_text(definition_->version());
    const bool same = stored.projection_version == definition_->version() && stored.kept_in == options_.kept_in;
    return {Failure::unavailable, "version-not-built",
            "opened the projection " + name() + " as " + own + ", but the rows of " +
                version_text(stored.projection_version) + " " + what_of_them +
                "; they stay until `serve` or `projections rebuild " + name() + "` has built " + own +
                std::string{same ? raise_the_version : ""}};
}

result<void> RunningProjection::check_log(const ReadModel& model) const
{
    const Position head = store_.head();
    if (model.checkpoint() <= head) return done();
    return fail(Failure::corrupt, "log-behind-read-model",
                fmt::format("opened the projection {} at position {} and found a log that ends at {}; the log was "
                            "restored: remove the read model's directory",
                            name(), model.checkpoint(), head));
}

// ---- building: by a program that stays

result<void> RunningProjection::build()
{
    if (building()) return done();
    const auto stands = standing();
    if (stands && is_newer(stands->generation)) return done();
    if (stands) {
        BOOST_OUTCOME_TRY(build_new_version(*stands));
    } else {
        // What was built beside it, by a newer version that was given up, is of no use: forgotten before it goes, or a later
        // one would take what has its number for it.
        BOOST_OUTCOME_TRY(generations_.forget_next());
        if (store_.inline_rows()) {
            BOOST_OUTCOME_TRY(InlineGenerations(store_, name()).remove_all()); // it was inline before
        }
    }
    return clear_found();
}

// What was half built when it was opened, and is not built on.
result<void> RunningProjection::clear_found()
{
    const auto built  = building();
    const auto stands = standing();
    std::erase_if(found_, [&](std::uint64_t number) {
        if (built && number == built->number) return true;
        if (stands) return stands->generation.kept_in != RowPlace::log && number == stands->generation.number;
        return number == number_;
    });
    return generations_.remove(std::exchange(found_, {}));
}

result<void> RunningProjection::build_new_version(const Standing& stands)
{
    BOOST_OUTCOME_TRY(auto built, half_built(stands.generation));
    if (not built) {
        BOOST_OUTCOME_TRY(built, begin_building());
    }
    copies_          = built->copies;
    const bool fills = stands.why_not.has_value();
    const auto model = built->model;
    {
        const std::lock_guard lock{versions_};
        building_ = std::move(built);
        if (fills) {
            answers_ = definition_->version();
            notice_  = "the rows of " + version_text(stands.generation.projection_version) + " " + stands.hindrance +
                      "; " + version_text(answers_) + " began empty, and queries see its rows while it fills";
            if (answers_ == stands.generation.projection_version) *notice_ += raise_the_version;
        }
    }
    if (fills) current_->replace(model);
    return done();
}

// What was built when the process ended, if this version built it here.
result<std::optional<RunningProjection::NewGeneration>> RunningProjection::half_built(const Generation& old) const
{
    BOOST_OUTCOME_TRY(const auto next, generations_.next());
    const bool is_old = next && old.kept_in != RowPlace::log && next->number == old.number;
    if (not next || is_old || *next != of_this_version(next->number)) return std::optional<NewGeneration>{};
    auto model = open_generation(next->number);
    if (not model && model.error().kind != Failure::corrupt) return model.error();
    if (not model || not check_log(*model.value())) return std::optional<NewGeneration>{};
    return std::optional{NewGeneration{next->number, std::move(model.value()), copies_of(next->number)}};
}

result<RunningProjection::NewGeneration> RunningProjection::begin_building() const
{
    BOOST_OUTCOME_TRY(const auto unused, generations_.unused_number());
    BOOST_OUTCOME_TRY(auto model, open_generation(unused));
    BOOST_OUTCOME_TRY(leave_out_the_same(*current_->get()->view(), *model));
    BOOST_OUTCOME_TRY(generations_.make_next(of_this_version(unused)));
    return NewGeneration{unused, std::move(model), copies_of(unused)};
}

result<RunningProjection::NewGeneration> RunningProjection::begin_generation() const
{
    BOOST_OUTCOME_TRY(const auto unused, generations_.unused_number());
    BOOST_OUTCOME_TRY(auto model, open_generation(unused));
    model->remove_when_done();
    BOOST_OUTCOME_TRY(leave_out_the_same(*written()->view(), *model));
    auto copies = copies_of(unused);
    copies->remove_when_done();
    return NewGeneration{unused, std::move(model), std::move(copies)};
}

result<void> RunningProjection::replace(const NewGeneration& by)
{
    BOOST_OUTCOME_TRY(answer_from(by));
    failure_.reset();
    return done();
}

result<void> RunningProjection::answer_from(const NewGeneration& by)
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
    std::optional<NewGeneration> built;
    std::optional<Standing> stood;
    {
        const std::lock_guard lock{versions_};
        built    = std::exchange(building_, std::nullopt);
        stood    = std::exchange(standing_, std::nullopt);
        answers_ = definition_->version();
        number_  = by.number;
        notice_.reset();
    }
    if (stood) stood->rows->remove_when_done();
    if (built && built->number != by.number) built->model->remove_when_done();
    if (copies_ && copies_ != by.copies) copies_->remove_when_done();
    copies_ = by.copies;
    if (const auto before = current_->get(); before != by.model) {
        before->remove_when_done();
        current_->replace(by.model);
    }
    return built ? generations_.forget_next() : done();
}

// ---- what answers meanwhile

std::optional<RunningProjection::NewGeneration> RunningProjection::building() const
{
    const std::lock_guard lock{versions_};
    return building_;
}

std::optional<RunningProjection::Standing> RunningProjection::standing() const
{
    const std::lock_guard lock{versions_};
    return standing_;
}

bool RunningProjection::stands_by() const
{
    const std::lock_guard lock{versions_};
    return standing_ && not building_;
}

bool RunningProjection::is_building() const
{
    const auto built = building();
    return built && built->model != current_->get();
}

std::optional<Error> RunningProjection::why_not_built() const
{
    if (not stands_by()) return std::nullopt;
    const auto stands = standing();
    if (stands->why_not) return stands->why_not;
    return version_not_built(stands->generation,
                             "answer as they stood at position " + std::to_string(stands->rows->checkpoint()));
}

std::optional<Error> RunningProjection::why_no_rows() const
{
    const auto stands = standing();
    return stands && stands_by() ? stands->why_not : std::nullopt;
}

void RunningProjection::refuse_rows()
{
    const auto why = why_not_built();
    if (not why || why_no_rows()) return; // those are refused already
    const auto stands = standing();
    current_->replace(shelter_rows(runtime_, {}, stands->rows, *why));
}

std::shared_ptr<ReadModel> RunningProjection::written() const
{
    const auto built = building();
    return built ? built->model : current_->get();
}

} // namespace eventloom
