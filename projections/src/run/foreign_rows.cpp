// Rows of other events, and of other directories.
#include "rows/dead_letters.hpp"
#include "rows/held_keys.hpp"
#include "rows/projection_shape.hpp"
#include "rows/row_places.hpp"
#include "run/projections_core.hpp"

#include <eventloom/storage/database.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr std::size_t events_kept_max = 16'384;
constexpr std::size_t bytes_kept_max  = 32u << 20;

// Folds events that come once: those since the last write are kept, to be folded again in front of one that fails.
class PassingFold {
public:
    PassingFold(const UntypedProjection& definition, ReadModel& model, const ProjectionOptions& options)
        : definition_{definition}, model_{model}, options_{options}
    {
        begin();
    }

    result<void> handle(const RecordedEvent& event)
    {
        if (waits(event)) return done();
        if (auto applied = fold_->apply(event); not applied) return go_past(event, applied.error());
        kept_.push_back(event);
        bytes_ += event.data.size() + event.stream.size();
        position_ = event.position;
        return kept_.size() >= events_kept_max || bytes_ >= bytes_kept_max ? flush() : done();
    }

    result<void> flush()
    {
        ModelBatch batch;
        if (not fold_->flush(batch)) return flush_one_by_one();
        BOOST_OUTCOME_TRY(model_.write(batch, position_));
        if (fold_->bytes_cached() > options_.rows_bytes_max / 2) begin();
        kept_.clear();
        bytes_ = 0;
        return done();
    }

private:
    void begin()
    {
        fold_ = definition_.fold([this](const std::string& key) { return model_.find(key); });
    }

    // Which event it is that an index or a serializer does not take.
    result<void> flush_one_by_one()
    {
        const auto kept = std::exchange(kept_, {});
        bytes_          = 0;
        begin();
        for (const RecordedEvent& event : kept) {
            ModelBatch batch;
            auto folded = fold_->apply(event);
            if (folded) folded = fold_->flush(batch);
            if (folded) {
                BOOST_OUTCOME_TRY(model_.write(batch, event.position));
            } else {
                BOOST_OUTCOME_TRY(go_past(event, at_event(std::move(folded.error()), event)));
            }
        }
        return done();
    }

    // For an event that was gone past.
    bool waits(const RecordedEvent& event)
    {
        if (held_.is_empty()) return false;
        const auto hold = held_.hold_of(definition_, event);
        if (hold.waits_for == 0) return false;
        held_.add(hold);
        return true;
    }

    // Its handler may have changed rows half-way, which cannot be taken back.
    result<void> go_past(const RecordedEvent& failed, const Error& error)
    {
        if (options_.on_failure == OnFailure::stop || not is_of_the_event(error)) return error;
        begin();
        for (const RecordedEvent& event : kept_) {
            BOOST_OUTCOME_TRY(fold_->apply(event));
        }
        BOOST_OUTCOME_TRY(flush());
        position_ = failed.position;
        if (options_.on_failure == OnFailure::park_key) held_.add(held_.hold_of(definition_, failed));
        ModelBatch batch;
        put_dead_letter(batch, failed, error);
        return model_.write(batch, position_);
    }

    const UntypedProjection& definition_;
    ReadModel& model_;
    const ProjectionOptions options_;
    std::unique_ptr<Fold> fold_;
    std::vector<RecordedEvent> kept_; // handled since the last write
    HeldKeys held_;
    std::size_t bytes_ = 0;
    Position position_ = 0;
};

} // namespace

result<RowsAsJson> Projections::fold(std::string_view name, const NextEvent& next) const
{
    BOOST_OUTCOME_TRY(const auto scratch, begin_scratch(name));
    PassingFold fold{*scratch.definition, *scratch.empty, scratch.options};
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, next());
        if (event == nullptr) break;
        BOOST_OUTCOME_TRY(fold.handle(*event));
    }
    BOOST_OUTCOME_TRY(fold.flush());
    return RowsAsJson{scratch.definition, *scratch.empty};
}

result<RowsAsJson> Projections::rows_in(const std::string& directory, std::string_view name) const
{
    std::unique_lock lock{core_->mutex};
    BOOST_OUTCOME_TRY(const RunningProjection* const one, core_->find(name));
    const auto definition = one->definition();
    lock.unlock();

    const std::string home = directory + "/" + std::string{name};
    BOOST_OUTCOME_TRY(const auto is_there, read_file(core_->runtime, home + "/current"));
    const Generations generations{core_->runtime, home};
    std::optional<Generation> stored;
    if (is_there) {
        BOOST_OUTCOME_TRY(stored, generations.current());
    }
    if (not stored || stored->kept_in == RowPlace::memory) {
        return fail(Failure::invalid, "no-read-model",
                    "asked for the rows of " + std::string{name} + " in " + directory +
                        " and found none there; give the data directory of a service that has this projection");
    }
    if (stored->shape.empty() || stored->shape != shape_of(*definition)) {
        return fail(Failure::invalid, "other-row-shape",
                    fmt::format("asked for the rows of {} in {} and found rows of version {} with another shape, which "
                                "this program cannot read; give the path of the other program instead",
                                name, directory, stored->projection_version));
    }
    BOOST_OUTCOME_TRY(const auto model, open_read_model_as_it_is(
                                            core_->runtime, stored->kept_in, generations.directory_of(stored->number),
                                            *definition, stored->projection_version, core_->row_memory->blocks()));
    return RowsAsJson{definition, *model};
}

} // namespace eventloom
