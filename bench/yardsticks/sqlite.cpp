// What a good C++ developer would write on SQLite instead: WAL, FULL, prepared statements, a table in the order of
// positions, unique (stream, version) and unique id, and a thread that commits for many callers in one transaction.
#include "sqlite.hpp"
#include "tested_store.hpp"

#include "support/measuring/measure.hpp"

#include <eventloom/framework/runtime.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace bench {

namespace {

namespace el = eventloom;

constexpr auto table = "CREATE TABLE IF NOT EXISTS events(position INTEGER PRIMARY KEY, id BLOB NOT NULL,"
                       " stream TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,"
                       " recorded_at INTEGER NOT NULL, metadata BLOB NOT NULL, data BLOB NOT NULL);";

constexpr auto indexes = "CREATE UNIQUE INDEX IF NOT EXISTS by_stream ON events(stream, version);"
                         "CREATE UNIQUE INDEX IF NOT EXISTS by_id ON events(id);";

// Adjacent literals are one, so the list of columns stands once.
#define EVENT_COLUMNS "position, stream, version, type, data, metadata, id, recorded_at"

class Sqlite final : public TestedStore {
public:
    Sqlite(const std::string& directory, Callers callers) : database_{open_sqlite(directory + "/events.db")}
    {
        run(sqlite_settings);
        run(table);
        run(indexes);
        prepared_ = std::make_unique<Prepared>(database_.get());
        prepared_->head.step();
        next_ = prepared_->head.number(0) + 1;
        prepared_->head.reset();
        if (callers == Callers::many) committer_ = std::thread{[this] { commit_for_callers(); }};
    }

    ~Sqlite() override
    {
        {
            const std::lock_guard lock{mutex_};
            ends_ = true;
        }
        queued_.notify_one();
        if (committer_.joinable()) committer_.join();
    }

    void append(const PreparedAppend& append) override
    {
        if (not committer_.joinable()) {
            prepared_->begin.step();
            insert(append);
            prepared_->commit.step();
            return;
        }
        Waiting waiting{&append};
        std::unique_lock lock{mutex_};
        queue_.push_back(&waiting);
        if (queue_.size() == 1) queued_.notify_one();
        waiting.changed.wait(lock, [&] { return waiting.done; });
    }

    // Without journal, and with the indexes made at the end: the fastest way in, and it packs the indexes best.
    void begin_load() override
    {
        run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; DROP INDEX by_stream; DROP INDEX by_id;");
        prepared_->begin.step();
        loading_ = true;
    }

    void load(PreparedAppend append) override { insert(append); }

    void end_load() override
    {
        loading_ = false;
        prepared_->commit.step();
        run(indexes);
        run(sqlite_settings);
        run("PRAGMA wal_checkpoint(TRUNCATE);");
    }

    void read_log(const Visit& visit) override { see_all(prepared_->log, visit); }

    void read_stream(const std::string& stream, const Visit& visit) override
    {
        prepared_->stream.bind_text(1, stream);
        see_all(prepared_->stream, visit);
    }

    void read_last(const std::string& stream, const Visit& visit) override
    {
        prepared_->last.bind_text(1, stream);
        see_all(prepared_->last, visit);
    }

    bool read_by_id(const el::Uuid& id, const Visit& visit) override
    {
        prepared_->by_id.bind_blob(1, text_of(id));
        see_all(prepared_->by_id, visit);
        return true;
    }

private:
    struct Prepared {
        explicit Prepared(sqlite3* database)
            : begin{database, "BEGIN IMMEDIATE"}, commit{database, "COMMIT"},
              insert{database, "INSERT INTO events(" EVENT_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
              length{database, "SELECT version + 1 FROM events WHERE stream = ?1 ORDER BY version DESC LIMIT 1"},
              head{database, "SELECT coalesce(max(position), 0) FROM events"},
              log{database, "SELECT " EVENT_COLUMNS " FROM events ORDER BY position"},
              stream{database, "SELECT " EVENT_COLUMNS " FROM events WHERE stream = ?1 ORDER BY version"},
              last{database, "SELECT " EVENT_COLUMNS " FROM events WHERE stream = ?1 ORDER BY version DESC LIMIT 1"},
              by_id{database, "SELECT " EVENT_COLUMNS " FROM events WHERE id = ?1"}
        {
        }
        SqliteStatement begin, commit, insert, length, head, log, stream, last, by_id;
    };

    struct Waiting {
        const PreparedAppend* append;
        bool done = false;
        std::condition_variable changed{};
    };

    static std::string_view text_of(const el::Uuid& id)
    {
        return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
    }

    void run(const char* sql)
    {
        require(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK,
                sqlite3_errmsg(database_.get()));
    }

    void insert(const PreparedAppend& append)
    {
        for (std::size_t i = 0; i < append.request.streams.size(); ++i) {
            const auto& stream = append.request.streams[i];
            auto version       = append.first_versions[i];
            if (not loading_) require(length_of(stream.stream) == version, "the stream is as expected");
            for (const auto& event : stream.events) insert(stream.stream, version++, event);
        }
    }

    std::uint64_t length_of(const std::string& stream)
    {
        prepared_->length.bind_text(1, stream);
        const std::uint64_t length = prepared_->length.step() ? prepared_->length.number(0) : 0;
        prepared_->length.reset();
        return length;
    }

    void insert(const std::string& stream, std::uint64_t version, const el::NewEvent& event)
    {
        const auto metadata           = metadata_bytes(event.metadata);
        const SqliteStatement& insert = prepared_->insert;
        insert.bind(1, next_++);
        insert.bind_text(2, stream);
        insert.bind(3, version);
        insert.bind_text(4, event.type);
        insert.bind_blob(5, event.data);
        insert.bind_blob(6, metadata);
        insert.bind_blob(7, text_of(event.id));
        insert.bind(8, static_cast<std::uint64_t>(el::system_clock().now().time_since_epoch().count()));
        insert.step();
    }

    void commit_for_callers()
    {
        std::unique_lock lock{mutex_};
        for (;;) {
            queued_.wait(lock, [&] { return ends_ || not queue_.empty(); });
            if (queue_.empty()) return;
            std::vector<Waiting*> group;
            group.swap(queue_);
            lock.unlock();
            prepared_->begin.step();
            for (const Waiting* waiting : group) insert(*waiting->append);
            prepared_->commit.step();
            lock.lock();
            for (Waiting* waiting : group) {
                waiting->done = true;
                waiting->changed.notify_one(); // under the lock: after it the caller may be gone
            }
        }
    }

    static void see_all(const SqliteStatement& statement, const Visit& visit)
    {
        while (statement.step()) {
            visit(
                {statement.number(0), statement.bytes(1), statement.number(2), statement.bytes(3), statement.bytes(4)});
        }
    }

    const SqliteDatabase database_;
    std::unique_ptr<Prepared> prepared_;
    std::uint64_t next_ = 1;
    bool loading_       = false;

    std::mutex mutex_;
    std::condition_variable queued_;
    std::vector<Waiting*> queue_;
    bool ends_ = false;
    std::thread committer_;
};

} // namespace

std::unique_ptr<TestedStore> open_sqlite_yardstick(const std::string& directory, Callers callers)
{
    return std::make_unique<Sqlite>(directory, callers);
}

} // namespace bench
