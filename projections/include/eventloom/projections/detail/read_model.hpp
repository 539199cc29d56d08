// The rows of one projection, and the position up to which the log is in them: a port for the places that keep rows.
//
//     BOOST_OUTCOME_TRY(const auto model, open_read_model(runtime, RowPlace::leveldb, directory, *definition));
//     ModelBatch batch;
//     fold.flush(batch);
//     BOOST_OUTCOME_TRY(model->write(batch, position));
//     BOOST_OUTCOME_TRY(const auto stored, model->find(keys.row(ordered_key)));
//
// Everything has a key (row_keys.hpp): rows, index entries, numbers. Rows and checkpoint are written together or not at all,
// so after a crash each event counts once in them. Users see Tables and Projections; both are built on this. Threads: one
// writer, any number of readers, and no reader waits for another.
#pragma once

#include <eventloom/projections/projected.hpp>

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/runtime.hpp>

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

struct BlockCache;

// Where a projection's rows are kept.
enum class RowPlace : std::uint8_t {
    leveldb, // on disk: the fastest of those on disk
    sqlite,  // on disk, for people who want SQL: a file that any SQLite tool can read while the service runs
    memory,  // in this process: folded again from the log at every start
    log,     // inline: in the database of the log, changed by the write that appends the events
};

// "leveldb", "sqlite", "memory", "log".
std::string_view to_string(RowPlace place);

// The changes that a fold has made, in order, to be written to a read model.
class ModelBatch final : public Changes {
public:
    using Change = RowBatch::Change;

    void put(std::string_view key, std::string_view stored) override { changes_.put(key, stored); }
    void remove(std::string_view key) override { changes_.remove(key); }
    void count(const std::string& table, std::int64_t more_rows) override { more_rows_[table] += more_rows; }

    std::size_t size() const { return changes_.size(); }
    Change operator[](std::size_t place) const { return changes_[place]; }
    const RowBatch& changes() const { return changes_; }
    const std::map<std::string, std::int64_t>& more_rows() const { return more_rows_; } // by table

private:
    RowBatch changes_;
    std::map<std::string, std::int64_t> more_rows_;
};

// A snapshot of a read model: later writes do not change it. It keeps the read model open. Release it soon: it pins storage.
// Threads: any.
class ReadModelView {
public:
    virtual ~ReadModelView() = default;

    // Nothing when the key is not there.
    virtual result<std::optional<std::string>> get(std::string_view key) const = 0;
    // At the first key of the span, or at the last one when it goes backwards.
    virtual std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards = false) const = 0;
    // At the first of all keys, for one who reads each of them once: what is read is not kept in memory.
    virtual std::unique_ptr<RowCursor> scan_all() const { return scan(every_key()); }
    // The first byte of a key is a letter.
    static KeySpan every_key() { return {{}, "\xff"}; }
    // The directory of the read model, for messages.
    virtual const std::string& directory() const = 0;
    // For places with columns beside the stored bytes: a column of this row whose value differs from the bytes, as part of a
    // sentence; nothing when all agree.
    virtual result<std::optional<std::string>> wrong_column(std::string_view /*key*/, std::string_view /*stored*/) const
    {
        return std::optional<std::string>{};
    }

    // A number that is stored with the rows; 0 when it is not there.
    result<std::uint64_t> number(std::string_view key) const;
};

class RowFeed;

class ReadModel : public std::enable_shared_from_this<ReadModel> {
public:
    virtual ~ReadModel() = default;

    // The last event whose changes are in the rows.
    Position checkpoint() const { return checkpoint_.load(); }
    // Of all tables together.
    std::uint64_t rows() const { return rows_.load(); }
    const std::string& directory() const { return directory_; }
    // What was damaged when it was opened and is built again, a sentence each.
    virtual std::vector<std::string> notices() const { return {}; }

    // The value that was last written at a key; nothing when the key is not there.
    virtual result<std::optional<std::string>> find(std::string_view key) const = 0;
    // When the place cannot make a view, the calls of the view return the error.
    virtual std::shared_ptr<const ReadModelView> view() const = 0;

    // Adds the checkpoint and the numbers of rows to `batch`, and writes all of it or nothing.
    result<void> write(ModelBatch& batch, Position checkpoint);
    // Only adds them, and returns how many rows there will be in all. `find` gives the value at a key before the batch.
    result<std::uint64_t> put_numbers(ModelBatch& batch, Position checkpoint, const FindStored& find) const;

    // Removes the files when the last reader has gone: for a copy that was replaced, or that was never finished.
    void remove_when_done() { removed_when_done_ = true; }
    void keep() { removed_when_done_ = false; }

    // Reports all later writes to the watchers in `feed`. Do not call it during a write.
    void tell(std::shared_ptr<RowFeed> feed) { feed_ = std::move(feed); }

    // Reads the checkpoint of what is there, or begins at 0. Failure::corrupt "wrong-projection-version".
    result<void> load(std::uint32_t projection_version);

protected:
    explicit ReadModel(std::string directory) : directory_{std::move(directory)} {}
    bool is_removed_when_done() const { return removed_when_done_; }
    const std::shared_ptr<RowFeed>& feed() const { return feed_; }
    // Sets the numbers after rows were written in another way than by write().
    void has_come_to(Position checkpoint, std::uint64_t rows);

private:
    virtual result<void> commit(const ModelBatch& batch) = 0;

    const std::string directory_;
    std::atomic<Position> checkpoint_{0};
    std::atomic<std::uint64_t> rows_{0};
    std::atomic<bool> removed_when_done_{false};
    std::shared_ptr<RowFeed> feed_; // none: no watchers
};

// Opens the read model in a directory, or begins one there. A damaged one is removed and begins empty, since it can be built
// again from the log; notices() says so.
result<std::shared_ptr<ReadModel>> open_read_model(const Runtime& runtime, RowPlace place, const std::string& directory,
                                                   const UntypedProjection& definition);
// The same for one that another version of the projection may have written, with rows of the same shape. `cache`: for LevelDB;
// none: a small one of its own.
result<std::shared_ptr<ReadModel>> open_read_model(const Runtime& runtime, RowPlace place, const std::string& directory,
                                                   const UntypedProjection& definition, std::uint32_t written_by,
                                                   const std::shared_ptr<BlockCache>& cache = nullptr);

// The read model that queries see now. A rebuild replaces it while queries go on; watchers of its tables are told.
class CurrentModel {
public:
    CurrentModel();

    std::shared_ptr<ReadModel> get() const
    {
        const std::lock_guard lock{mutex_};
        return model_;
    }

    // Do not call it during a write to either of them.
    void replace(std::shared_ptr<ReadModel> model);

    RowFeed& feed() const { return *feed_; }

private:
    // Not std::atomic<std::shared_ptr>: that of GCC 12 releases its lock too weakly for ThreadSanitizer to agree.
    mutable std::mutex mutex_;
    std::shared_ptr<ReadModel> model_;
    const std::shared_ptr<RowFeed> feed_;
};

} // namespace eventloom
