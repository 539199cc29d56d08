#include "rows/row_feed.hpp"

#include "rows/row_watcher.hpp"

#include <algorithm>
#include <unordered_map>

namespace eventloom {

namespace {

// What the user holds: when it goes, the handler has returned.
class Watching final : public Subscription {
public:
    explicit Watching(std::shared_ptr<RowWatcher> watcher) : watcher_{std::move(watcher)} {}
    ~Watching() override { watcher_->stop(); }
    Watching(const Watching&)            = delete;
    Watching& operator=(const Watching&) = delete;

    const std::string& name() const override { return watcher_->options().name; }
    Position position() const override { return watcher_->position(); }
    std::optional<Error> error() const override { return watcher_->error(); }
    void stop() override { watcher_->stop(); }

private:
    const std::shared_ptr<RowWatcher> watcher_;
};

// The changes of the rows of one table, in the order in which they were first changed; of several changes of a row the last.
std::vector<ModelBatch::Change> row_changes(const ModelBatch& batch, std::string_view table)
{
    std::vector<ModelBatch::Change> rows;
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto change = batch[i];
        const auto parts  = row_keys::parts_of(change.key);
        if (parts.kind != row_keys::row || parts.table != table) continue;
        const auto [place, fresh] = places.emplace(change.key, rows.size());
        if (fresh) {
            rows.push_back(change);
        } else {
            rows[place->second] = change;
        }
    }
    return rows;
}

// What the rows were and will be. Nothing when they are more than `rows_max` or `bytes_max` allow, or when one cannot be
// read: whoever is told to read anew then meets the error.
RowFeed::Collected::Rows changed_rows(const ModelBatch& batch, const FindStored& find, const std::string& table,
                                      std::size_t rows_max, std::size_t bytes_max)
{
    const auto changes = row_changes(batch, table);
    if (changes.size() > rows_max) return nullptr;
    auto rows         = std::make_shared<std::vector<detail::StoredChange>>();
    std::size_t bytes = 0;
    for (const auto& change : changes) {
        auto before = find(std::string{change.key});
        if (not before) return nullptr;
        detail::StoredChange row{.before = std::move(before.value()), .after = {}};
        if (not change.removed) row.after = std::string{change.stored};
        if (row.before == row.after) continue;
        bytes += detail::bytes_of(row);
        if (bytes > bytes_max) return nullptr;
        rows->push_back(std::move(row));
    }
    return rows;
}

} // namespace

std::shared_ptr<Subscription> RowFeed::add(Executor& executor, const std::string& table, const WatchOptions& options,
                                           detail::TellChanges tell)
{
    auto watcher = std::make_shared<RowWatcher>(executor, table, options, std::move(tell));
    const std::lock_guard lock{mutex_};
    watchers_.push_back(watcher);
    return std::make_shared<Watching>(std::move(watcher));
}

std::vector<std::shared_ptr<RowWatcher>> RowFeed::watchers()
{
    const std::lock_guard lock{mutex_};
    std::erase_if(watchers_, [](const auto& watcher) { return watcher.expired(); });
    std::vector<std::shared_ptr<RowWatcher>> alive;
    for (const auto& watcher : watchers_) {
        if (auto kept = watcher.lock()) alive.push_back(std::move(kept));
    }
    return alive;
}

RowFeed::Collected RowFeed::collect(const ModelBatch& batch, const FindStored& find)
{
    Collected collected{.by_table = {}, .watchers = watchers()};
    std::map<std::string, std::pair<std::size_t, std::size_t>> limits; // the largest of each table's watchers
    for (const auto& watcher : collected.watchers) {
        auto& [rows_max, bytes_max] = limits[watcher->table()];
        rows_max                    = std::max(rows_max, watcher->options().rows_max);
        bytes_max                   = std::max(bytes_max, watcher->options().bytes_max);
    }
    for (const auto& [table, limit] : limits) {
        collected.by_table[table] = changed_rows(batch, find, table, limit.first, limit.second);
    }
    return collected;
}

void RowFeed::tell(const Collected& changed, Position position)
{
    for (const auto& watcher : watchers()) {
        const auto& known = changed.watchers;
        if (std::find(known.begin(), known.end(), watcher) == known.end()) {
            // It came during the write, so it may have read the table before the write or after it.
            watcher->add(position, nullptr);
            continue;
        }
        const auto& rows = changed.by_table.at(watcher->table());
        if (not rows || not rows->empty()) watcher->add(position, rows);
    }
}

void RowFeed::tell_to_read_anew(Position position)
{
    for (const auto& watcher : watchers()) watcher->add(position, nullptr);
}

namespace detail {

std::size_t bytes_of(const StoredChange& change)
{
    return sizeof change + (change.before ? change.before->size() : 0) + (change.after ? change.after->size() : 0);
}

std::shared_ptr<Subscription> watch_rows(Executor& executor, const CurrentModel& current, const std::string& table,
                                         const WatchOptions& options, TellChanges tell)
{
    return current.feed().add(executor, table, options, std::move(tell));
}

} // namespace detail

} // namespace eventloom
