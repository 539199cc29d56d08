#include "row_places.hpp"

#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

namespace eventloom {

namespace {

// What stands at a key, newest first. Older versions stay for as long as a view sees them.
struct Version {
    std::uint64_t written = 0;         // the number of the write
    std::optional<std::string> stored; // nothing: it was removed
    std::unique_ptr<Version> older;
};
using Versions = std::map<std::string, std::unique_ptr<Version>, std::less<>>;

// What a view of the moment `written` sees; nullptr when it sees nothing there.
const std::string* seen_at(const Version* version, std::uint64_t written)
{
    while (version != nullptr && version->written > written) version = version->older.get();
    return version != nullptr && version->stored ? &*version->stored : nullptr;
}

// All entries with their versions. A view sees what was written up to its moment, and holds up nobody.
class VersionedMap {
public:
    // What a view sees stays where it is while the view lives, so its cursor needs no lock while it stands.
    using Place = Versions::const_iterator;

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

    void write(const ModelBatch& batch)
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

    void write(const ModelBatch::Change& change)
    {
        const auto found = versions_.try_emplace(std::string{change.key}).first;
        auto stored      = change.removed ? std::nullopt : std::optional{std::string{change.stored}};
        found->second    = std::make_unique<Version>(Version{writes_, std::move(stored), std::move(found->second)});
        rewritten_.insert(found->first);
    }

    void drop_what_no_view_sees()
    {
        const auto oldest = views_.empty() ? writes_ : *views_.begin();
        if (oldest == swept_for_ && not views_.empty()) return; // that view still sees all of them
        swept_for_ = oldest;
        for (auto key = rewritten_.begin(); key != rewritten_.end();) {
            const auto found = versions_.find(*key);
            Version* version = found->second.get();
            while (version->written > oldest && version->older) version = version->older.get();
            version->older.reset();
            const bool several = version != found->second.get();
            if (not several && not version->stored) versions_.erase(found);
            key = several ? std::next(key) : rewritten_.erase(key);
        }
    }

    mutable std::shared_mutex mutex_;
    Versions versions_;
    std::uint64_t writes_ = 0;
    std::multiset<std::uint64_t> views_; // up to which write each sees
    std::set<std::string> rewritten_;    // keys that may have versions which nobody sees
    std::uint64_t swept_for_ = 0;        // the oldest view at the last sweep
};

class MemoryCursor final : public RowCursor {
public:
    MemoryCursor(const VersionedMap& rows, std::uint64_t written, KeySpan span, bool backwards)
        : rows_{rows}, written_{written}, span_{std::move(span)},
          backwards_{backwards}, place_{backwards ? rows.last_of(span_, written) : rows.first_of(span_, written)}
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
    const VersionedMap& rows_;
    const std::uint64_t written_;
    const KeySpan span_;
    const bool backwards_;
    VersionedMap::Place place_;
};

class MemoryView final : public ReadModelView {
public:
    MemoryView(std::shared_ptr<const ReadModel> model, VersionedMap& rows)
        : model_{std::move(model)}, rows_{rows}, written_{rows.begin_view()}
    {
    }
    ~MemoryView() override { rows_.end_view(written_); }
    MemoryView(const MemoryView&)            = delete;
    MemoryView& operator=(const MemoryView&) = delete;

    result<std::optional<std::string>> get(std::string_view key) const override { return rows_.get(key, written_); }
    std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
    {
        return std::make_unique<MemoryCursor>(rows_, written_, span, backwards);
    }
    const std::string& directory() const override { return model_->directory(); }

private:
    const std::shared_ptr<const ReadModel> model_; // the rows are in it
    VersionedMap& rows_;
    const std::uint64_t written_;
};

class MemoryRows final : public ReadModel {
public:
    explicit MemoryRows(const std::string& directory) : ReadModel{directory} {}

    result<std::optional<std::string>> find(std::string_view key) const override { return rows_.newest(key); }
    std::shared_ptr<const ReadModelView> view() const override
    {
        return std::make_shared<MemoryView>(shared_from_this(), rows_);
    }

private:
    result<void> commit(const ModelBatch& batch) override
    {
        rows_.write(batch);
        return done();
    }

    mutable VersionedMap rows_; // a view is noted in it
};

} // namespace

std::shared_ptr<ReadModel> open_memory_rows(const std::string& directory)
{
    return std::make_shared<MemoryRows>(directory);
}

} // namespace eventloom
