// Defines codec<T> with cereal. Include it in the one source file that instantiates a codec:
//
//     #include <eventloom/framework/cereal_codec.hpp>
//     template struct eventloom::codec<shop::OrderSummary>;
//
// Plain structs need nothing: their members are found. A type with a cereal `serialize` of its own, a member or beside it,
// uses that. Strings, numbers, enums, optional, variant, vector, map, set, array, pair, tuple and chrono times nest freely.
// In JSON, which people read, a time is ISO 8601, a value type (a plain struct of one member, such as Money{pence}) is what its
// member is, an optional member is its value or null, and a personal one its value or {"erased": true}. Numbers are as
// number_text.hpp says: a float has its own digits, and what is no number is "NaN", "Infinity" or "-Infinity". The stored bytes
// know nothing of that.
// Needs cereal. Threads: pure functions.
#pragma once

#include <eventloom/framework/binary_values.hpp>
#include <eventloom/framework/codec.hpp>
#include <eventloom/framework/id.hpp>
#include <eventloom/framework/json_values.hpp>
#include <eventloom/framework/members.hpp>
#include <eventloom/framework/shape_text.hpp>
#include <eventloom/framework/user_code.hpp>

#include <cereal/archives/json.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <sstream>
#include <string>
#include <utility>

namespace eventloom::detail {

template <class T>
concept json_value = has_json_value<T> &&
    (is_time<T> || (visited_by_member<T, cereal::JSONOutputArchive> && not serialized_beside<T>));

template <class T, class Archive>
void archive_members(Archive& archive, T& value);

template <class T>
inline constexpr bool is_optional_personal = false;
template <class T>
inline constexpr bool is_optional_personal<std::optional<personal<T>>> = true;

template <class Owner, class Member>
void archive_for_people(cereal::JSONOutputArchive& archive, const std::string& name, const Member& member)
{
    if constexpr (is_personal<Member>) {
        if (not member.is_erased()) return archive_for_people<Owner>(archive, name, *member.get());
        archive.setNextName(name.c_str());
        archive.startNode();
        archive(cereal::make_nvp("erased", true));
        archive.finishNode();
    } else if constexpr (is_optional_personal<Member>) {
        if (member) return archive_for_people<Owner>(archive, name, *member);
        archive(cereal::make_nvp(name, nullptr));
    } else if constexpr (is_optional<Member>) {
        const std::nullptr_t nothing = nullptr;
        member ? archive(cereal::make_nvp(name, *member)) : archive(cereal::make_nvp(name, nothing));
    } else if constexpr (is_record_of<Owner, Member> && visited_by_member<Member, cereal::JSONOutputArchive>) {
        archive.setNextName(name.c_str());
        archive.startNode();
        archive_members(archive, member);
        archive.finishNode();
    } else {
        archive(cereal::make_nvp(name, member));
    }
}

template <class T, class Archive>
void archive_members(Archive& archive, T& value)
{
    using Bare = std::remove_const_t<T>;
    with_members(value, [&]<class... Member>(Member&... member) {
        if constexpr (std::is_same_v<Archive, cereal::JSONOutputArchive>) {
            [&]<std::size_t... Index>(std::index_sequence<Index...>)
            {
                (archive_for_people<Bare>(archive, std::string{member_name<Bare, Index>()}, member), ...);
            }
            (std::index_sequence_for<Member...>{});
        } else if constexpr (std::is_same_v<Archive, BinaryWriter>) {
            (put(archive, member), ...);
        } else if constexpr (std::is_same_v<Archive, BinaryReader>) {
            (take(archive, member), ...);
        } else {
            (archive(member), ...);
        }
    });
}

// The error of bytes that are not what the codec wrote.
Error damaged_value(const DamagedBytes& damage, std::size_t size);
Error damaged_value(Error thrown, std::size_t size);

// In the place of a value that its serializer cannot show: a text that says why.
std::string not_shown(const Error& thrown);

// Out of cereal's many lines, one; and UTF-8, whatever the text held.
std::string one_line(const std::string& json);

} // namespace eventloom::detail

namespace cereal {

template <class Archive, eventloom::detail::visited_by_member<Archive> T>
void serialize(Archive& archive, T& value)
{
    eventloom::detail::archive_members(archive, value);
}

// Rather than cereal's own, which write what is no JSON, and a float with the digits of a double.
void save(JSONOutputArchive& archive, const double& number);
void save(JSONOutputArchive& archive, const float& number);

// An id is its text.
template <class Archive, class Of>
std::string save_minimal(const Archive&, const eventloom::id<Of>& id)
{
    return id.value;
}

template <class Archive, class Of>
void load_minimal(const Archive&, eventloom::id<Of>& id, const std::string& text)
{
    id.value = text;
}

template <class T>
void save(JSONOutputArchive& archive, const eventloom::personal<T>& value)
{
    if (value.is_erased()) {
        archive(make_nvp("erased", true));
    } else {
        archive(make_nvp("value", *value.get()));
    }
}

template <eventloom::detail::json_value T>
auto save_minimal(const JSONOutputArchive&, const T& value)
{
    return eventloom::detail::json_value_of(value);
}

template <eventloom::detail::json_value T>
struct specialize<JSONOutputArchive, T, specialization::non_member_load_save_minimal> {
};

} // namespace cereal

namespace eventloom {

template <class T>
void codec<T>::encode(const T& value, std::string& out)
{
    BinaryWriter::Buffer buffer;
    BinaryWriter writer{out, buffer};
    detail::put(writer, value);
}

template <class T>
void codec<T>::encode(const T& value, std::string& out, std::vector<std::size_t>& personal_places)
{
    BinaryWriter::Buffer buffer;
    BinaryWriter writer{out, buffer, &personal_places};
    detail::put(writer, value);
}

template <class T>
result<T> codec<T>::decode(std::string_view bytes)
{
    try {
        T value{};
        BinaryReader reader{bytes};
        detail::take(reader, value);
        reader.finish();
        return value;
    } catch (const DamagedBytes& damage) {
        return detail::damaged_value(damage, bytes.size());
    } catch (...) {
        return detail::damaged_value(exception_in_user_code("the serializer of", detail::struct_name<T>()),
                                     bytes.size());
    }
}

template <class T>
std::string codec<T>::to_json(const T& value)
{
    std::ostringstream text;
    try {
        cereal::JSONOutputArchive archive{text, cereal::JSONOutputArchive::Options::NoIndent()};
        if constexpr (detail::visited_by_member<T, cereal::JSONOutputArchive>) {
            detail::archive_members(archive, value);
        } else {
            archive(cereal::make_nvp("value", value));
        }
    } catch (...) {
        return detail::not_shown(exception_in_user_code("the serializer of", detail::struct_name<T>()));
    }
    return detail::one_line(text.str());
}

template <class T>
const Shape& codec<T>::shape()
{
    static const Shape shape = detail::shape_made_of<T>();
    return shape;
}

} // namespace eventloom
