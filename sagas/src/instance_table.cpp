#include "instance_table.hpp"

#include "program.hpp"

#include <eventloom/framework/value_codec.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <array>

namespace eventloom {

namespace {

// docs/format.md, "Saga engine".
constexpr char row         = 'i'; // saga (text), key (text)                -> instance without its state, due, at work
constexpr char state       = 's'; // saga (text), key (text)                -> bytes of the state
constexpr char at_work_    = 'n'; // saga (text), key (text)                -> nothing
constexpr char due         = 'd'; // time, saga (text), key (text)          -> nothing
constexpr char by_status   = 't'; // status, saga (text), key (text)        -> version that it began with
constexpr char by_error    = 'e'; // code (text), saga (text), key (text)   -> nothing
constexpr char checkpoint_ = 'm'; // saga                                  -> position up to which events were heard
constexpr char young = 'p'; // nothing                                -> position of the youngest event of an instance
constexpr char complete  = 'f'; // nothing                                -> position up to which no event is missing
constexpr char last_time = 'l'; // nothing                                -> latest time at which an instance changed
constexpr char called    = 'k'; // key of a call (text)                   -> saga (text), key (text)
constexpr char version   = 'v'; // nothing                                -> of this table of keys
constexpr std::string_view present_version = "2";

constexpr std::size_t rows_written_together = 256;

void append_key(std::string& bytes, const InstanceKey& key)
{
    append_ordered_text(bytes, key.saga);
    append_ordered_text(bytes, key.key);
}

std::string key_in(char space, const InstanceKey& key)
{
    std::string bytes{space};
    append_key(bytes, key);
    return bytes;
}

std::string due_key(Time time, const InstanceKey& key)
{
    std::string bytes{due};
    append_ordered(bytes, time);
    append_key(bytes, key);
    return bytes;
}

std::string status_key(SagaStatus status, const InstanceKey& key)
{
    std::string bytes{by_status, static_cast<char>(status)};
    append_key(bytes, key);
    return bytes;
}

std::string error_key(std::string_view code, const InstanceKey& key)
{
    std::string bytes{by_error};
    append_ordered_text(bytes, code);
    append_key(bytes, key);
    return bytes;
}

// Stream names have no control characters, so no part has an escape: the text up to the end mark is unchanged.
InstanceKey parse_key(std::string_view bytes)
{
    const auto end_of_saga = bytes.find('\0');
    const auto key         = bytes.substr(end_of_saga + 2);
    return {std::string{bytes.substr(0, end_of_saga)}, std::string{key.substr(0, key.size() - 2)}};
}

std::string checkpoint_key(const std::string& saga)
{
    return std::string{checkpoint_}.append(saga);
}

std::string big_endian(Position position)
{
    std::string bytes;
    append_big_endian(bytes, position);
    return bytes;
}

std::string call_key(std::string_view call)
{
    return std::string{called}.append(call);
}

std::vector<std::string> calls_of(const instance::Instance& instance)
{
    std::vector<std::string> calls;
    for (auto& [task, call] : calls_answered_later(instance)) calls.push_back(std::move(call));
    return calls;
}

std::string_view error_of(const instance::Instance& instance)
{
    return instance.status == SagaStatus::stuck ? instance.stuck.code : instance.failed.code;
}

bool matches(const InstanceFilter& filter, const InstanceKey& key, const instance::Instance& instance)
{
    return (not filter.saga || *filter.saga == key.saga) && (not filter.status || *filter.status == instance.status) &&
           (filter.error_code.empty() || filter.error_code == error_of(instance)) &&
           key.key.starts_with(filter.key_prefix);
}

} // namespace

result<std::unique_ptr<InstanceTable>> InstanceTable::open(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory = directory, .made_anew_when_damaged = true}));
    auto table = std::make_unique<InstanceTable>(std::move(database));
    BOOST_OUTCOME_TRY(const auto found, table->database_->get({&version, 1}));
    table->is_of_earlier_program_ = found != present_version;
    if (table->is_of_earlier_program_) return table;
    BOOST_OUTCOME_TRY(table->reached_, table->position_at({&young, 1}));
    BOOST_OUTCOME_TRY(const auto latest, table->position_at({&last_time, 1}));
    table->latest_ = Time{Duration{static_cast<std::int64_t>(latest)}};
    BOOST_OUTCOME_TRY(table->read_counts());
    return table;
}

result<void> InstanceTable::take_over()
{
    if (not is_of_earlier_program_) return done();
    constexpr std::size_t bytes_together = 1u << 20;
    Batch batch;
    auto cursor = database_->scan_cursor();
    for (cursor.seek({}); cursor.valid(); cursor.next()) {
        batch.remove(cursor.key());
        if (batch.bytes() < bytes_together) continue;
        BOOST_OUTCOME_TRY(database_->write(batch, Durability::buffered));
        batch.clear();
    }
    BOOST_OUTCOME_TRY(cursor.status());
    batch.put({&version, 1}, present_version);
    BOOST_OUTCOME_TRY(database_->write(batch, Durability::buffered));
    is_of_earlier_program_ = false;
    return done();
}

// They are few steps of an index for each instance, and are asked for all the time.
result<void> InstanceTable::read_counts()
{
    const std::string prefix{by_status};
    auto cursor = database_->scan_cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        const auto status = static_cast<SagaStatus>(cursor.key()[1]);
        const auto began  = static_cast<std::uint32_t>(read_big_endian(cursor.value()));
        ++counts_[{parse_key(cursor.key().substr(2)).saga, status, began}];
    }
    return cursor.status();
}

result<std::optional<InstanceRow>> InstanceTable::read(const InstanceKey& key, bool with_state) const
{
    if (is_of_earlier_program_) return std::optional<InstanceRow>{};
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(key_in(row, key)));
    if (not bytes) return std::optional<InstanceRow>{};
    BOOST_OUTCOME_TRY(auto found, codec<InstanceRow>::decode(*bytes));
    if (with_state) {
        BOOST_OUTCOME_TRY(auto kept, database_->get(key_in(state, key)));
        if (kept) found.instance.state = std::move(*kept);
    }
    return std::optional{std::move(found)};
}

result<std::optional<InstanceRow>> InstanceTable::find(const InstanceKey& key) const
{
    {
        const std::lock_guard lock{keeping_};
        if (const auto known = kept_.find(key); known != kept_.end()) return std::optional{known->second};
    }
    // What is written in between is found on disk.
    return read(key, true);
}

result<void> InstanceTable::keep(const InstanceKey& key, InstanceRow row_now, Position position)
{
    const std::lock_guard lock{keeping_};
    auto known         = kept_.find(key);
    const auto counted = [&](const InstanceRow& row) {
        return Counted{key.saga, row.instance.status, row.instance.began.version};
    };
    if (known != kept_.end()) {
        --counts_[counted(known->second)];
    } else {
        BOOST_OUTCOME_TRY(const auto old, read(key, false));
        if (old) --counts_[counted(*old)];
    }
    ++counts_[counted(row_now)];
    latest_ = std::max(latest_, row_now.instance.changed);
    kept_.insert_or_assign(key, std::move(row_now));
    reached_ = std::max(reached_, position);
    if (kept_.size() < rows_written_together) return done();
    return write_kept();
}

Time InstanceTable::latest() const
{
    const std::lock_guard lock{keeping_};
    return latest_;
}

result<void> InstanceTable::flush() const
{
    const std::lock_guard lock{keeping_};
    return write_kept();
}

Position InstanceTable::begin_write(Position head)
{
    const std::lock_guard lock{keeping_};
    writes_.insert(head);
    return head;
}

void InstanceTable::end_write(Position head)
{
    const std::lock_guard lock{keeping_};
    if (const auto write = writes_.find(head); write != writes_.end()) writes_.erase(write);
}

void InstanceTable::forget_writes()
{
    const std::lock_guard lock{keeping_};
    writes_.clear();
}

result<Position> InstanceTable::complete_to() const
{
    return position_at({&complete, 1});
}

result<void> InstanceTable::write_kept() const
{
    if (kept_.empty() && checkpoints_.empty()) return done();
    Batch batch;
    for (auto& [key, row_now] : kept_) {
        BOOST_OUTCOME_TRY(const auto old, read(key, false));
        if (old) {
            batch.remove(status_key(old->instance.status, key));
            if (old->due) batch.remove(due_key(*old->due, key));
            if (old->is_at_work) batch.remove(key_in(at_work_, key));
            if (const auto code = error_of(old->instance); not code.empty()) batch.remove(error_key(code, key));
            for (const auto& call : calls_of(old->instance)) batch.remove(call_key(call));
        }
        batch.put(status_key(row_now.instance.status, key), big_endian(row_now.instance.began.version));
        if (row_now.due) batch.put(due_key(*row_now.due, key), row_now.waits_for_attempt ? "a" : "");
        for (const auto& call : calls_of(row_now.instance)) batch.put(call_key(call), key_in(row, key).substr(1));
        if (row_now.is_at_work) batch.put(key_in(at_work_, key), {});
        if (const auto code = error_of(row_now.instance); not code.empty()) batch.put(error_key(code, key), {});
        batch.put(key_in(state, key), std::exchange(row_now.instance.state, {}));
        std::string bytes;
        codec<InstanceRow>::encode(row_now, bytes);
        batch.put(key_in(row, key), bytes);
    }
    for (const auto& [saga, position] : checkpoints_) batch.put(checkpoint_key(saga), big_endian(position));
    batch.put({&young, 1}, big_endian(reached_));
    batch.put({&last_time, 1}, big_endian(static_cast<std::uint64_t>(latest_.time_since_epoch().count())));
    batch.put({&complete, 1}, big_endian(writes_.empty() ? reached_ : std::min(reached_, *writes_.begin())));
    BOOST_OUTCOME_TRY(database_->write(batch, Durability::buffered));
    kept_.clear();
    checkpoints_.clear();
    return done();
}

void InstanceTable::keep_checkpoint(const std::string& saga, Position position)
{
    const std::lock_guard lock{keeping_};
    checkpoints_[saga] = position;
}

result<Position> InstanceTable::checkpoint(const std::string& saga) const
{
    {
        const std::lock_guard lock{keeping_};
        if (const auto known = checkpoints_.find(saga); known != checkpoints_.end()) return known->second;
    }
    return position_at(checkpoint_key(saga));
}

Position InstanceTable::reached() const
{
    const std::lock_guard lock{keeping_};
    return reached_;
}

result<Position> InstanceTable::position_at(std::string_view key) const
{
    if (is_of_earlier_program_) return 0;
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(key));
    return bytes && bytes->size() == 8 ? read_big_endian(*bytes) : 0;
}

std::map<InstanceTable::Counted, std::uint64_t> InstanceTable::count() const
{
    const std::lock_guard lock{keeping_};
    return counts_;
}

namespace {

// Where the keys of the instances are that may match: a beginning of a key of the database, and how much of it precedes saga and
// key.
struct Index {
    std::string prefix;
    std::size_t skipped = 1;
};

Index index_for(const InstanceFilter& filter)
{
    Index index;
    if (not filter.error_code.empty()) {
        index.prefix = by_error;
        append_ordered_text(index.prefix, filter.error_code);
        index.skipped = index.prefix.size();
    } else if (filter.status) {
        index.prefix  = {by_status, static_cast<char>(*filter.status)};
        index.skipped = 2;
    } else {
        index.prefix = row;
    }
    if (filter.saga) {
        append_ordered_text(index.prefix, *filter.saga);
        index.prefix += filter.key_prefix; // names have no control characters
    }
    return index;
}

} // namespace

result<void> InstanceTable::visit(const InstanceFilter& filter, const Visit& visit) const
{
    if (is_of_earlier_program_) return done();
    BOOST_OUTCOME_TRY(flush());
    const Index index = index_for(filter);
    auto cursor       = database_->cursor();
    for (cursor.seek(index.prefix); cursor.valid() && cursor.key().starts_with(index.prefix); cursor.next()) {
        const InstanceKey key = parse_key(cursor.key().substr(index.skipped));
        BOOST_OUTCOME_TRY(const auto found, read(key, false));
        if (not found || not matches(filter, key, found->instance)) continue;
        if (not visit(key, *found)) return done();
    }
    return cursor.status();
}

result<std::vector<InstanceKey>> InstanceTable::at_work() const
{
    const std::string prefix{at_work_};
    std::vector<InstanceKey> keys;
    auto cursor = database_->cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        keys.push_back(parse_key(cursor.key().substr(1)));
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return keys;
}

result<std::optional<InstanceKey>> InstanceTable::waiting_for_answer(std::string_view call) const
{
    BOOST_OUTCOME_TRY(flush());
    BOOST_OUTCOME_TRY(const auto found, database_->get(call_key(call)));
    if (not found) return std::optional<InstanceKey>{};
    return std::optional{parse_key(*found)};
}

result<std::vector<DueInstance>> InstanceTable::due_next(std::size_t limit) const
{
    BOOST_OUTCOME_TRY(flush());
    const std::string prefix{due};
    std::vector<DueInstance> next;
    auto cursor = database_->cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix) && next.size() < limit;
         cursor.next()) {
        const auto flipped = read_big_endian(cursor.key().substr(1, 8));
        const Time time{Duration{static_cast<std::int64_t>(flipped ^ (std::uint64_t{1} << 63))}};
        next.push_back({parse_key(cursor.key().substr(9)), time, not cursor.value().empty()});
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return next;
}

} // namespace eventloom
