// What a good C++ developer would write on SQLite instead: WAL, FULL, prepared statements, a table in the order of
// positions, unique (stream, version) and unique id, and a thread that commits for many callers in one transaction.
#include "tested_store.hpp"

#include "support/measure.hpp"

#include <eventloom/framework/runtime.hpp>

#include <sqlite3.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

namespace bench {

namespace {

namespace el = eventloom;

constexpr auto settings = "PRAGMA journal_mode = WAL;"
                          "PRAGMA synchronous = FULL;"
                          "PRAGMA cache_size = -65536;"       // KiB
                          "PRAGMA mmap_size = 17179869184;"   // pages are read in place
                          "PRAGMA wal_autocheckpoint = 4000;" // pages: the WAL stays near 16 MiB and is used again
                          "PRAGMA temp_store = MEMORY;";

constexpr auto table = "CREATE TABLE IF NOT EXISTS events(position INTEGER PRIMARY KEY, id BLOB NOT NULL,"
                       " stream TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,"
                       " recorded_at INTEGER NOT NULL, metadata BLOB NOT NULL, data BLOB NOT NULL);";

constexpr auto indexes = "CREATE UNIQUE INDEX IF NOT EXISTS by_stream ON events(stream, version);"
                         "CREATE UNIQUE INDEX IF NOT EXISTS by_id ON events(id);";

class Statement {
public:
    Statement(sqlite3* database, const char* sql)
    {
        require(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) == SQLITE_OK,
                sqlite3_errmsg(database));
    }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&)            = delete;
    Statement& operator=(const Statement&) = delete;

    sqlite3_stmt* get() const { return statement_; }

    // True: a row; false: the end, and ready for the next use.
    bool step() const
    {
        const int answer = sqlite3_step(statement_);
        if (answer == SQLITE_ROW) return true;
        sqlite3_reset(statement_);
        require(answer == SQLITE_DONE, sqlite3_errstr(answer));
        return false;
    }
    void reset() const { sqlite3_reset(statement_); }

    void bind(int at, std::uint64_t number) const
    {
        sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number));
    }
    void bind_text(int at, std::string_view text) const
    {
        sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    }
    void bind_blob(int at, std::string_view bytes) const
    {
        sqlite3_bind_blob(statement_, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    }
    std::uint64_t number(int at) const { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, at)); }
    std::string_view bytes(int at) const
    {
        const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, at));
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, at))};
    }

private:
    sqlite3_stmt* statement_ = nullptr;
};

struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};

std::unique_ptr<sqlite3, Close> open_database(const std::string& directory)
{
    std::filesystem::create_directories(directory);
    sqlite3* opened = nullptr;
    require(sqlite3_open_v2((directory + "/events.db").c_str(), &opened,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr) == SQLITE_OK,
            "SQLite opens");
    return std::unique_ptr<sqlite3, Close>{opened};
}

// Adjacent literals are one, so the list of columns stands once.
#define EVENT_COLUMNS "position, stream, version, type, data, metadata, id, recorded_at"

class Sqlite final : public TestedStore {
public:
    Sqlite(const std::string& directory, Callers callers) : database_{open_database(directory)}
    {
        run(settings);
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
        run(settings);
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
        Statement begin, commit, insert, length, head, log, stream, last, by_id;
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
        const auto metadata     = metadata_bytes(event.metadata);
        const Statement& insert = prepared_->insert;
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

    static void see_all(const Statement& statement, const Visit& visit)
    {
        while (statement.step()) {
            visit(
                {statement.number(0), statement.bytes(1), statement.number(2), statement.bytes(3), statement.bytes(4)});
        }
    }

    const std::unique_ptr<sqlite3, Close> database_;
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
