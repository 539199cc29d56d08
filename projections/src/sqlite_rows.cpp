#include "row_places.hpp"
#include "sqlite.hpp"
#include "sqlite_readers.hpp"
#include "sqlite_schema.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/storage/database.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

// How long a write waits for another program that writes into the file, which none should.
constexpr int wait_for_others_ms = 5'000;
// The pages that may be written ahead before they are moved into the database.
constexpr int pages_ahead = 4'096;
// Readers of old moments hold up the log's beginning anew: with so many pages in it a write waits for them, but not long.
constexpr int pages_ahead_max     = 16 * pages_ahead;
constexpr int wait_for_readers_ms = 100;

class CellsToStatement final : public CellVisitor {
public:
    CellsToStatement(sqlite::Statement& statement, int first) : statement_{statement}, next_{first} {}

    void integer(std::int64_t number) override { statement_.bind_integer(next_++, number); }
    void real(double number) override { statement_.bind_real(next_++, number); }
    void nothing() override { statement_.bind_nothing(next_++); }
    void text(std::string_view text) override
    {
        // What SQLite's tools would cut or misread as text is shown as the bytes it is.
        const bool is_text = text.find('\0') == std::string_view::npos && is_utf8(text);
        is_text ? statement_.bind_text(next_++, text) : statement_.bind_blob(next_++, text);
    }

private:
    sqlite::Statement& statement_;
    int next_;
};

// What writes one read model, in one transaction for a batch.
class SqliteWriter {
public:
    static result<std::unique_ptr<SqliteWriter>> prepare(sqlite::Connection& file, const SqliteSchema& schema)
    {
        std::unique_ptr<SqliteWriter> writer{new SqliteWriter{file, schema}};
        const auto add = [&](std::vector<sqlite::Statement>& to, const std::string& sql) -> result<void> {
            BOOST_OUTCOME_TRY(auto statement, file.prepare(sql));
            to.push_back(std::move(statement));
            return done();
        };
        for (const auto& table : schema.tables()) {
            BOOST_OUTCOME_TRY(add(writer->put_row_, table.put));
            BOOST_OUTCOME_TRY(add(writer->remove_row_, table.remove));
        }
        BOOST_OUTCOME_TRY(
            add(writer->put_entry_, "INSERT OR REPLACE INTO _eventloom_entries (_key, _row) VALUES (?, ?)"));
        BOOST_OUTCOME_TRY(add(writer->remove_entry_, "DELETE FROM _eventloom_entries WHERE _key = ?"));
        BOOST_OUTCOME_TRY(
            add(writer->put_number_, "INSERT OR REPLACE INTO _eventloom (table_name, name, value) VALUES (?, ?, ?)"));
        return writer;
    }

    result<void> write(const ModelBatch& batch)
    {
        BOOST_OUTCOME_TRY(file_.run("BEGIN IMMEDIATE"));
        auto written = write_changes(batch);
        if (written) written = file_.run("COMMIT");
        if (not written) file_.roll_back();
        return written;
    }

private:
    SqliteWriter(sqlite::Connection& file, const SqliteSchema& schema) : file_{file}, schema_{schema} {}

    // In the order of their keys, which is that of the pages; of several changes of one key the last.
    result<void> write_changes(const ModelBatch& batch)
    {
        std::vector<ModelBatch::Change> changes;
        changes.reserve(batch.size());
        for (std::size_t i = 0; i < batch.size(); ++i) changes.push_back(batch[i]);
        std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
        for (std::size_t i = 0; i < changes.size(); ++i) {
            if (i + 1 < changes.size() && changes[i + 1].key == changes[i].key) continue;
            BOOST_OUTCOME_TRY(write(changes[i]));
        }
        return done();
    }

    result<void> write(const ModelBatch::Change& change)
    {
        const auto* section = schema_.section_of(change.key);
        if (section == nullptr) return done();
        const auto key = section->inner(change.key);
        switch (section->kind) {
        case row_keys::row:
            return change.removed ? remove(remove_row_[section->table], key) : put_row(section->table, key, change);
        case row_keys::entry:
            return change.removed ? remove(remove_entry_.front(), key) : put_entry(key, change);
        default:
            return put_number(key, change);
        }
    }

    static result<void> remove(sqlite::Statement& statement, std::string_view key)
    {
        statement.bind_blob_by_reference(1, key);
        return statement.run();
    }

    result<void> put_row(std::size_t table, std::string_view key, const ModelBatch::Change& change)
    {
        auto& statement = put_row_[table];
        statement.bind_blob_by_reference(1, key);
        statement.bind_blob_by_reference(2, change.stored);
        CellsToStatement cells{statement, 3};
        BOOST_OUTCOME_TRY(schema_.tables()[table].about->read_cells(change.stored, cells));
        return statement.run();
    }

    result<void> put_entry(std::string_view key, const ModelBatch::Change& change)
    {
        auto& statement = put_entry_.front();
        statement.bind_blob_by_reference(1, key);
        statement.bind_blob_by_reference(2, change.stored);
        return statement.run();
    }

    result<void> put_number(std::string_view name, const ModelBatch::Change& change)
    {
        auto& statement = put_number_.front();
        statement.bind_text(1, row_keys::parts_of(change.key).table);
        statement.bind_text(2, name);
        statement.bind_integer(3, static_cast<std::int64_t>(read_big_endian(change.stored)));
        return statement.run();
    }

    sqlite::Connection& file_;
    const SqliteSchema& schema_;
    std::vector<sqlite::Statement> put_row_; // for each table
    std::vector<sqlite::Statement> remove_row_;
    std::vector<sqlite::Statement> put_entry_; // one of each
    std::vector<sqlite::Statement> remove_entry_;
    std::vector<sqlite::Statement> put_number_;
};

class SqliteView final : public ReadModelView {
public:
    SqliteView(std::shared_ptr<const ReadModel> model, SqliteReaders& readers)
        : model_{std::move(model)}, readers_{readers}
    {
        auto taken = readers_.take();
        if (taken)
            reader_ = std::move(taken.value());
        else
            error_ = std::move(taken.error());
    }
    ~SqliteView() override
    {
        if (reader_) readers_.give_back(std::move(reader_));
    }
    SqliteView(const SqliteView&)            = delete;
    SqliteView& operator=(const SqliteView&) = delete;

    result<std::optional<std::string>> get(std::string_view key) const override
    {
        if (error_) return *error_;
        return reader_->get(key);
    }
    std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
    {
        if (error_) return std::make_unique<NoRows>(*error_);
        return reader_->scan(span, backwards);
    }
    const std::string& directory() const override { return model_->directory(); }

private:
    class NoRows final : public RowCursor {
    public:
        explicit NoRows(Error error) : error_{std::move(error)} {}
        bool valid() const override { return false; }
        void next() override {}
        std::string_view key() const override { return {}; }
        std::string_view value() const override { return {}; }
        result<void> status() const override { return error_; }

    private:
        Error error_;
    };

    const std::shared_ptr<const ReadModel> model_; // the readers are in it
    SqliteReaders& readers_;
    std::unique_ptr<SqliteReader> reader_;
    std::optional<Error> error_;
};

class SqliteRows final : public ReadModel {
public:
    SqliteRows(const Runtime& runtime, const std::string& directory, std::shared_ptr<const SqliteSchema> schema,
               std::unique_ptr<sqlite::Connection> file, std::unique_ptr<SqliteWriter> writer, const std::string& path,
               std::vector<std::string> notices)
        : ReadModel{directory}, runtime_{runtime}, schema_{std::move(schema)}, file_{std::move(file)},
          writer_{std::move(writer)}, readers_{std::make_unique<SqliteReaders>(path, *schema_)}, notices_{
                                                                                                     std::move(notices)}
    {
    }

    ~SqliteRows() override
    {
        readers_.reset();
        writer_.reset();
        file_.reset();
        // What cannot be removed now is removed at the next start: nothing refers to it any more.
        if (is_removed_when_done()) static_cast<void>(remove_database(runtime_, directory()));
    }

    std::vector<std::string> notices() const override { return notices_; }

    result<std::optional<std::string>> find(std::string_view key) const override
    {
        BOOST_OUTCOME_TRY(auto reader, readers_->take());
        auto found = reader->get(key);
        readers_->give_back(std::move(reader));
        return found;
    }

    std::shared_ptr<const ReadModelView> view() const override
    {
        return std::make_shared<SqliteView>(shared_from_this(), *readers_);
    }

private:
    result<void> commit(const ModelBatch& batch) override
    {
        BOOST_OUTCOME_TRY(writer_->write(batch));
        readers_->written();
        move_pages();
        return done();
    }

    // Keeps the write-ahead log short. Readers never wait for it; for them it waits a moment when the log has become long.
    // A view that is kept for ever makes it grow: then it is tried again whenever it is twice as long.
    void move_pages()
    {
        const int pages = file_->pages_written_ahead();
        if (pages < moved_at_) moved_at_ = 0; // it has begun anew
        if (pages < moved_at_ + pages_ahead) return;
        moved_at_ = pages;
        file_->checkpoint(false);
        if (pages < wait_at_) return;
        file_->wait_for_locks(wait_for_readers_ms);
        wait_at_ = file_->checkpoint(true) ? pages_ahead_max : 2 * pages;
        file_->wait_for_locks(wait_for_others_ms);
    }

    const Runtime runtime_;
    const std::shared_ptr<const SqliteSchema> schema_;
    std::unique_ptr<sqlite::Connection> file_;
    std::unique_ptr<SqliteWriter> writer_;
    std::unique_ptr<SqliteReaders> readers_; // a view takes one of them
    const std::vector<std::string> notices_;
    int moved_at_ = 0;
    int wait_at_  = pages_ahead_max;
};

// The statements that made what is in the file.
result<std::vector<std::string>> created(sqlite::Connection& file)
{
    BOOST_OUTCOME_TRY(auto statement,
                      file.prepare("SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"));
    std::vector<std::string> found;
    for (;;) {
        BOOST_OUTCOME_TRY(const bool more, statement.step());
        if (not more) return found;
        found.emplace_back(statement.blob(0));
    }
}

// Opens the file and sees to its tables. Failure::corrupt when it has others.
result<std::unique_ptr<sqlite::Connection>> open_file(const std::string& path, const SqliteSchema& schema)
{
    BOOST_OUTCOME_TRY(auto file, sqlite::Connection::open(path));
    file->wait_for_locks(wait_for_others_ms);
    // NORMAL: a power cut takes the last writes, rows and checkpoint alike, which are folded again; but it damages nothing.
    // (OFF could, and SQLite would not see it: its pages have no checksums.)
    BOOST_OUTCOME_TRY(file->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768"));
    BOOST_OUTCOME_TRY(const auto there, created(*file));
    if (there == schema.creates()) return file;
    if (not there.empty()) {
        return fail(Failure::corrupt, "other-columns",
                    "opened the read model " + path + " and found tables that are not those of the projection");
    }
    BOOST_OUTCOME_TRY(file->run("BEGIN IMMEDIATE"));
    for (const auto& statement : schema.creates()) {
        BOOST_OUTCOME_TRY(file->run(statement));
    }
    BOOST_OUTCOME_TRY(file->run("COMMIT"));
    return file;
}

result<void> remove_file(const Runtime& runtime, const std::string& path)
{
    // The log of what is gone must not be taken for that of what comes.
    for (const auto& name : {path + "-wal", path + "-shm", path}) {
        if (runtime.files.FileExists(name) && not runtime.files.RemoveFile(name).ok()) {
            return fail(Failure::storage, "storage-fault",
                        "removed the damaged read model " + path + " and found that " + name + " stays; remove it");
        }
    }
    return done();
}

} // namespace

result<std::shared_ptr<ReadModel>> open_sqlite_rows(const Runtime& runtime, const std::string& directory,
                                                    const Projection& definition)
{
    BOOST_OUTCOME_TRY(make_directory(runtime, directory));
    const auto path   = directory + "/" + definition.name() + ".sqlite";
    const auto schema = std::make_shared<const SqliteSchema>(definition);
    std::vector<std::string> notices;
    auto opened = open_file(path, *schema);
    if (not opened && opened.error().kind == Failure::corrupt) {
        notices.push_back(opened.error().sentence + " (it was removed, and is made anew)");
        BOOST_OUTCOME_TRY(remove_file(runtime, path));
        opened = open_file(path, *schema);
    }
    BOOST_OUTCOME_TRY(auto file, std::move(opened));
    BOOST_OUTCOME_TRY(auto writer, SqliteWriter::prepare(*file, *schema));
    return std::shared_ptr<ReadModel>{std::make_shared<SqliteRows>(runtime, directory, schema, std::move(file),
                                                                   std::move(writer), path, std::move(notices))};
}

} // namespace eventloom
