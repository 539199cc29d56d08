#include "key_records.hpp"

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <xxhash.h>

#include <algorithm>

namespace eventloom::key_records {

namespace {

constexpr std::uint8_t layout_version = 1;
constexpr std::size_t checksum_bytes  = 8;

// Everything here ends with the checksum of what stands before it.
template <class Write>
std::string written(const Write& write)
{
    std::string bytes;
    {
        BinaryWriter writer{bytes};
        writer.byte(layout_version);
        write(writer);
    }
    append_big_endian(bytes, XXH3_64bits(bytes.data(), bytes.size()));
    return bytes;
}

template <class Value, class Read>
std::optional<Value> read_whole(std::string_view bytes, const Read& read)
{
    if (bytes.size() < checksum_bytes) return std::nullopt;
    const auto content = bytes.substr(0, bytes.size() - checksum_bytes);
    if (XXH3_64bits(content.data(), content.size()) != read_big_endian(bytes.substr(content.size()))) {
        return std::nullopt;
    }
    try {
        Value value;
        BinaryReader reader{content};
        if (reader.byte() != layout_version) return std::nullopt;
        read(reader, value);
        reader.finish();
        return value;
    } catch (const DamagedBytes&) {
        return std::nullopt;
    }
}

void put_fingerprint(BinaryWriter& writer, const Fingerprint& print)
{
    writer.raw({reinterpret_cast<const char*>(print.data()), print.size()});
}

void take_fingerprint(BinaryReader& reader, Fingerprint& print)
{
    const auto raw = reader.raw(print.size());
    std::copy(raw.begin(), raw.end(), print.begin());
}

void put_time(BinaryWriter& writer, Time time)
{
    writer.signed_number(time.time_since_epoch().count());
}

void take_time(BinaryReader& reader, Time& time)
{
    time = Time{Duration{reader.signed_number()}};
}

std::string beside_of(std::string_view subject, std::uint32_t version)
{
    std::string beside;
    BinaryWriter writer{beside};
    writer.text("key");
    writer.text(subject);
    writer.unsigned_number(version);
    return beside;
}

} // namespace

std::string of_key(std::string_view subject)
{
    return std::string{keys}.append(subject);
}

std::string of_erasure(std::string_view subject)
{
    return std::string{erasures}.append(subject);
}

std::string WrappedKey::bytes() const
{
    return written([&](BinaryWriter& writer) {
        put_fingerprint(writer, master);
        writer.unsigned_number(version);
        put_time(writer, made_at);
        writer.text(sealed);
    });
}

std::optional<WrappedKey> WrappedKey::read(std::string_view bytes)
{
    return read_whole<WrappedKey>(bytes, [](BinaryReader& reader, WrappedKey& value) {
        take_fingerprint(reader, value.master);
        value.version = reader.small_number();
        take_time(reader, value.made_at);
        value.sealed = reader.text();
    });
}

WrappedKey wrap(const SecretKey& key, std::string_view subject, std::uint32_t version, Time made_at,
                const SecretKey& master, const Nonce& nonce)
{
    return {master.fingerprint(), version, made_at, master.seal(nonce, beside_of(subject, version), key.text())};
}

std::optional<SecretKey> unwrap(const WrappedKey& wrapped, std::string_view subject, const SecretKey& master)
{
    auto opened = master.open(beside_of(subject, wrapped.version), wrapped.sealed);
    if (not opened) return std::nullopt;
    auto key = SecretKey::of(*opened);
    wipe(*opened);
    return key;
}

std::string ErasureMark::bytes() const
{
    return written([&](BinaryWriter& writer) {
        writer.unsigned_number(versions);
        put_time(writer, erased_at);
        writer.byte(is_complete ? 1 : 0);
    });
}

std::optional<ErasureMark> ErasureMark::read(std::string_view bytes)
{
    return read_whole<ErasureMark>(bytes, [](BinaryReader& reader, ErasureMark& value) {
        value.versions = reader.small_number();
        take_time(reader, value.erased_at);
        value.is_complete = reader.flag();
    });
}

std::string MasterNote::bytes() const
{
    return written([&](BinaryWriter& writer) { put_fingerprint(writer, master); });
}

std::optional<MasterNote> MasterNote::read(std::string_view bytes)
{
    return read_whole<MasterNote>(
        bytes, [](BinaryReader& reader, MasterNote& value) { take_fingerprint(reader, value.master); });
}

std::string RekeyNote::bytes() const
{
    return written([&](BinaryWriter& writer) {
        put_fingerprint(writer, next);
        writer.text(old_under_next);
        writer.text(next_under_old);
    });
}

std::optional<RekeyNote> RekeyNote::read(std::string_view bytes)
{
    return read_whole<RekeyNote>(bytes, [](BinaryReader& reader, RekeyNote& value) {
        take_fingerprint(reader, value.next);
        value.old_under_next = reader.text();
        value.next_under_old = reader.text();
    });
}

} // namespace eventloom::key_records
