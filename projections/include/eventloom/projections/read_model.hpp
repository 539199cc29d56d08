// The rows of one projection on disk, and the position up to which the log is in them.
//
//     BOOST_OUTCOME_TRY(auto model, ReadModel::open(runtime, directory, 1));
//     ModelBatch batch;
//     fold.flush(batch);
//     BOOST_OUTCOME_TRY(model->write(batch, position));
//
// Rows and checkpoint go into one atomic batch, so an event counts once in them, whatever dies when. Tables and Projections
// are what users see; this is what stands behind both. Threads: one writer, any number of readers.
#pragma once

#include <eventloom/projections/projected.hpp>
#include <eventloom/storage/database.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace eventloom {

// What a fold has changed, on its way into a read model.
class ModelBatch final : public Changes {
public:
    void put(std::string_view key, std::string_view stored) override { batch_.put(key, stored); }
    void remove(std::string_view key) override { batch_.remove(key); }
    void count(const std::string& table, std::int64_t more_rows) override { more_rows_[table] += more_rows; }

private:
    friend class ReadModel;
    Batch batch_;
    std::map<std::string, std::int64_t> more_rows_; // by table
};

class ReadModel {
public:
    static result<std::unique_ptr<ReadModel>> open(const Runtime& runtime, std::string directory,
                                                   std::uint32_t projection_version);

    // The last event whose changes are in the rows.
    Position checkpoint() const { return checkpoint_.load(); }
    // Of all tables together.
    std::uint64_t rows() const { return rows_.load(); }
    const Database& database() const { return *database_; }
    const std::string& directory() const { return directory_; }

    // Adds the checkpoint and the numbers of rows to `batch`, and writes all of it.
    result<void> write(ModelBatch& batch, Position checkpoint);

    // A number that is kept beside the rows (row_keys.hpp), 0 when it is not there.
    result<std::uint64_t> number(const std::string& key, const DatabaseSnapshot& at = nullptr) const;

    // Whether the directory goes when the last reader has gone: that of a copy which was replaced, or never finished.
    void remove_when_done() { removed_when_done_ = true; }
    void keep() { removed_when_done_ = false; }

    ReadModel(const Runtime& runtime, std::string directory, std::unique_ptr<Database> database);
    ~ReadModel();

private:
    result<void> load(std::uint32_t projection_version);

    const Runtime runtime_;
    const std::string directory_;
    std::unique_ptr<Database> database_;
    std::atomic<Position> checkpoint_{0};
    std::atomic<std::uint64_t> rows_{0};
    std::atomic<bool> removed_when_done_{false};
};

// The read model that answers at this moment: a rebuild puts another in its place while queries go on.
class CurrentModel {
public:
    std::shared_ptr<ReadModel> get() const
    {
        const std::lock_guard lock{mutex_};
        return model_;
    }

    void replace(std::shared_ptr<ReadModel> model)
    {
        const std::lock_guard lock{mutex_};
        model_.swap(model); // the old one goes with the parameter, after the lock
    }

private:
    // Not std::atomic<std::shared_ptr>: that of GCC 12 releases its lock too weakly for ThreadSanitizer to agree.
    mutable std::mutex mutex_;
    std::shared_ptr<ReadModel> model_;
};

} // namespace eventloom
