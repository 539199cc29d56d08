#include "rows/no_rows.hpp"
#include "rows/row_places.hpp"
#include "rows/sqlite/sqlite.hpp"
#include "rows/sqlite/sqlite_readers.hpp"
#include "rows/sqlite/sqlite_schema.hpp"
#include "rows/sqlite/sqlite_writer.hpp"

#include <eventloom/storage/database.hpp>
#include <eventloom/storage/plain_files.hpp>

#include <algorithm>

namespace eventloom {

namespace {

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
    result<std::optional<std::string>> wrong_column(std::string_view key, std::string_view stored) const override
    {
        if (error_) return *error_;
        return reader_->wrong_column(key, stored);
    }

private:
    const std::shared_ptr<const ReadModel> model_; // the readers are in it
    SqliteReaders& readers_;
    std::unique_ptr<SqliteReader> reader_;
    std::optional<Error> error_;
};

class SqliteRows final : public ReadModel {
public:
    SqliteRows(const Runtime& runtime, const std::string& directory, std::shared_ptr<const SqliteSchema> schema,
               std::unique_ptr<SqliteWriter> writer, const std::string& path, std::vector<std::string> notices)
        : ReadModel{directory}, runtime_{runtime}, schema_{std::move(schema)}, writer_{std::move(writer)},
          readers_{std::make_unique<SqliteReaders>(path, *schema_)}, notices_{std::move(notices)}
    {
    }

    ~SqliteRows() override
    {
        readers_.reset();
        writer_.reset();
        // What cannot be removed now is removed at the next start: nothing refers to it any more.
        if (is_removed_when_done()) static_cast<void>(remove_database(runtime_, directory()));
    }

    std::vector<std::string> notices() const override { return notices_; }

    result<std::optional<std::string>> find(std::string_view key) const override
    {
        // The writer has the pages in memory that it has just written.
        if (auto found = writer_->find(key)) return std::move(*found);
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
        writer_->move_pages();
        return done();
    }

    const Runtime runtime_;
    const std::shared_ptr<const SqliteSchema> schema_;
    std::unique_ptr<SqliteWriter> writer_;
    std::unique_ptr<SqliteReaders> readers_; // a view takes one of them
    const std::vector<std::string> notices_;
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
result<std::unique_ptr<sqlite::Connection>> open_file(const Runtime& runtime, const std::string& path,
                                                      const SqliteSchema& schema)
{
    // SQLite would make it as the umask says. What it makes beside it has the rights of this one.
    if (not file_exists(runtime, path)) {
        BOOST_OUTCOME_TRY(replace_file(runtime, path, ""));
    }
    BOOST_OUTCOME_TRY(auto file, sqlite::Connection::open(path));
    file->wait_for_locks(sqlite::wait_for_other_programs_ms);
    // NORMAL: a power cut takes the last writes, rows and checkpoint alike, which are folded again; but it damages nothing.
    // (OFF could, and SQLite would not see it: its pages have no checksums.)
    BOOST_OUTCOME_TRY(file->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768"));
    BOOST_OUTCOME_TRY(const auto there, created(*file));
    const auto& creates  = schema.creates();
    const bool begins_so = there.size() >= creates.size() && std::equal(creates.begin(), creates.end(), there.begin());
    const bool has_its_own = begins_so && (there.size() == creates.size() || schema.tables().empty());
    if (has_its_own) return file;
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

result<void> remove_database_file(const Runtime& runtime, const std::string& path)
{
    // The log of what is gone must not be taken for that of what comes.
    for (const auto& name : {path + "-wal", path + "-shm", path}) {
        if (file_exists(runtime, name) && not delete_file(runtime, name)) {
            return fail(Failure::storage, "storage-fault",
                        "removed the damaged read model " + path + " and found that " + name + " stays; remove it");
        }
    }
    return done();
}

// With the tables of `schema`; with whatever tables, when that has none.
result<std::shared_ptr<ReadModel>> open_with(const Runtime& runtime, const std::string& directory,
                                             const std::string& name, std::shared_ptr<const SqliteSchema> schema,
                                             WhenDamaged when_damaged)
{
    BOOST_OUTCOME_TRY(make_directory(runtime, directory));
    const auto path = directory + "/" + name + ".sqlite";
    std::vector<std::string> notices;
    auto opened = open_file(runtime, path, *schema);
    if (not opened && opened.error().kind == Failure::corrupt && when_damaged == WhenDamaged::made_anew) {
        notices.push_back(opened.error().sentence + " (it was removed, and is built again)");
        BOOST_OUTCOME_TRY(remove_database_file(runtime, path));
        opened = open_file(runtime, path, *schema);
    }
    BOOST_OUTCOME_TRY(auto file, std::move(opened));
    BOOST_OUTCOME_TRY(auto writer, SqliteWriter::open(std::move(file), *schema));
    return std::shared_ptr<ReadModel>{
        std::make_shared<SqliteRows>(runtime, directory, schema, std::move(writer), path, std::move(notices))};
}

} // namespace

result<std::shared_ptr<ReadModel>> open_sqlite_rows(const Runtime& runtime, const std::string& directory,
                                                    const UntypedProjection& definition, WhenDamaged when_damaged)
{
    return open_with(runtime, directory, definition.name(), std::make_shared<const SqliteSchema>(definition),
                     when_damaged);
}

result<std::shared_ptr<ReadModel>> open_sqlite_rows_of_any_shape(const Runtime& runtime, const std::string& directory,
                                                                 const std::string& name)
{
    return open_with(runtime, directory, name, std::make_shared<const SqliteSchema>(), WhenDamaged::refused);
}

} // namespace eventloom
