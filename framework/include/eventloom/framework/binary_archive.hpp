// cereal archives over plain bytes, made for records that may be damaged.
//
//     std::string bytes;
//     BinaryWriter{bytes}(order);
//     BinaryReader reader{bytes};
//     reader(order);      // throws DamagedBytes
//     reader.finish();    // and here, when bytes are left over
//
// Every length is checked against what is left before anything is allocated, and nesting is limited: cereal's own archives
// ask for 3 GB when nine bytes tell them to. Values are compact: docs/format.md, "Values", has the exact bytes.
// Use codec<T> instead; it turns the exceptions into errors. Threads: one archive, one thread.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/framework/members.hpp>

#include <cereal/cereal.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <exception>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace eventloom {

// Why bytes could not be read. Stays between an archive and its codec.
class DamagedBytes final : public std::exception {
public:
    DamagedBytes(const char* code, const char* what, std::size_t offset) : code_{code}, what_{what}, offset_{offset} {}
    const char* what() const noexcept override { return what_; }
    const char* code() const { return code_; }
    std::size_t offset() const { return offset_; }

private:
    const char* code_;
    const char* what_;
    std::size_t offset_;
};

class BinaryWriter : public cereal::OutputArchive<BinaryWriter, cereal::AllowEmptyClassElision> {
public:
    // Where bytes gather before they go to the string: many small appends to a string cost more than the encoding.
    struct Buffer {
        char bytes[512];
    };

    // Each value is at the end of `out` when it is written.
    explicit BinaryWriter(std::string& out) : OutputArchive{this}, out_{out} {}
    // All values are at the end of `out` when the writer is gone; until then nobody else writes there.
    BinaryWriter(std::string& out, Buffer& buffer)
        : OutputArchive{this}, out_{out}, begin_{buffer.bytes}, at_{begin_}, end_{begin_ + sizeof buffer.bytes}
    {
    }
    ~BinaryWriter() override { flush(); }

    void byte(std::uint8_t value)
    {
        const auto character = static_cast<char>(value);
        raw({&character, 1});
    }

    // LEB128: seven bits a byte, the lowest first.
    void unsigned_number(std::uint64_t value)
    {
        if (room() >= longest_number) {
            at_ = put_number(value, at_);
            return;
        }
        char encoded[longest_number];
        raw({encoded, static_cast<std::size_t>(put_number(value, encoded) - encoded)});
    }

    void text(std::string_view value)
    {
        if (room() >= longest_number && value.size() <= room() - longest_number) {
            at_ = std::copy(value.begin(), value.end(), put_number(value.size(), at_));
            return;
        }
        unsigned_number(value.size());
        raw(value);
    }

    void raw(std::string_view bytes)
    {
        if (room() < bytes.size()) return raw_past_the_buffer(bytes);
        at_ = std::copy(bytes.begin(), bytes.end(), at_);
    }

private:
    static constexpr std::size_t longest_number = 10;

    std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }

    // `at` is no member: a character that is written could be a part of one, and it would be read again each time.
    static char* put_number(std::uint64_t value, char* at)
    {
        for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
        *at++ = static_cast<char>(value);
        return at;
    }

    void flush()
    {
        out_.append(begin_, static_cast<std::size_t>(at_ - begin_));
        at_ = begin_;
    }

    void raw_past_the_buffer(std::string_view bytes)
    {
        flush();
        out_.append(bytes);
    }

    std::string& out_;
    char* begin_ = nullptr; // without a buffer all three are the same, and nothing fits
    char* at_    = nullptr;
    char* end_   = nullptr;
};

class BinaryReader : public cereal::InputArchive<BinaryReader, cereal::AllowEmptyClassElision> {
public:
    static constexpr unsigned deepest_nesting = 64;

    explicit BinaryReader(std::string_view bytes) : InputArchive{this}, bytes_{bytes} {}

    std::uint8_t byte()
    {
        if (at_ == bytes_.size()) damaged("the value ends too early");
        return static_cast<std::uint8_t>(bytes_[at_++]);
    }

    std::uint64_t unsigned_number()
    {
        if (at_ < bytes_.size() && static_cast<std::uint8_t>(bytes_[at_]) < 0x80) {
            return static_cast<std::uint8_t>(bytes_[at_++]); // most numbers are small
        }
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint64_t next = byte();
            if (shift == 63 && next > 1) break;
            value |= (next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
        damaged("a number is longer than 64 bits");
    }

    // A count of things that take at least one byte each.
    std::uint64_t size()
    {
        const auto count = unsigned_number();
        if (count > left()) damaged("a length is greater than what is left of the value");
        return count;
    }

    std::string_view text() { return raw(size()); }

    std::string_view raw(std::size_t count)
    {
        if (count > left()) damaged("the value ends too early");
        const auto bytes = bytes_.substr(at_, count);
        at_ += count;
        return bytes;
    }

    std::size_t left() const { return bytes_.size() - at_; }

    void enter()
    {
        if (++depth_ > deepest_nesting) throw DamagedBytes{"value-too-deep", "values are nested too deeply", at_};
    }
    void leave() { --depth_; }

    void finish() const
    {
        if (left() > 0) throw DamagedBytes{"trailing-bytes", "bytes are left over behind the value", at_};
    }

    [[noreturn]] void damaged(const char* what) const { throw DamagedBytes{"damaged-value", what, at_}; }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    unsigned depth_ = 0;
};

// clang-format off
template <class T> concept flag            = std::is_same_v<T, bool>;
template <class T> concept unsigned_number = std::is_unsigned_v<T> && not flag<T>;
template <class T> concept signed_number   = std::is_signed_v<T> && std::is_integral_v<T>;
template <class T> concept floating_number = std::is_same_v<T, float> || std::is_same_v<T, double>;

template <class T> concept written_here    = std::is_arithmetic_v<T> || std::is_same_v<T, std::string>;

template <flag T> void save(BinaryWriter& out, const T& value) { out.byte(value ? 1 : 0); }
template <unsigned_number T> void save(BinaryWriter& out, const T& value) { out.unsigned_number(value); }
// clang-format on

// Zigzag: 0, -1, 1, -2 become 0, 1, 2, 3, so that small numbers are short whatever their sign.
template <signed_number T>
void save(BinaryWriter& out, const T& value)
{
    const auto wide = static_cast<std::int64_t>(value);
    out.unsigned_number(static_cast<std::uint64_t>(wide) << 1 ^ static_cast<std::uint64_t>(wide >> 63));
}

template <floating_number T>
void save(BinaryWriter& out, const T& value)
{
    const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(value));
    for (int shift = 0; shift < 64; shift += 8) out.byte(static_cast<std::uint8_t>(bits >> shift));
}

template <flag T>
void load(BinaryReader& in, T& value)
{
    const auto byte = in.byte();
    if (byte > 1) in.damaged("a yes or no is neither");
    value = byte == 1;
}

template <unsigned_number T>
void load(BinaryReader& in, T& value)
{
    const auto wide = in.unsigned_number();
    if (wide > std::numeric_limits<T>::max()) in.damaged("a number is too large for its type");
    value = static_cast<T>(wide);
}

template <signed_number T>
void load(BinaryReader& in, T& value)
{
    const auto coded = in.unsigned_number();
    const auto wide  = static_cast<std::int64_t>(coded >> 1 ^ (~(coded & 1) + 1));
    if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max()) {
        in.damaged("a number is too large for its type");
    }
    value = static_cast<T>(wide);
}

template <floating_number T>
void load(BinaryReader& in, T& value)
{
    std::uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 8) bits |= static_cast<std::uint64_t>(in.byte()) << shift;
    value = static_cast<T>(std::bit_cast<double>(bits));
}

inline void save(BinaryWriter& out, const std::string& value)
{
    out.text(value);
}

inline void load(BinaryReader& in, std::string& value)
{
    value.assign(in.text());
}

namespace detail {

// A type whose members are found, and that has no cereal `serialize`, inside or beside it.
template <class T, class Archive>
concept serializes_itself = requires(T& value, Archive& archive)
{
    value.serialize(archive);
};
namespace probe {
struct Archive {}; // of no namespace that has a `serialize` of its own
} // namespace probe
template <class T>
concept serialized_beside = requires(T& value, probe::Archive& archive)
{
    serialize(archive, value);
};
template <class T, class Archive>
concept visited_by_member = plain<T> && not is_id<T> && not serializes_itself<T, Archive>;
template <class T>
concept plain_bytes = visited_by_member<T, BinaryWriter> && not serialized_beside<T>;

// What needs nothing of cereal goes past it: an archive of cereal's asks for itself again at every step.
template <class T>
void put(BinaryWriter& out, const T& value)
{
    if constexpr (written_here<T>) {
        save(out, value);
    } else if constexpr (is_id<T>) {
        out.text(value.value);
    } else if constexpr (plain_bytes<T>) {
        with_members(value, [&](const auto&... member) { (put(out, member), ...); });
    } else {
        out(value);
    }
}

template <class T>
void take(BinaryReader& in, T& value)
{
    if constexpr (written_here<T>) {
        load(in, value);
    } else if constexpr (is_id<T>) {
        value.value.assign(in.text());
    } else if constexpr (plain_bytes<T>) {
        in.enter();
        with_members(value, [&](auto&... member) { (take(in, member), ...); });
        in.leave();
    } else {
        in(value);
    }
}

} // namespace detail

template <class T, class Allocator>
void save(BinaryWriter& out, const std::vector<T, Allocator>& values)
{
    out.unsigned_number(values.size());
    for (const auto& value : values) detail::put(out, value);
}

template <class T, class Allocator>
void load(BinaryReader& in, std::vector<T, Allocator>& values)
{
    // A short lie about the size costs little: room grows with what has really been read.
    constexpr std::size_t room_at_once = 1 + 4096 / sizeof(T);
    const auto count                   = in.size();
    values.clear();
    values.reserve(std::min<std::size_t>(count, room_at_once));
    for (std::uint64_t i = 0; i < count; ++i) detail::take(in, values.emplace_back());
}

// A vector of bool has no references to its elements.
template <class Allocator>
void save(BinaryWriter& out, const std::vector<bool, Allocator>& values)
{
    out.unsigned_number(values.size());
    for (const bool value : values) out(value);
}

template <class Allocator>
void load(BinaryReader& in, std::vector<bool, Allocator>& values)
{
    const auto count = in.size();
    values.clear();
    for (std::uint64_t i = 0; i < count; ++i) {
        bool value = false;
        in(value);
        values.push_back(value);
    }
}

template <class First, class... Rest>
void save(BinaryWriter& out, const std::variant<First, Rest...>& value)
{
    out.unsigned_number(value.index());
    std::visit([&](const auto& held) { out(held); }, value);
}

template <class First, class... Rest>
void load(BinaryReader& in, std::variant<First, Rest...>& value)
{
    const auto index   = in.unsigned_number();
    std::size_t number = 0;
    const auto try_one = [&]<class One>(std::type_identity<One>) {
        if (number++ != index) return false;
        One held{};
        in(held);
        value = std::move(held);
        return true;
    };
    if (not(try_one(std::type_identity<First>{}) || ... || try_one(std::type_identity<Rest>{})))
        in.damaged("a variant has no such alternative");
}

template <class T>
void save(BinaryWriter& out, const cereal::SizeTag<T>& tag)
{
    out.unsigned_number(tag.size);
}

template <class T>
void load(BinaryReader& in, cereal::SizeTag<T>& tag)
{
    tag.size = static_cast<std::remove_reference_t<T>>(in.size());
}

// Names are for people; the bytes have none.
template <class T>
void serialize(BinaryWriter& archive, cereal::NameValuePair<T>& pair)
{
    archive(pair.value);
}

template <class T>
void serialize(BinaryReader& archive, cereal::NameValuePair<T>& pair)
{
    archive(pair.value);
}

template <class T>
void prologue(BinaryReader& in, const T&)
{
    if constexpr (std::is_class_v<T>) in.enter();
}

template <class T>
void epilogue(BinaryReader& in, const T&)
{
    if constexpr (std::is_class_v<T>) in.leave();
}

} // namespace eventloom

CEREAL_SETUP_ARCHIVE_TRAITS(eventloom::BinaryReader, eventloom::BinaryWriter)
