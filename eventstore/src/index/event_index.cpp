#include "index/event_index.hpp"

#include "record/key_spaces.hpp"
#include "record/record.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <algorithm>
#include <cstring>
#include <set>

namespace eventloom {

namespace {

// An index of another version is made anew.
constexpr char index_version               = 2;
constexpr std::uint64_t positions_in_entry = 4096;
constexpr std::size_t ids_in_block         = 128;

std::string bytes_of(std::uint64_t number)
{
    std::string bytes;
    append_big_endian(bytes, number);
    return bytes;
}

std::string bytes_of(const IndexEnd& end)
{
    std::string bytes{index_version};
    append_big_endian(bytes, end.position);
    append_big_endian(bytes, end.checksum);
    return bytes;
}

// A list in pieces, each named by its last number, so that one seek finds the piece where reading goes on. Versions name
// the pieces of a stream, positions those of all others.
void add_list(const std::string& prefix, const PositionList& list, std::optional<Version> first_version,
              std::vector<IndexEntry>& entries)
{
    for (std::uint64_t from = 0; from < list.count(); from += positions_in_entry) {
        const auto last   = std::min(from + positions_in_entry, list.count()) - 1;
        const auto number = first_version ? *first_version + last : list[last];
        entries.push_back({key_spaces::with_number(prefix, number), list.encode(from, positions_in_entry), list[from]});
    }
}

void add_ids(const IndexTail& tail, OrderedIds& ordered_ids, std::vector<IndexEntry>& entries)
{
    IndexEntry block;
    const auto close_block = [&] {
        if (not block.value.empty()) entries.push_back(std::exchange(block, {}));
    };
    for (const auto& [id, position] : tail.ids().sorted()) {
        if (not ordered_ids.take(id)) {
            entries.push_back({key_spaces::of_id(key_spaces::event_id, id), bytes_of(position), position});
            continue;
        }
        block.key      = key_spaces::of_id(key_spaces::id_block, id); // the last one names it
        block.position = position;
        block.value.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
        append_big_endian(block.value, position);
        if (block.value.size() == ids_in_block * id_entry_bytes) close_block();
    }
    close_block();
}

// Entries of one size, in the order of ids.
std::optional<Position> position_in_block(std::string_view block, const Uuid& id)
{
    const std::string_view wanted{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
    std::size_t first = 0;
    std::size_t last  = block.size() / id_entry_bytes;
    while (first < last) {
        const auto middle = first + (last - first) / 2;
        const auto entry  = block.substr(middle * id_entry_bytes, id_entry_bytes);
        if (entry.starts_with(wanted)) return read_big_endian(entry.substr(wanted.size()));
        entry < wanted ? first = middle + 1 : last = middle;
    }
    return std::nullopt;
}

// The name in the key of a list, which is ordered text: without the prefix and the end mark. Names have no zero bytes.
std::optional<std::string_view> name_of_list(std::string_view list)
{
    constexpr std::size_t end_mark_bytes = 2;
    if (list.size() <= 1 + end_mark_bytes) return std::nullopt;
    return list.substr(1, list.size() - 1 - end_mark_bytes);
}

bool has_prefix(const DatabaseCursor& cursor, std::string_view prefix)
{
    return cursor.valid() && cursor.key().starts_with(prefix) && cursor.key().size() == prefix.size() + 8;
}

// All events of the stream from this version on.
bool is_in_tails(const IndexView& view, std::string_view stream, Version from)
{
    return std::any_of(view.tails.begin(), view.tails.end(), [&](const auto& tail) {
        const std::shared_lock lock{tail->mutex()};
        const auto* found = tail->stream(stream);
        return found != nullptr && found->first_version <= from;
    });
}

} // namespace

std::vector<IndexEntry> entries_of(const IndexTail& tail, OrderedIds& ordered_ids)
{
    std::vector<IndexEntry> entries;
    for (const auto& [name, stream] : tail.streams()) {
        add_list(key_spaces::of_text(key_spaces::in_stream, name), stream.positions, stream.first_version, entries);
    }
    for (const char space : {key_spaces::in_category, key_spaces::of_type, key_spaces::with_tag}) {
        for (const auto& [name, list] : tail.lists(space)) {
            add_list(key_spaces::of_text(space, name), list, std::nullopt, entries);
        }
    }
    add_ids(tail, ordered_ids, entries);
    for (const auto& [id, command] : tail.commands()) {
        entries.push_back({key_spaces::of_id(key_spaces::command, id), encode_command(command), command.last_position});
    }
    if (tail.events() > 0) {
        entries.push_back({key_spaces::with_number(std::string{key_spaces::flushed}, tail.last()),
                           bytes_of(tail.after() + 1), tail.last()});
    }
    // In the order of keys LevelDB takes them fastest.
    std::sort(entries.begin(), entries.end(), [](const auto& one, const auto& other) { return one.key < other.key; });
    return entries;
}

result<IndexEnd> read_index_end(const Database& database, const DatabaseSnapshot& at)
{
    BOOST_OUTCOME_TRY(const auto covers, database.get(key_spaces::of_about("covers"), at));
    if (not covers) return IndexEnd{};
    if (covers->size() != 17) return damaged_index("that its end is damaged");
    if (covers->front() != index_version) return damaged_index("that it is of another version");
    const auto numbers = std::string_view{*covers}.substr(1);
    return IndexEnd{read_big_endian(numbers), read_big_endian(numbers.substr(8))};
}

EventIndex::EventIndex(std::unique_ptr<Database> database) : database_{std::move(database)} {}
EventIndex::~EventIndex() = default;

result<std::unique_ptr<EventIndex>> EventIndex::open(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory          = directory,
                                                              .write_buffer_bytes = 16u << 20,
                                                              .block_cache_bytes  = 32u << 20,
                                                              .table_bytes        = 8u << 20}));
    std::unique_ptr<EventIndex> index{new EventIndex{std::move(database)}};
    BOOST_OUTCOME_TRY(index->load());
    return index;
}

result<void> EventIndex::discard(const Runtime& runtime, const std::string& directory)
{
    return remove_database(runtime, directory);
}

result<void> EventIndex::load()
{
    BOOST_OUTCOME_TRY(const auto end, read_index_end(*database_));
    on_disk_            = end.position;
    checksum_at_end_    = end.checksum;
    newest_             = std::make_shared<IndexTail>(on_disk_);
    auto cursor         = database_->cursor();
    const auto settings = key_spaces::of_text(key_spaces::in_category, StreamSettings::category);
    cursor.seek(settings);
    BOOST_OUTCOME_TRY(cursor.status());
    settings_on_disk_ = has_prefix(cursor, settings);
    cursor.seek_at_or_before(std::string{key_spaces::id_block}.append(17, '\xff'));
    BOOST_OUTCOME_TRY(cursor.status());
    if (not cursor.valid() || cursor.key()[0] != key_spaces::id_block) return done();
    Uuid greatest;
    if (cursor.key().size() != 1 + greatest.bytes.size()) return damaged_index("a damaged key of a block of ids");
    std::memcpy(greatest.bytes.data(), cursor.key().data() + 1, greatest.bytes.size());
    ordered_ids_.take(greatest);
    return done();
}

Position EventIndex::on_disk() const
{
    const std::lock_guard lock{mutex_};
    return on_disk_;
}

IndexView EventIndex::view() const
{
    const std::lock_guard lock{mutex_};
    IndexView view{.on_disk = on_disk_, .settings_on_disk = settings_on_disk_, .tails = {}};
    if (set_aside_) view.tails.push_back(set_aside_);
    view.tails.push_back(newest_);
    return view;
}

result<std::vector<std::string>> EventIndex::types(const IndexView& view) const
{
    constexpr std::size_t number_bytes = 8; // after the name
    std::set<std::string> names;
    for (const auto& tail : view.tails) {
        const std::shared_lock lock{tail->mutex()};
        for (const auto& [name, positions] : tail->lists(key_spaces::of_type)) names.insert(name);
    }
    auto cursor = database_->cursor();
    cursor.seek(std::string_view{&key_spaces::of_type, 1});
    while (cursor.valid() && cursor.key().front() == key_spaces::of_type) {
        if (cursor.key().size() <= number_bytes) return damaged_index("a damaged key of a list of positions");
        auto list       = std::string{cursor.key().substr(0, cursor.key().size() - number_bytes)};
        const auto name = name_of_list(list);
        if (not name) return damaged_index("a damaged key of a list of positions");
        names.emplace(*name);
        cursor.seek(list.append(number_bytes + 1, '\xff')); // to the next name
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return std::vector<std::string>(names.begin(), names.end());
}

bool EventIndex::is_due(std::uint64_t checksum_of_last_record, std::uint64_t events_max)
{
    const std::lock_guard lock{mutex_};
    if (newest_->events() + newest_->commands().size() < events_max) return false;
    if (set_aside_) return true;
    set_aside_          = std::exchange(newest_, std::make_shared<IndexTail>(newest_->last()));
    set_aside_checksum_ = checksum_of_last_record;
    return true;
}

result<void> EventIndex::flush()
{
    const std::lock_guard one_at_a_time{flushing_};
    std::shared_ptr<IndexTail> tail;
    OrderedIds ordered_ids;
    {
        const std::lock_guard lock{mutex_};
        tail        = set_aside_;
        ordered_ids = ordered_ids_;
    }
    if (not tail) return done();
    Batch batch;
    for (const IndexEntry& entry : entries_of(*tail, ordered_ids)) batch.put(entry.key, entry.value);
    for (const auto& [name, stream] : tail->streams()) {
        batch.put(key_spaces::of_length(name), bytes_of(stream.first_version + stream.positions.count()));
    }
    batch.put(key_spaces::of_about("covers"), bytes_of({tail->last(), set_aside_checksum_}));
    BOOST_OUTCOME_TRY(database_->write(batch, Durability::synced));
    const std::lock_guard lock{mutex_};
    on_disk_          = tail->last();
    settings_on_disk_ = settings_on_disk_ || tail->positions(key_spaces::in_category, StreamSettings::category);
    checksum_at_end_  = set_aside_checksum_;
    ordered_ids_      = ordered_ids;
    set_aside_.reset();
    return done();
}

result<void> EventIndex::flush_all(std::uint64_t checksum_of_last_record)
{
    BOOST_OUTCOME_TRY(flush());
    if (newest_->events() == 0 && newest_->commands().empty()) return done();
    is_due(checksum_of_last_record, 0);
    return flush();
}

result<std::uint64_t> EventIndex::length_on_disk(std::string_view stream) const
{
    BOOST_OUTCOME_TRY(const auto length, database_->get(key_spaces::of_length(stream)));
    if (not length) return 0;
    if (length->size() != 8) return damaged_index("a damaged length of a stream");
    return read_big_endian(*length);
}

bool EventIndex::has_settings(const IndexView& view) const
{
    return view.settings_on_disk || std::any_of(view.tails.begin(), view.tails.end(), [](const auto& tail) {
               const std::shared_lock lock{tail->mutex()};
               return tail->positions(key_spaces::in_category, StreamSettings::category) != nullptr;
           });
}

result<std::uint64_t> EventIndex::length_of(const IndexView& view, std::string_view stream, Position head) const
{
    std::optional<std::uint64_t> ahead_of_tails;
    for (auto tail = view.tails.rbegin(); tail != view.tails.rend(); ++tail) {
        const std::shared_lock lock{(*tail)->mutex()};
        const auto* found = (*tail)->stream(stream);
        if (found == nullptr) continue;
        if (const auto here = found->positions.count_up_to(head); here > 0) return found->first_version + here;
        ahead_of_tails = found->first_version;
    }
    BOOST_OUTCOME_TRY(const auto length, ahead_of_tails ? *ahead_of_tails : length_on_disk(stream));
    return head < on_disk() ? length_up_to(view, stream, length, head) : length;
}

// Of the first `length` events of a stream, how many are not after `head`.
result<std::uint64_t> EventIndex::length_up_to(const IndexView& view, std::string_view stream, std::uint64_t length,
                                               Position head) const
{
    std::uint64_t least = 0;
    std::uint64_t most  = length;
    // Most are as long as they were.
    for (std::uint64_t version = most; least < most; version = least + (most - least + 1) / 2) {
        BOOST_OUTCOME_TRY(const auto place, of_stream(view, stream, version - 1, Direction::forwards, 1));
        const bool is_there       = not place.positions.empty() && place.positions.front() <= head;
        (is_there ? least : most) = is_there ? version : version - 1;
    }
    return least;
}

result<std::optional<Position>> EventIndex::position_on_disk(const Uuid& id) const
{
    if (is_ordered_id(id)) { // no other stands in a block
        auto cursor = database_->cursor();
        cursor.seek(key_spaces::of_id(key_spaces::id_block, id));
        BOOST_OUTCOME_TRY(cursor.status());
        if (cursor.valid() && cursor.key()[0] == key_spaces::id_block) {
            if (const auto position = position_in_block(cursor.value(), id)) return position;
        }
    }
    BOOST_OUTCOME_TRY(const auto position, database_->get(key_spaces::of_id(key_spaces::event_id, id)));
    if (not position) return std::optional<Position>{};
    if (position->size() != 8) return damaged_index("a damaged entry of an event id");
    return std::optional{read_big_endian(*position)};
}

bool EventIndex::surely_new(const Uuid& id) const
{
    if (not(id > newest_->greatest_ordered_id())) return false;
    const std::lock_guard lock{mutex_};
    return ordered_ids_.surely_new(id) && (not set_aside_ || id > set_aside_->greatest_ordered_id());
}

result<std::optional<Position>> EventIndex::position_of(const IndexView& view, const Uuid& id) const
{
    for (auto tail = view.tails.rbegin(); tail != view.tails.rend(); ++tail) {
        const std::shared_lock lock{(*tail)->mutex()};
        if (const auto found = (*tail)->position_of(id)) return found;
    }
    {
        const std::lock_guard lock{mutex_};
        if (ordered_ids_.surely_new(id)) return std::optional<Position>{};
    }
    return position_on_disk(id);
}

result<std::optional<CommandRecord>> EventIndex::command(const IndexView& view, const Uuid& id) const
{
    for (const auto& tail : view.tails) {
        const std::shared_lock lock{tail->mutex()};
        if (const auto* found = tail->command(id)) return std::optional{*found};
    }
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(key_spaces::of_id(key_spaces::command, id)));
    if (not bytes) return std::optional<CommandRecord>{};
    BOOST_OUTCOME_TRY(auto record, decode_command(*bytes, id));
    return std::optional{std::move(record)};
}

result<StreamPlaces> EventIndex::of_stream(const IndexView& view, std::string_view stream, Version from,
                                           Direction direction, std::size_t limit) const
{
    StreamPlaces places{.from = from, .positions = {}};
    auto& positions     = places.positions;
    const bool forwards = direction == Direction::forwards;
    std::optional<Version> wanted{from};
    const auto take = [&](Version first_version, const PositionList& list) {
        const Version last = first_version + list.count() - 1;
        if (not forwards && positions.empty() && wanted && *wanted > last) wanted = places.from = last;
        while (wanted && positions.size() < limit && *wanted >= first_version &&
               *wanted - first_version < list.count()) {
            positions.push_back(list[*wanted - first_version]);
            if (not forwards && *wanted == 0)
                wanted.reset();
            else
                *wanted += forwards ? 1 : Version(-1);
        }
    };
    const auto take_tails = [&](auto begin, auto end) {
        for (auto tail = begin; tail != end; ++tail) {
            const std::shared_lock lock{(*tail)->mutex()};
            if (const auto* found = (*tail)->stream(stream)) take(found->first_version, found->positions);
        }
    };
    if (not forwards) take_tails(view.tails.rbegin(), view.tails.rend());
    const bool is_on_disk = not(forwards && is_in_tails(view, stream, from));
    if (wanted && positions.size() < limit && view.on_disk > 0 && is_on_disk) {
        const auto prefix = key_spaces::of_text(key_spaces::in_stream, stream);
        auto cursor       = database_->cursor();
        cursor.seek(key_spaces::with_number(prefix, *wanted));
        BOOST_OUTCOME_TRY(cursor.status());
        if (not forwards && not has_prefix(cursor, prefix)) cursor.previous();
        while (wanted && positions.size() < limit && has_prefix(cursor, prefix)) {
            const auto before = positions.size();
            BOOST_OUTCOME_TRY(const auto list, PositionList::decode(cursor.value()));
            if (list.first() > view.on_disk) { // flushed since: it is in a tail of the view, or after it
                if (forwards) break;
                cursor.previous();
                continue;
            }
            const auto last_version = key_spaces::last_number(cursor.key());
            if (last_version + 1 < list.count()) return damaged_index("a damaged list of a stream");
            take(last_version + 1 - list.count(), list);
            if (positions.size() == before) break;
            forwards ? cursor.next() : cursor.previous();
        }
        BOOST_OUTCOME_TRY(cursor.status());
    }
    if (forwards) take_tails(view.tails.begin(), view.tails.end());
    return places;
}

} // namespace eventloom
