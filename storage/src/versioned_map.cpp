#include <eventloom/storage/versioned_map.hpp>

#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

namespace eventloom {

namespace {

// The versions of a key, newest first. Older ones stay as long as a view sees them.
struct Written {
    std::uint64_t written = 0;         // the number of the write
    std::optional<std::string> stored; // nothing: it was removed
    std::unique_ptr<Written> older;
};
using Entries = std::map<std::string, std::unique_ptr<Written>, std::less<>>;

// What a view of the moment `written` sees; nullptr when it sees nothing there.
const std::string* seen_at(const Written* version, std::uint64_t written)
{
    while (version != nullptr && version->written > written) version = version->older.get();
    return version != nullptr && version->stored ? &*version->stored : nullptr;
}

} // namespace

// All entries with their versions.
class VersionedMap::State {
public:
    // What a view sees does not move while the view lives, so its cursor needs no lock while it does not move.
    using Place = Entries::const_iterator;

    std::optional<std::string> get(std::string_view key, std::uint64_t written) const
    {
        const std::shared_lock lock{mutex_};
        return stored_at(key, written);
    }
    std::optional<std::string> newest(std::string_view key) const
    {
        const std::shared_lock lock{mutex_};
        return stored_at(key, writes_);
    }

    std::uint64_t begin_view()
    {
        const std::unique_lock lock{mutex_};
        return *views_.insert(writes_);
    }
    void end_view(std::uint64_t written)
    {
        const std::unique_lock lock{mutex_};
        views_.erase(views_.find(written));
    }

    void write(const RowBatch& batch)
    {
        const std::unique_lock lock{mutex_};
        ++writes_;
        for (std::size_t i = 0; i < batch.size(); ++i) write(batch[i]);
        drop_what_no_view_sees();
    }

    Place first_of(const KeySpan& span, std::uint64_t written) const
    {
        const std::shared_lock lock{mutex_};
        return seen_from(versions_.lower_bound(span.first), span, written);
    }
    Place after(Place place, const KeySpan& span, std::uint64_t written) const
    {
        const std::shared_lock lock{mutex_};
        return seen_from(std::next(place), span, written);
    }
    Place last_of(const KeySpan& span, std::uint64_t written) const
    {
        const std::shared_lock lock{mutex_};
        return seen_before(versions_.lower_bound(span.last), span, written);
    }
    Place before(Place place, const KeySpan& span, std::uint64_t written) const
    {
        const std::shared_lock lock{mutex_};
        return seen_before(place, span, written);
    }
    Place none() const { return versions_.end(); }
    std::string_view stored(Place place, std::uint64_t written) const
    {
        const std::shared_lock lock{mutex_};
        return *seen_at(place->second.get(), written);
    }

private:
    Place seen_from(Place place, const KeySpan& span, std::uint64_t written) const
    {
        for (; place != versions_.end() && place->first < span.last; ++place) {
            if (seen_at(place->second.get(), written) != nullptr) return place;
        }
        return versions_.end();
    }

    Place seen_before(Place place, const KeySpan& span, std::uint64_t written) const
    {
        while (place != versions_.begin() && (--place)->first >= span.first) {
            if (seen_at(place->second.get(), written) != nullptr) return place;
        }
        return versions_.end();
    }

    std::optional<std::string> stored_at(std::string_view key, std::uint64_t written) const
    {
        const auto found = versions_.find(key);
        if (found == versions_.end()) return std::nullopt;
        const auto* stored = seen_at(found->second.get(), written);
        return stored == nullptr ? std::nullopt : std::optional{*stored};
    }

    void write(const RowBatch::Change& change)
    {
        const auto found = versions_.try_emplace(std::string{change.key}).first;
        auto stored      = change.removed ? std::nullopt : std::optional{std::string{change.stored}};
        found->second    = std::make_unique<Written>(Written{writes_, std::move(stored), std::move(found->second)});
        rewritten_.insert(found->first);
    }

    void drop_what_no_view_sees()
    {
        const auto oldest = views_.empty() ? writes_ : *views_.begin();
        if (oldest == swept_for_ && not views_.empty()) return; // that view still sees all of them
        swept_for_ = oldest;
        for (auto key = rewritten_.begin(); key != rewritten_.end();) {
            const auto found = versions_.find(*key);
            Written* version = found->second.get();
            while (version->written > oldest && version->older) version = version->older.get();
            version->older.reset();
            const bool several = version != found->second.get();
            if (not several && not version->stored) versions_.erase(found);
            key = several ? std::next(key) : rewritten_.erase(key);
        }
    }

    mutable std::shared_mutex mutex_;
    Entries versions_;
    std::uint64_t writes_ = 0;
    std::multiset<std::uint64_t> views_; // up to which write each sees
    std::set<std::string> rewritten_;    // keys that may have versions that no view sees
    std::uint64_t swept_for_ = 0;        // the oldest view at the last sweep
};

class VersionedMap::Cursor final : public RowCursor {
public:
    Cursor(const State& rows, std::uint64_t written, KeySpan span, bool backwards)
        : rows_{rows}, written_{written}, span_{std::move(span)}, backwards_{backwards},
          place_{backwards ? rows.last_of(span_, written) : rows.first_of(span_, written)}
    {
    }

    bool valid() const override { return place_ != rows_.none(); }
    void next() override
    {
        place_ = backwards_ ? rows_.before(place_, span_, written_) : rows_.after(place_, span_, written_);
    }
    std::string_view key() const override { return place_->first; }
    std::string_view value() const override { return rows_.stored(place_, written_); }
    result<void> status() const override { return done(); }

private:
    const State& rows_;
    const std::uint64_t written_;
    const KeySpan span_;
    const bool backwards_;
    State::Place place_;
};

VersionedMap::View::View(const VersionedMap& map) : map_{map}, written_{map.state_->begin_view()} {}

VersionedMap::View::~View()
{
    map_.state_->end_view(written_);
}

std::optional<std::string> VersionedMap::View::get(std::string_view key) const
{
    return map_.state_->get(key, written_);
}

std::unique_ptr<RowCursor> VersionedMap::View::scan(const KeySpan& span, bool backwards) const
{
    return std::make_unique<Cursor>(*map_.state_, written_, span, backwards);
}

VersionedMap::VersionedMap() : state_{std::make_unique<State>()} {}

VersionedMap::~VersionedMap() = default;

std::optional<std::string> VersionedMap::get(std::string_view key) const
{
    return state_->newest(key);
}

void VersionedMap::write(const RowBatch& batch)
{
    state_->write(batch);
}

} // namespace eventloom
