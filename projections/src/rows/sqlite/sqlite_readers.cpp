#include "rows/sqlite/sqlite_readers.hpp"

#include "rows/sqlite/sqlite_cells.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t idle_readers_max = 4;

std::string big_endian(std::int64_t number)
{
    std::string bytes;
    append_big_endian(bytes, static_cast<std::uint64_t>(number));
    return bytes;
}

} // namespace

result<SqliteLookup> SqliteLookup::prepare(sqlite::Connection& file, const SqliteSchema& schema)
{
    SqliteLookup lookup{schema};
    for (const auto& table : schema.tables()) {
        BOOST_OUTCOME_TRY(file.prepare_into(lookup.get_row_, table.get));
    }
    BOOST_OUTCOME_TRY(file.prepare_into(lookup.get_entry_, "SELECT _row FROM _eventloom_entries WHERE _key = ?"));
    BOOST_OUTCOME_TRY(
        file.prepare_into(lookup.get_number_, "SELECT value FROM _eventloom WHERE table_name = ? AND name = ?"));
    return lookup;
}

result<std::optional<std::string>> SqliteLookup::get(std::string_view key)
{
    const auto* section = schema_->section_of(key);
    if (section == nullptr) return std::optional<std::string>{};
    const bool is_number = section->kind == row_keys::about;
    auto& statement      = is_number                          ? get_number_.front()
                           : section->kind == row_keys::entry ? get_entry_.front()
                                                              : get_row_[section->table];
    if (is_number) {
        statement.bind_text_by_reference(1, row_keys::parts_of(key).table);
        statement.bind_text_by_reference(2, section->inner(key));
    } else {
        statement.bind_blob_by_reference(1, section->inner(key));
    }
    std::optional<std::string> found;
    auto stepped = statement.step();
    if (stepped && stepped.value()) {
        found = is_number ? big_endian(statement.integer(0)) : std::string{statement.blob(0)};
    }
    statement.reset();
    if (not stepped) return std::move(stepped.error());
    return found;
}

// Goes through the sections that a span has keys in, one SELECT each.
class SqliteCursor final : public RowCursor {
public:
    SqliteCursor(SqliteReader& reader, const KeySpan& span, bool backwards)
        : reader_{reader}, span_{span}, backwards_{backwards}
    {
        for (const auto& section : reader.schema_.sections()) left_.push_back(&section);
        if (not backwards) std::reverse(left_.begin(), left_.end()); // the next one is at the end
        next();
    }
    ~SqliteCursor() override
    {
        const std::lock_guard lock{reader_.mutex_};
        leave_section();
    }
    SqliteCursor(const SqliteCursor&)            = delete;
    SqliteCursor& operator=(const SqliteCursor&) = delete;

    bool valid() const override { return valid_; }
    std::string_view key() const override { return key_; }
    std::string_view value() const override { return value_; }
    result<void> status() const override
    {
        if (error_) return *error_;
        return done();
    }

    void next() override
    {
        const std::lock_guard lock{reader_.mutex_};
        auto moved = move();
        valid_     = moved && moved.value();
        if (not moved) error_ = std::move(moved.error());
    }

private:
    // To the next entry, in this section or a later one; false at the end of all.
    result<bool> move()
    {
        for (;;) {
            if (statement_) {
                BOOST_OUTCOME_TRY(const bool found, statement_->step());
                if (found) return look();
                leave_section();
            }
            if (left_.empty()) return false;
            section_ = left_.back();
            left_.pop_back();
            BOOST_OUTCOME_TRY(enter_section());
        }
    }

    // Nothing is entered when the span has no keys of it.
    result<void> enter_section()
    {
        const auto end_of_section = after_prefix(section_->prefix);
        first_                    = std::max(span_.first, section_->prefix);
        last_                     = std::min(span_.last, end_of_section);
        if (first_ >= last_) return done();
        const bool whole_end = last_ == end_of_section && section_->kind != row_keys::entry;
        sql_                 = section_->select + " >= ?1" + (whole_end ? "" : " AND _key < ?2") + " ORDER BY _key" +
               (backwards_ ? " DESC" : "");
        BOOST_OUTCOME_TRY(auto statement, reader_.borrow(sql_));
        statement_.emplace(std::move(statement));
        statement_->bind_blob_by_reference(1, section_->inner(first_));
        if (not whole_end) statement_->bind_blob_by_reference(2, section_->inner(last_));
        return done();
    }

    void leave_section()
    {
        if (not statement_) return;
        reader_.bring_back(sql_, std::move(*statement_));
        statement_.reset();
    }

    bool look()
    {
        key_ = section_->outer(statement_->blob(0));
        if (section_->kind == row_keys::about) {
            number_ = big_endian(statement_->integer(1));
            value_  = number_;
        } else {
            value_ = statement_->blob(1);
        }
        return true;
    }

    SqliteReader& reader_;
    const KeySpan span_;
    const bool backwards_;
    std::vector<const SqliteSection*> left_;
    const SqliteSection* section_ = nullptr;
    std::string first_; // of the span, within the section
    std::string last_;
    std::string sql_;
    std::optional<sqlite::Statement> statement_;
    bool valid_ = false;
    std::string key_;
    std::string number_;
    std::string_view value_;
    std::optional<Error> error_;
};

result<std::unique_ptr<SqliteReader>> SqliteReader::open(const std::string& file, const SqliteSchema& schema)
{
    BOOST_OUTCOME_TRY(auto connection, sqlite::Connection::open(file));
    connection->wait_for_locks(sqlite::wait_for_other_programs_ms);
    BOOST_OUTCOME_TRY(connection->run("PRAGMA query_only = 1"));
    BOOST_OUTCOME_TRY(auto lookup, SqliteLookup::prepare(*connection, schema));
    return std::unique_ptr<SqliteReader>{new SqliteReader{std::move(connection), schema, std::move(lookup)}};
}

result<void> SqliteReader::begin(std::uint64_t written)
{
    const std::lock_guard lock{mutex_};
    BOOST_OUTCOME_TRY(file_->run("BEGIN"));
    in_transaction_ = true;
    written_        = written;
    // The moment is that of the first read.
    return file_->run("SELECT 1 FROM _eventloom LIMIT 1");
}

void SqliteReader::end()
{
    const std::lock_guard lock{mutex_};
    file_->roll_back();
    in_transaction_ = false;
}

result<std::optional<std::string>> SqliteReader::get(std::string_view key)
{
    const std::lock_guard lock{mutex_};
    return lookup_.get(key);
}

result<std::optional<std::string>> SqliteReader::wrong_column(std::string_view key, std::string_view stored)
{
    const std::lock_guard lock{mutex_};
    const auto* section = schema_.section_of(key);
    if (section == nullptr || section->kind != row_keys::row) return std::optional<std::string>{};
    const SqliteTable& table = schema_.tables()[section->table];
    BOOST_OUTCOME_TRY(auto statement, borrow(table.wrong_column));
    std::string texts;
    CellsToStatement cells{statement, 2, texts};
    statement.bind_blob_by_reference(1, section->inner(key));
    BOOST_OUTCOME_TRY(table.about->read_cells(stored, cells));
    cells.bind_texts();
    BOOST_OUTCOME_TRY(const bool found, statement.step());
    const auto answer = found ? std::string{statement.blob(0)} : std::string{};
    bring_back(table.wrong_column, std::move(statement));
    return answer.empty() ? std::nullopt : std::optional{answer};
}

std::unique_ptr<RowCursor> SqliteReader::scan(const KeySpan& span, bool backwards)
{
    return std::make_unique<SqliteCursor>(*this, span, backwards);
}

result<sqlite::Statement> SqliteReader::borrow(const std::string& sql)
{
    const auto idle = idle_.find(sql);
    if (idle == idle_.end()) return file_->prepare(sql);
    auto statement = std::move(idle->second);
    idle_.erase(idle);
    return statement;
}

void SqliteReader::bring_back(const std::string& sql, sqlite::Statement statement)
{
    statement.reset();
    idle_.emplace(sql, std::move(statement));
}

result<std::unique_ptr<SqliteReader>> SqliteReaders::take()
{
    std::unique_ptr<SqliteReader> reader;
    {
        const std::lock_guard lock{mutex_};
        if (not idle_.empty()) {
            reader = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (not reader) {
        BOOST_OUTCOME_TRY(reader, SqliteReader::open(file_, schema_));
    }
    // Asked before the moment begins: should something be written between, the reader only seems older than it is.
    const auto written = written_.load();
    if (reader->sees(written)) return reader;
    reader->end();
    BOOST_OUTCOME_TRY(reader->begin(written));
    return reader;
}

void SqliteReaders::give_back(std::unique_ptr<SqliteReader> reader)
{
    const std::lock_guard lock{mutex_};
    // An old snapshot that is not used any more would keep the write-ahead log from beginning again.
    if (not reader->sees(written_)) reader->end();
    if (idle_.size() < idle_readers_max) idle_.push_back(std::move(reader));
}

void SqliteReaders::written()
{
    const std::lock_guard lock{mutex_};
    ++written_;
    for (const auto& reader : idle_) reader->end();
}

} // namespace eventloom
