// How values are written to a BinaryWriter and read from a BinaryReader: numbers, texts, vectors, variants, ids, and structs of
// these member by member; everything else goes by cereal. docs/format.md, "Values", has the exact bytes.
//
//     std::string bytes;
//     BinaryWriter{bytes}(order);
//     BinaryReader reader{bytes};
//     reader(order);      // throws DamagedBytes
//     reader.finish();    // and here, when bytes are left over
//
// Use codec<T> instead; it turns the exceptions into errors. Threads: one archive, one thread.
#pragma once

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/framework/id.hpp>
#include <eventloom/framework/members.hpp>
#include <eventloom/framework/personal.hpp>
#include <eventloom/framework/personal_parts.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace eventloom {

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

// A part that can be taken out, sealed and put back by somebody who knows nothing of T.
template <class T>
void save(BinaryWriter& out, const personal<T>& value)
{
    out.begin_personal_part();
    if (value.is_erased()) return out.byte(static_cast<std::uint8_t>(PersonalForm::erased));
    std::string bytes;
    {
        BinaryWriter inner{bytes};
        detail::put(inner, *value.get());
    }
    out.byte(static_cast<std::uint8_t>(PersonalForm::open));
    out.text(bytes);
}

template <class T>
void load(BinaryReader& in, personal<T>& value)
{
    switch (in.byte()) {
    case static_cast<std::uint8_t>(PersonalForm::erased):
        value = personal<T>::erased();
        return;
    case static_cast<std::uint8_t>(PersonalForm::open): {
        const auto size   = in.size();
        const auto behind = in.left() - size;
        T held{};
        detail::take(in, held);
        if (in.left() != behind) in.damaged("a personal part is not as long as it says");
        value = std::move(held);
        return;
    }
    case static_cast<std::uint8_t>(PersonalForm::sealed):
        in.sealed();
    default:
        in.damaged("a personal part is of no form that there is");
    }
}

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
