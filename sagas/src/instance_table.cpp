#include "instance_table.hpp"

#include <eventloom/framework/detail/codec.hpp>
#include <eventloom/storage/ordered_key.hpp>

namespace eventloom {

namespace {

// docs/format.md, "Saga engine".
constexpr char row   = 'i'; // saga (text), key (text) -> instance
constexpr char open_ = 'o'; // saga (text), key (text) -> nothing
constexpr char about = 'm'; // saga                    -> checkpoint
constexpr char young = 'p'; // nothing                 -> position of the youngest event of an instance

std::string key_in(char space, const InstanceKey& key)
{
    std::string bytes{space};
    append_ordered_text(bytes, key.saga);
    append_ordered_text(bytes, key.key);
    return bytes;
}

// Stream names have no control characters, so no part has an escape: the text up to the end mark is unchanged.
InstanceKey parse_key(std::string_view bytes)
{
    bytes.remove_prefix(1);
    const auto end_of_saga = bytes.find('\0');
    const auto key         = bytes.substr(end_of_saga + 2);
    return {std::string{bytes.substr(0, end_of_saga)}, std::string{key.substr(0, key.size() - 2)}};
}

// A row from before the last member was there ends where that begins; it is 0 then, which is one byte of 0.
result<instance::Instance> read_row(std::string_view bytes)
{
    auto read = codec<instance::Instance>::decode(bytes);
    if (read) return read;
    auto before = codec<instance::Instance>::decode(std::string{bytes} + '\0');
    return before ? std::move(before) : std::move(read);
}

std::string checkpoint_key(const std::string& saga)
{
    return std::string{about}.append(saga);
}

std::string big_endian(Position position)
{
    std::string bytes;
    append_big_endian(bytes, position);
    return bytes;
}

} // namespace

result<std::unique_ptr<InstanceTable>> InstanceTable::open(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory = directory, .made_anew_when_damaged = true}));
    auto table = std::make_unique<InstanceTable>(std::move(database));
    BOOST_OUTCOME_TRY(table->reached_, table->position_at({&young, 1}));
    return table;
}

result<std::optional<instance::Instance>> InstanceTable::find(const InstanceKey& key) const
{
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(key_in(row, key)));
    if (not bytes) return std::optional<instance::Instance>{};
    BOOST_OUTCOME_TRY(auto found, read_row(*bytes));
    return std::optional{std::move(found)};
}

result<void> InstanceTable::keep(const InstanceKey& key, const instance::Instance& instance, Position position)
{
    const std::lock_guard lock{keeping_};
    Batch batch;
    if (position > reached_) batch.put({&young, 1}, big_endian(position));
    std::string bytes;
    codec<instance::Instance>::encode(instance, bytes);
    batch.put(key_in(row, key), bytes);
    if (is_open(instance)) {
        batch.put(key_in(open_, key), {});
    } else {
        batch.remove(key_in(open_, key));
    }
    BOOST_OUTCOME_TRY(database_->write(batch, Durability::buffered));
    reached_ = std::max(reached_, position);
    return done();
}

result<void> InstanceTable::keep_checkpoint(const std::string& saga, Position checkpoint)
{
    Batch batch;
    batch.put(checkpoint_key(saga), big_endian(checkpoint));
    return database_->write(batch, Durability::buffered);
}

result<Position> InstanceTable::checkpoint(const std::string& saga) const
{
    return position_at(checkpoint_key(saga));
}

Position InstanceTable::reached() const
{
    const std::lock_guard lock{keeping_};
    return reached_;
}

result<Position> InstanceTable::position_at(std::string_view key) const
{
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(key));
    return bytes && bytes->size() == 8 ? read_big_endian(*bytes) : 0;
}

result<void> InstanceTable::visit_all(const Visit& visit) const
{
    const std::string prefix{row};
    auto cursor = database_->cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        BOOST_OUTCOME_TRY(const auto instance, read_row(cursor.value()));
        if (not visit(parse_key(cursor.key()), instance)) return done();
    }
    return cursor.status();
}

result<std::vector<InstanceKey>> InstanceTable::open_instances() const
{
    const std::string prefix{open_};
    std::vector<InstanceKey> keys;
    auto cursor = database_->cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        keys.push_back(parse_key(cursor.key()));
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return keys;
}

} // namespace eventloom
