#include "index/index_scan.hpp"

#include "index/event_index.hpp"
#include "record/record_layout.hpp"

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr std::size_t number_bytes   = 8;
constexpr std::size_t end_mark_bytes = 2; // of ordered text

EntryKind kind_of(char space)
{
    switch (space) {
    case key_spaces::in_stream:
        return stream_entry;
    case key_spaces::in_category:
        return category_entry;
    case key_spaces::of_type:
        return type_entry;
    default:
        return tag_entry;
    }
}

bool is_version_7(std::string_view id)
{
    return static_cast<unsigned char>(id[6]) >> 4 == 7;
}

// The name in the key of a list, which is ordered text: without the prefix and the end mark. Names have no zero bytes.
std::string_view name_in(std::string_view list)
{
    return list.substr(1, list.size() - 1 - end_mark_bytes);
}

} // namespace

IndexScan::IndexScan(const Database& database, const DatabaseSnapshot& moment, Position covers, TakeEntry take,
                     TakeFinding finding)
    : database_{database}, moment_{moment}, covers_{covers}, take_{std::move(take)}, finding_{std::move(finding)}
{
}

result<void> IndexScan::run()
{
    lengths_.emplace(database_.scan_cursor(moment_));
    lengths_->seek(std::string_view{&key_spaces::length, 1});
    auto cursor = database_.scan_cursor(moment_);
    for (cursor.seek(""); cursor.valid() && not stopped_; cursor.next()) {
        ++entries_;
        take(cursor.key(), cursor.value());
    }
    end_of_list();
    check_length({}, 0);
    if (flushed_ != covers_) find("a list of flushes that ends at another position than the index");
    // Ids of version 7 that are greater than all in blocks are taken for new.
    if (greatest_alone_ > greatest_in_block_) find("an event id that stands alone and belongs into a block");
    BOOST_OUTCOME_TRY(lengths_->status());
    return cursor.status();
}

void IndexScan::take(std::string_view key, std::string_view value)
{
    switch (key.empty() ? '\0' : key[0]) {
    case key_spaces::about:
        if (key != key_spaces::of_about("covers")) find("an entry that is none");
        return;
    case key_spaces::in_category:
    case key_spaces::of_type:
    case key_spaces::with_tag:
    case key_spaces::in_stream:
        return take_list(kind_of(key[0]), key, value);
    case key_spaces::flushed:
        return take_flush(key, value);
    case key_spaces::event_id:
        return take_single_id(key, value);
    case key_spaces::id_block:
        return take_block(key, value);
    case key_spaces::command:
        return take_command(key, value);
    case key_spaces::length:
        return; // read beside the streams
    default:
        find("an entry that is none");
    }
}

void IndexScan::take_list(EntryKind kind, std::string_view key, std::string_view value)
{
    if (key.size() < 1 + end_mark_bytes + number_bytes) return find("a key of a list that is none");
    const auto list = key.substr(0, key.size() - number_bytes);
    if (list != list_) {
        end_of_list();
        list_      = list;
        list_hash_ = name_hash(kind, name_in(list));
    }
    const auto positions = PositionList::decode(value);
    if (not positions) return find("a list of positions that is none");
    const auto& here  = positions.value();
    const auto number = key_spaces::last_number(key); // of the last one
    const auto first  = number + 1 - here.count();
    if (here.first() <= list_last_) find("pieces of a list in another order than their positions", here.first());
    if (kind != stream_entry && number != here.last()) find("a piece of a list under another position", here.first());
    if (kind == stream_entry && first != expected_) {
        find(fmt::format("a gap before version {} of the stream {}", first, name_in(list)));
    }
    expected_  = number + 1;
    list_last_ = here.last();
    if (here.last() > covers_) return find("positions after the last that the index covers", here.last());
    auto version = first;
    here.visit([&](Position position) {
        tell(named_entry(kind, list_hash_, position, kind == stream_entry ? version++ : 0));
    });
}

void IndexScan::end_of_list()
{
    if (not list_.empty() && list_[0] == key_spaces::in_stream) check_length(name_in(list_), expected_);
    list_.clear();
    expected_  = 0;
    list_last_ = 0;
}

// The lengths stand in the order of the streams. An empty name: no further one may follow.
void IndexScan::check_length(std::string_view stream, std::uint64_t events)
{
    const auto name = [&] { return lengths_->key().substr(1); };
    const auto left = [&] { return lengths_->valid() && lengths_->key()[0] == key_spaces::length; };
    while (left() && (stream.empty() || name() < stream)) {
        find("a length of the stream " + std::string{name()} + ", which has no events there");
        lengths_->next();
    }
    if (stream.empty()) return;
    if (not left() || name() != stream) return find("no length of the stream " + std::string{stream});
    const auto value = lengths_->value();
    if (value.size() != number_bytes || read_big_endian(value) != events) {
        find(fmt::format("another length of the stream {} than its {} events", stream, events));
    }
    lengths_->next();
}

void IndexScan::take_flush(std::string_view key, std::string_view value)
{
    if (key.size() != 1 + number_bytes || value.size() != number_bytes) return find("a flush that is none");
    if (read_big_endian(value) != flushed_ + 1) find("a gap in the list of flushes", flushed_ + 1);
    flushed_ = key_spaces::last_number(key);
}

void IndexScan::take_block(std::string_view key, std::string_view value)
{
    if (key.size() != 1 + id_bytes || value.empty() || value.size() % id_entry_bytes != 0 ||
        value.substr(value.size() - id_entry_bytes, id_bytes) != key.substr(1)) {
        return find("a block of ids that is none");
    }
    for (std::size_t at = 0; at < value.size(); at += id_entry_bytes) {
        const auto id       = value.substr(at, id_bytes);
        const auto position = read_big_endian(value.substr(at + id_bytes));
        if (id <= greatest_in_block_) find("ids of a block in another order than theirs", position);
        greatest_in_block_ = id;
        tell(named_entry(id_entry, name_hash(id_entry, id), position));
    }
}

void IndexScan::take_single_id(std::string_view key, std::string_view value)
{
    if (key.size() != 1 + id_bytes || value.size() != number_bytes) return find("an event id that is none");
    const auto id = key.substr(1);
    if (is_version_7(id)) greatest_alone_ = id;
    tell(named_entry(id_entry, name_hash(id_entry, id), read_big_endian(value)));
}

void IndexScan::take_command(std::string_view key, std::string_view value)
{
    const auto command = command_fields_at(key.substr(1), value);
    if (not command) return find("a damaged record of a command");
    tell(entry_of(*command));
}

void IndexScan::tell(const EntryHash& entry)
{
    // A command that wrote no events may stand before the first one.
    if (entry.position > covers_ || (entry.position == 0 && entry.kind != command_entry)) {
        return find(fmt::format("the position {}, which the index does not cover", entry.position));
    }
    take_(entry);
}

void IndexScan::find(std::string_view what, Position position)
{
    finding_(position, "read the index and found " + std::string{what} + "; run store repair");
}

} // namespace eventloom
