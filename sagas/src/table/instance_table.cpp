#include "table/instance_table.hpp"

#include "program/program.hpp"
#include "table/instance_keys.hpp"

#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>

namespace eventloom {

std::optional<InstanceKey> instance_of_stream(std::string_view stream)
{
    const auto hyphen = stream.find('-');
    if (hyphen == std::string_view::npos) return std::nullopt;
    return InstanceKey{std::string{stream.substr(0, hyphen)}, std::string{stream.substr(hyphen + 1)}};
}

namespace {

// As many as change in about half a second of an engine that has much to do; a start reads the streams of these again.
constexpr std::size_t rows_written_together  = 4'096;
constexpr std::size_t bytes_written_together = 128u << 10;

IndexedInstance indexed_of(const InstanceRow& row, std::vector<std::string> steps)
{
    const auto& instance = row.instance;
    IndexedInstance indexed{.status            = instance.status,
                            .version           = instance.began.version,
                            .began             = instance.began.at,
                            .due               = row.due,
                            .waits_for_attempt = row.waits_for_attempt,
                            .is_at_work        = row.is_at_work,
                            .error = instance.status == SagaStatus::stuck ? instance.stuck.code : instance.failed.code,
                            .steps = std::move(steps),
                            .calls = {}};
    for (auto& [task, call] : calls_answered_later(instance)) indexed.calls.push_back(std::move(call));
    for (const auto& call : instance.answered) indexed.calls.push_back(call.key);
    return indexed;
}

} // namespace

std::size_t InstanceTable::Hash::operator()(const InstanceKey& key) const
{
    const std::hash<std::string> hash;
    return hash(key.key) * 31 + hash(key.saga);
}

result<std::unique_ptr<InstanceTable>> InstanceTable::open(const Runtime& runtime, const std::string& directory,
                                                           StepsOf steps_of)
{
    BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory              = directory,
                                                              .write_buffer_bytes     = 8u << 20,
                                                              .block_cache_bytes      = 8u << 20,
                                                              .made_anew_when_damaged = true}));
    auto table = std::make_unique<InstanceTable>(std::move(database), std::move(steps_of));
    BOOST_OUTCOME_TRY(const auto found, table->database_->get({&keys::version, 1}));
    table->is_of_earlier_program_ = found != keys::present_version;
    if (table->is_of_earlier_program_) return table;
    BOOST_OUTCOME_TRY(table->reached_, table->position_at({&keys::young, 1}));
    BOOST_OUTCOME_TRY(const auto latest, table->position_at({&keys::last_time, 1}));
    table->latest_ = Time{Duration{static_cast<std::int64_t>(latest)}};
    BOOST_OUTCOME_TRY(table->read_counts());
    return table;
}

result<void> InstanceTable::take_over()
{
    if (not is_of_earlier_program_) return done();
    BOOST_OUTCOME_TRY(database_->remove_all());
    Batch batch;
    batch.put({&keys::version, 1}, keys::present_version);
    BOOST_OUTCOME_TRY(database_->write(batch, Durability::buffered));
    is_of_earlier_program_ = false;
    return done();
}

// They are few steps of an index for each instance, and are asked for all the time.
result<void> InstanceTable::read_counts()
{
    const std::string prefix{keys::status};
    auto cursor = database_->scan_cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        const auto status = static_cast<SagaStatus>(cursor.key()[1]);
        const auto began  = static_cast<std::uint32_t>(read_big_endian(cursor.value().substr(8)));
        ++counts_[{keys::parse(cursor.key().substr(2)).saga, status, began}];
    }
    return cursor.status();
}

result<std::optional<InstanceRow>> InstanceTable::read(const InstanceKey& key, bool with_state) const
{
    if (is_of_earlier_program_) return std::optional<InstanceRow>{};
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(keys::of_instance(keys::row, key)));
    if (not bytes) return std::optional<InstanceRow>{};
    BOOST_OUTCOME_TRY(auto found, codec<InstanceRow>::decode(*bytes));
    if (with_state) {
        BOOST_OUTCOME_TRY(auto kept, database_->get(keys::of_instance(keys::state, key)));
        if (kept) found.instance.state = std::move(*kept);
    }
    return std::optional{std::move(found)};
}

std::optional<InstanceTable::Held> InstanceTable::find_in_memory(const InstanceKey& key) const
{
    for (const Rows* rows : {&kept_, &being_written_}) {
        const auto known = rows->find(key);
        if (known == rows->end()) continue;
        Held held{known->second.row, known->second.place};
        held.row->instance.state = known->second.state;
        return held;
    }
    return std::nullopt;
}

result<std::optional<InstanceRow>> InstanceTable::find(const InstanceKey& key) const
{
    {
        const std::lock_guard lock{keeping_};
        if (auto held = find_in_memory(key)) return std::move(held->row);
    }
    // What is written in between is found on disk.
    return read(key, true);
}

// Nobody else keeps it meanwhile, so that what is found on disk stays there until it is kept.
result<InstanceTable::Held> InstanceTable::hold(const InstanceKey& key) const
{
    {
        const std::lock_guard lock{keeping_};
        if (auto held = find_in_memory(key)) return std::move(*held);
    }
    BOOST_OUTCOME_TRY(auto row, read(key, true));
    Held held{std::move(row), std::make_shared<PlaceInTable>()};
    if (held.row) {
        held.place->counted = {held.row->instance.status, held.row->instance.began.version};
        held.place->on_disk = indexed_of(*held.row, held.row->steps);
    }
    return held;
}

result<void> InstanceTable::keep(const InstanceKey& key, const std::shared_ptr<PlaceInTable>& place, InstanceRow row,
                                 Position position)
{
    {
        const std::lock_guard lock{keeping_};
        const std::pair counted{row.instance.status, row.instance.began.version};
        if (place->counted != counted) {
            if (place->counted) --counts_[{key.saga, place->counted->first, place->counted->second}];
            ++counts_[{key.saga, counted.first, counted.second}];
            place->counted = counted;
        }
        latest_    = std::max(latest_, row.instance.changed);
        reached_   = std::max(reached_, position);
        Kept& kept = kept_[key];
        kept.place = place;
        kept.state = std::exchange(row.instance.state, {});
        kept.row   = std::move(row);
        if (kept_.size() < rows_written_together) return done();
    }
    // Whoever comes while one writes does not wait for it.
    const std::unique_lock lock{writing_, std::try_to_lock};
    return lock ? write_kept() : done();
}

Time InstanceTable::latest() const
{
    const std::lock_guard lock{keeping_};
    return latest_;
}

result<void> InstanceTable::flush() const
{
    const std::lock_guard lock{writing_};
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
    return position_at({&keys::complete, 1});
}

// What was kept, and how far it reaches, as of one moment.
Batch InstanceTable::take_kept() const
{
    const std::lock_guard lock{keeping_};
    being_written_.swap(kept_);
    Batch batch;
    if (being_written_.empty() && not has_new_checkpoint_) return batch;
    has_new_checkpoint_ = false;
    for (const auto& [saga, position] : checkpoints_) {
        batch.put(keys::of_checkpoint(saga), keys::big_endian(position));
    }
    batch.put({&keys::young, 1}, keys::big_endian(reached_));
    batch.put({&keys::last_time, 1}, keys::big_endian(static_cast<std::uint64_t>(latest_.time_since_epoch().count())));
    batch.put({&keys::complete, 1},
              keys::big_endian(writes_.empty() ? reached_ : std::min(reached_, *writes_.begin())));
    return batch;
}

// The rows are put together and written without the lock of those who keep others. How far they reach is written after them: what is
// said to be in the table is there.
result<void> InstanceTable::write_kept() const
{
    const Batch reached = take_kept();
    if (reached.empty()) return done();
    Batch batch;
    // In the order of the keys LevelDB takes them faster.
    std::vector<std::pair<const Rows::value_type*, IndexedInstance>> rows;
    rows.reserve(being_written_.size());
    for (const auto& one : being_written_) rows.emplace_back(&one, IndexedInstance{});
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first->first < b.first->first; });
    for (auto& [one, indexed] : rows) {
        const auto& [key, kept] = *one;
        auto row                = kept.row;
        row.steps               = steps_of_(key, row.instance);
        indexed                 = indexed_of(row, row.steps);
        keys::put_indexes(batch, key, kept.place->on_disk, indexed);
        batch.put(keys::of_instance(keys::state, key), kept.state);
        std::string bytes;
        codec<InstanceRow>::encode(row, bytes);
        batch.put(keys::of_instance(keys::row, key), bytes);
        if (batch.bytes() < bytes_written_together) continue;
        BOOST_OUTCOME_TRY(database_->write(batch, Durability::buffered));
        batch.clear();
    }
    if (not batch.empty()) {
        BOOST_OUTCOME_TRY(database_->write(batch, Durability::buffered));
    }
    BOOST_OUTCOME_TRY(database_->write(reached, Durability::buffered));
    for (auto& [one, indexed] : rows) one->second.place->on_disk = std::move(indexed);
    const std::lock_guard lock{keeping_};
    being_written_.clear();
    return done();
}

void InstanceTable::keep_checkpoint(const std::string& saga, Position position)
{
    const std::lock_guard lock{keeping_};
    checkpoints_[saga]  = position;
    has_new_checkpoint_ = true;
}

result<Position> InstanceTable::checkpoint(const std::string& saga) const
{
    {
        const std::lock_guard lock{keeping_};
        if (const auto known = checkpoints_.find(saga); known != checkpoints_.end()) return known->second;
    }
    return position_at(keys::of_checkpoint(saga));
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

result<std::vector<InstanceKey>> InstanceTable::at_work() const
{
    const std::string prefix{keys::at_work};
    std::vector<InstanceKey> found;
    auto cursor = database_->cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        found.push_back(keys::parse(cursor.key().substr(1)));
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return found;
}

result<std::optional<InstanceKey>> InstanceTable::instance_of_call(std::string_view call) const
{
    BOOST_OUTCOME_TRY(flush());
    BOOST_OUTCOME_TRY(const auto found, database_->get(keys::by_call(call)));
    if (not found) return std::optional<InstanceKey>{};
    return std::optional{keys::parse(*found)};
}

result<std::vector<DueInstance>> InstanceTable::due_next(std::size_t limit, const std::optional<DuePlace>& after) const
{
    BOOST_OUTCOME_TRY(flush());
    const std::string prefix{keys::due};
    // No key is the beginning of another: the next one comes after this with a byte more.
    const auto first = after ? keys::by_due(after->first, after->second) + '\0' : prefix;
    std::vector<DueInstance> next;
    auto cursor = database_->cursor();
    for (cursor.seek(first); cursor.valid() && cursor.key().starts_with(prefix) && next.size() < limit; cursor.next()) {
        const Time time = keys::read_ordered_time(cursor.key().substr(1));
        next.push_back({keys::parse(cursor.key().substr(9)), time, not cursor.value().empty()});
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return next;
}

} // namespace eventloom
