#include "fold/history_copies.hpp"

#include "rows/row_places.hpp"

#include <eventloom/storage/database.hpp>

#include <algorithm>

namespace eventloom {

HistoryCopies::HistoryCopies(const Runtime& runtime, const Generations& generations, std::uint64_t generation,
                             std::shared_ptr<const UntypedProjection> definition, const KeptCopies& kept)
    : runtime_{runtime}, generations_{generations}, generation_{generation}, definition_{std::move(definition)},
      kept_{kept}
{
}

HistoryCopies::~HistoryCopies()
{
    abandon();
    // What cannot be removed now is removed at the next start: nothing refers to it any more.
    if (removed_when_done_) static_cast<void>(remove_each());
}

void HistoryCopies::consider(const ReadModel& model)
{
    if (kept_.every == 0) return;
    const std::lock_guard lock{mutex_};
    if (under_way_) return;
    if (not newest_) {
        const auto positions = generations_.copies_of(generation_);
        if (not positions) {
            error_ = positions.error();
            return;
        }
        newest_ = positions.value().empty() ? 0 : positions.value().back();
    }
    if (model.checkpoint() / kept_.every > *newest_ / kept_.every) begin(model);
}

void HistoryCopies::begin(const ReadModel& model)
{
    const Position position = model.checkpoint();
    newest_                 = position; // also when it fails: the next one is due a whole distance on
    auto copy               = open(position);
    if (not copy) {
        error_ = std::move(copy.error());
        return;
    }
    copy.value()->remove_when_done();
    under_way_.emplace(UnderWay{position, RowCopying{model.view(), std::move(copy.value())}});
    go_on();
}

void HistoryCopies::go_on()
{
    runtime_.executor.post([weak = weak_from_this()] {
        if (const auto alive = weak.lock()) alive->step();
    });
}

void HistoryCopies::step()
{
    const std::lock_guard lock{mutex_};
    if (not under_way_) return;
    const auto more = under_way_->copying.step();
    if (more && more.value()) return go_on();
    if (not more) {
        error_ = more.error();
        under_way_.reset();
        return;
    }
    under_way_->copying.into().keep();
    under_way_.reset();
    error_.reset();
    if (auto thinned = thin_out(); not thinned) error_ = std::move(thinned.error());
}

void HistoryCopies::abandon()
{
    const std::lock_guard lock{mutex_};
    under_way_.reset();
}

// Removes the copy whose neighbours are closest to each other, so that the others are spread evenly.
result<void> HistoryCopies::thin_out()
{
    BOOST_OUTCOME_TRY(auto positions, generations_.copies_of(generation_));
    while (positions.size() > std::max<std::size_t>(kept_.at_most, 1)) {
        const auto gap      = [&](std::size_t i) { return positions[i + 1] - (i == 0 ? 0 : positions[i - 1]); };
        std::size_t closest = 0;
        for (std::size_t i = 1; i + 1 < positions.size(); ++i) {
            if (gap(i) < gap(closest)) closest = i;
        }
        BOOST_OUTCOME_TRY(remove(positions[closest]));
        positions.erase(positions.begin() + static_cast<std::ptrdiff_t>(closest));
    }
    return done();
}

result<void> HistoryCopies::remove_all()
{
    const std::lock_guard lock{mutex_};
    under_way_.reset();
    return remove_each();
}

result<void> HistoryCopies::remove_each()
{
    BOOST_OUTCOME_TRY(const auto positions, generations_.copies_of(generation_));
    for (const Position position : positions) {
        BOOST_OUTCOME_TRY(remove(position));
    }
    return done();
}

// A copy that is being read is removed after its last reader.
result<void> HistoryCopies::remove(Position position)
{
    if (const auto in_use = opened_[position].lock()) {
        in_use->remove_when_done();
        return done();
    }
    return remove_database(runtime_, generations_.directory_of_copy(generation_, position));
}

result<std::shared_ptr<ReadModel>> HistoryCopies::newest_up_to(Position position)
{
    const std::lock_guard lock{mutex_};
    BOOST_OUTCOME_TRY(auto positions, generations_.copies_of(generation_));
    while (not positions.empty()) {
        const Position newest = positions.back();
        positions.pop_back();
        if (newest > position || (under_way_ && under_way_->position == newest)) continue;
        const auto copy = open(newest);
        if (not copy) {
            error_ = copy.error(); // the log, or an older copy, gives the same rows
        } else if (copy.value()->checkpoint() == newest) {
            return copy.value();
        } else {
            copy.value()->remove_when_done(); // the machine stopped before it was finished
        }
    }
    return std::shared_ptr<ReadModel>{};
}

result<std::shared_ptr<ReadModel>> HistoryCopies::open(Position position)
{
    if (auto already = opened_[position].lock()) return already;
    BOOST_OUTCOME_TRY(auto copy, open_leveldb_rows(runtime_, generations_.directory_of_copy(generation_, position)));
    BOOST_OUTCOME_TRY(copy->load(definition_->version()));
    opened_[position] = copy;
    return copy;
}

std::optional<Error> HistoryCopies::error() const
{
    const std::lock_guard lock{mutex_};
    return error_;
}

} // namespace eventloom
