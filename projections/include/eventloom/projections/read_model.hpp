// The rows of one projection, and the position up to which the log is in them: a port, for whatever keeps them.
//
//     BOOST_OUTCOME_TRY(const auto model, open_read_model(runtime, RowPlace::leveldb, directory, *definition));
//     ModelBatch batch;
//     fold.flush(batch);
//     BOOST_OUTCOME_TRY(model->write(batch, position));
//     BOOST_OUTCOME_TRY(const auto stored, model->find(keys.row(ordered_key)));
//
// Everything is at a key (row_keys.hpp): rows, index entries, numbers. Rows and checkpoint are written together or not at
// all, so an event counts once in them, whatever dies when. Users see Tables and Projections; both
// are built on this. Threads: one writer, any number of readers, and no reader waits for another.
#pragma once

#include <eventloom/projections/projected.hpp>

#include <eventloom/framework/inline_rows.hpp>
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

// Where a projection's rows are kept.
enum class RowPlace : std::uint8_t {
    leveldb, // on disk: the fastest that lasts
    sqlite,  // on disk, for people who want SQL: a file that any SQLite tool can read while the service runs
    memory,  // in this process: folded from the log again at every start
    log,     // inline: beside the events, changed in the write that appends them
};

// "leveldb", "sqlite", "memory", "log".
std::string_view to_string(RowPlace place);

// What a fold has changed, in the order in which it did, on its way into a read model.
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

// A read model at one moment, whatever is written meanwhile. Keeps the read model there. Do not keep one for long: it pins
// what was written over since. Threads: any.
class ReadModelView {
public:
    virtual ~ReadModelView() = default;

    // Nothing when the key is not there.
    virtual result<std::optional<std::string>> get(std::string_view key) const = 0;
    // At the first key of the span, or at the last one when it goes backwards.
    virtual std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards = false) const = 0;
    // Of the read model, for messages.
    virtual const std::string& directory() const = 0;
    // Where a row has columns beside its bytes: which of them has something else than the bytes say, as part of a sentence.
    virtual result<std::optional<std::string>> wrong_column(std::string_view /*key*/, std::string_view /*stored*/) const
    {
        return std::optional<std::string>{};
    }

    // A number that is kept beside the rows, 0 when it is not there.
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
    // What was found damaged when it was opened, and is made anew, a sentence each.
    virtual std::vector<std::string> notices() const { return {}; }

    // What was written last at a key; nothing when the key is not there.
    virtual result<std::optional<std::string>> find(std::string_view key) const = 0;
    // Where the place cannot give one, its calls say why.
    virtual std::shared_ptr<const ReadModelView> view() const = 0;

    // Adds the checkpoint and the numbers of rows to `batch`, and writes all of it, or nothing.
    result<void> write(ModelBatch& batch, Position checkpoint);
    // Adds them alone, and gives how many rows there are then in all; `find` gives what stands there before.
    result<std::uint64_t> put_numbers(ModelBatch& batch, Position checkpoint, const FindStored& find) const;

    // Whether what is on disk goes when the last reader has gone: that of a copy which was replaced, or never finished.
    void remove_when_done() { removed_when_done_ = true; }
    void keep() { removed_when_done_ = false; }

    // From here on, what is written is told to whoever watches. Not while something is written.
    void tell(std::shared_ptr<RowFeed> feed) { feed_ = std::move(feed); }

    // Takes the checkpoint of what was there before, or begins. Failure::corrupt "wrong-projection-version".
    result<void> load(std::uint32_t projection_version);

protected:
    explicit ReadModel(std::string directory) : directory_{std::move(directory)} {}
    bool is_removed_when_done() const { return removed_when_done_; }
    const std::shared_ptr<RowFeed>& feed() const { return feed_; }
    // What another way than write() has brought it to.
    void has_come_to(Position checkpoint, std::uint64_t rows);

private:
    virtual result<void> commit(const ModelBatch& batch) = 0;

    const std::string directory_;
    std::atomic<Position> checkpoint_{0};
    std::atomic<std::uint64_t> rows_{0};
    std::atomic<bool> removed_when_done_{false};
    std::shared_ptr<RowFeed> feed_; // none: nobody is told
};

// Opens the read model in a directory, or begins one there. A damaged one is removed and begun empty, since the log can
// give it again; notices() say so.
result<std::shared_ptr<ReadModel>> open_read_model(const Runtime& runtime, RowPlace place, const std::string& directory,
                                                   const Projection& definition);
// The same of one that another version of the projection may have written, with rows of the same shape; with so much memory
// for blocks of rows that were asked for, in LevelDB.
inline constexpr std::size_t rows_cache_bytes = 128u << 20;
result<std::shared_ptr<ReadModel>> open_read_model(const Runtime& runtime, RowPlace place, const std::string& directory,
                                                   const Projection& definition, std::uint32_t written_by,
                                                   std::size_t cache_bytes = rows_cache_bytes);

// The read model that answers at this moment: a rebuild puts another in its place while queries go on, and whoever watches
// its tables is told.
class CurrentModel {
public:
    CurrentModel();

    std::shared_ptr<ReadModel> get() const
    {
        const std::lock_guard lock{mutex_};
        return model_;
    }

    // Not while something is written to either of them.
    void replace(std::shared_ptr<ReadModel> model);

    RowFeed& feed() const { return *feed_; }

private:
    // Not std::atomic<std::shared_ptr>: that of GCC 12 releases its lock too weakly for ThreadSanitizer to agree.
    mutable std::mutex mutex_;
    std::shared_ptr<ReadModel> model_;
    const std::shared_ptr<RowFeed> feed_;
};

} // namespace eventloom
