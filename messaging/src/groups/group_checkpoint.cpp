#include "group_checkpoint.hpp"

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <xxhash.h>

namespace eventloom {

namespace {

// Key layout: docs/format.md, "Consumer groups".
constexpr std::string_view format_key         = "aformat";
constexpr char of_group                       = 'g';
constexpr std::uint64_t format                = 1;
constexpr std::uint8_t version_before_members = 1; // versions of a value
constexpr std::uint8_t version_of_members     = 2;
constexpr std::size_t members_max             = 65'536;

std::string key_of(std::string_view group)
{
    return std::string{of_group}.append(group);
}

void load_open(BinaryReader& in, GroupCheckpoint& checkpoint)
{
    Position after = 0; // the position after the run before
    for (auto runs = in.size(); runs > 0; --runs) {
        const Position first = after + in.unsigned_number();
        const auto count     = in.unsigned_number();
        const bool in_order  = first >= after && first > 0 && count > 0;
        if (not in_order || first > checkpoint.read || count > checkpoint.read - first + 1) {
            in.damaged("an open event stands after what was read");
        }
        // Not more than a group can hold: damaged bytes must not ask for memory.
        if (count > 65'536 - std::min<std::size_t>(checkpoint.open.size(), 65'536)) in.damaged("too many open events");
        for (std::uint64_t i = 0; i < count; ++i) checkpoint.open.push_back(first + i);
        after = first + count;
    }
}

void save_members(BinaryWriter& out, const GroupCheckpoint& checkpoint)
{
    out.unsigned_number(checkpoint.batches);
    out.unsigned_number(checkpoint.members.size());
    for (const auto& member : checkpoint.members) {
        for (const auto byte : member.id.bytes) out.byte(byte);
        out.text(member.name);
        out.signed_number(member.lease_ms);
        out.unsigned_number(member.batch);
        out.unsigned_number(member.size);
        out.unsigned_number(member.in_hand.size());
        for (const Position position : member.in_hand) out.unsigned_number(position);
    }
}

void load_members(BinaryReader& in, GroupCheckpoint& checkpoint)
{
    checkpoint.batches = in.unsigned_number();
    const auto members = in.size();
    if (members > members_max) in.damaged("too many members");
    for (std::uint64_t i = 0; i < members; ++i) {
        MemberElsewhere member;
        for (auto& byte : member.id.bytes) byte = in.byte();
        member.name      = in.text();
        member.lease_ms  = in.signed_number();
        member.batch     = in.unsigned_number();
        member.size      = in.unsigned_number();
        const auto count = in.size();
        if (member.batch > checkpoint.batches || count > member.size) in.damaged("a member has what was not given");
        for (std::uint64_t at = 0; at < count; ++at) member.in_hand.push_back(in.unsigned_number());
        checkpoint.members.push_back(std::move(member));
    }
}

} // namespace

std::string encode(const GroupCheckpoint& checkpoint)
{
    std::string runs;
    BinaryWriter writer{runs};
    std::uint64_t number_of_runs = 0;
    Position after               = 0;
    for (std::size_t at = 0; at < checkpoint.open.size(); ++number_of_runs) {
        const Position first = checkpoint.open[at];
        std::uint64_t count  = 0;
        while (at < checkpoint.open.size() && checkpoint.open[at] == first + count) ++at, ++count;
        writer.unsigned_number(first - after);
        writer.unsigned_number(count);
        after = first + count;
    }
    std::string bytes;
    BinaryWriter head{bytes};
    // So that an earlier program reads what it could have written.
    const bool has_members = checkpoint.batches > 0 || not checkpoint.members.empty();
    head.byte(has_members ? version_of_members : version_before_members);
    head.unsigned_number(checkpoint.read);
    head.unsigned_number(number_of_runs);
    bytes += runs;
    if (has_members) save_members(head, checkpoint);
    append_big_endian(bytes, XXH3_64bits(bytes.data(), bytes.size()));
    return bytes;
}

result<GroupCheckpoint> decode_checkpoint(std::string_view bytes, std::string_view group)
{
    const auto damaged = [&](const std::string& what) {
        return Error{Failure::corrupt, "damaged-checkpoint",
                     "read the checkpoint of the consumer group " + std::string{group} + " and found damage (" + what +
                         "); restore it from a backup, or begin a new group under another name"};
    };
    constexpr std::size_t checksum_bytes = 8;
    if (bytes.size() < checksum_bytes) return damaged("the value ends too early");
    const auto content = bytes.substr(0, bytes.size() - checksum_bytes);
    if (XXH3_64bits(content.data(), content.size()) != read_big_endian(bytes.substr(content.size()))) {
        return damaged("the checksum is another");
    }
    GroupCheckpoint checkpoint;
    try {
        BinaryReader in{content};
        const auto version = in.byte();
        if (version != version_before_members && version != version_of_members)
            return damaged("the value's version is not known");
        checkpoint.read = in.unsigned_number();
        load_open(in, checkpoint);
        if (version == version_of_members) load_members(in, checkpoint);
        in.finish();
    } catch (const DamagedBytes& damage) {
        return damaged(damage.what());
    }
    return checkpoint;
}

result<std::shared_ptr<CheckpointTable>> CheckpointTable::open(const Runtime& runtime, const std::string& directory)
{
    // Checkpoints are small and few: so are the buffers.
    BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory          = directory,
                                                              .write_buffer_bytes = 1u << 20,
                                                              .block_cache_bytes  = 1u << 20}));
    BOOST_OUTCOME_TRY(const auto found, database->get(format_key));
    if (not found) {
        Batch batch;
        std::string value;
        append_big_endian(value, format);
        batch.put(format_key, value);
        BOOST_OUTCOME_TRY(database->write(batch, Durability::synced));
    } else if (found->size() != 8 || read_big_endian(*found) != format) {
        return fail(Failure::corrupt, "newer-groups-format",
                    "opened the consumer groups in " + directory +
                        " and found a format that this program does not know; use a newer one");
    }
    return std::shared_ptr<CheckpointTable>{new CheckpointTable{std::move(database)}};
}

result<std::optional<GroupCheckpoint>> CheckpointTable::find(std::string_view group) const
{
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(key_of(group)));
    if (not bytes) return std::optional<GroupCheckpoint>{};
    BOOST_OUTCOME_TRY(auto checkpoint, decode_checkpoint(*bytes, group));
    return std::optional{std::move(checkpoint)};
}

result<void> CheckpointTable::put(std::string_view group, const GroupCheckpoint& checkpoint)
{
    Batch batch;
    batch.put(key_of(group), encode(checkpoint));
    return database_->write(batch, Durability::synced);
}

result<std::vector<std::string>> CheckpointTable::names() const
{
    std::vector<std::string> names;
    auto cursor = database_->cursor();
    for (cursor.seek(std::string_view{&of_group, 1}); cursor.valid() && cursor.key().front() == of_group;
         cursor.next()) {
        names.emplace_back(cursor.key().substr(1));
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return names;
}

} // namespace eventloom
