// Keys of rows as people type and read them.
//
//     parse_key<OrderId>("536365");                  // text as it is
//     parse_key<SalesKey>("country/France");         // several parts with a slash between; \/ is a slash within one, \\ a \.
//     key_text(SalesKey{"month", "2011-12"});        // "month/2011-12"
//
// Texts, ids, numbers, enums as their numbers, `true` and `false`, times, and plain structs and tuples of these.
// Threads: pure functions.
// For table.hpp: include that.
#pragma once

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace eventloom {

namespace detail {

std::vector<std::string> split_key(std::string_view text);
std::string escaped_part(std::string_view part);
std::optional<bool> parse_bool(std::string_view text);

// A struct in a key is what its members are, also when it has functions of its own for cereal: so it is ordered.
template <class T>
consteval const Description* describe_key();

template <class... Part>
inline constexpr const Description* key_parts[] = {describe_key<std::remove_cv_t<Part>>()..., nullptr};

template <class... Member>
consteval const Description* const* key_parts_found(std::type_identity<MembersFound<Member...>>)
{
    return key_parts<Member...>;
}

template <class T>
consteval Description describe_key_struct()
{
    using Members = decltype(with_members(std::declval<T&>(), FindMembers{}));
    return {.kind   = Kind::record,
            .size   = sizeof(T),
            .count  = member_count<T>,
            .parts  = key_parts_found(std::type_identity<Members>{}),
            .names  = names_in_signature<T>(),
            .locate = locate_members<T>};
}
template <class T>
inline constexpr Description key_struct = describe_key_struct<T>();

template <class T, std::size_t... Index>
consteval Description describe_key_tuple(std::index_sequence<Index...>)
{
    return {.kind   = kind_of<T>(),
            .size   = sizeof(T),
            .count  = sizeof...(Index),
            .parts  = key_parts<std::tuple_element_t<Index, T>...>,
            .locate = locate_parts<T, Index...>};
}
template <class T>
inline constexpr Description key_tuple = describe_key_tuple<T>(std::make_index_sequence<std::tuple_size<T>::value>{});

template <class T>
inline constexpr Description key_array{.kind  = Kind::array,
                                       .size  = sizeof(T),
                                       .count = std::tuple_size<T>::value,
                                       .parts = key_parts<typename T::value_type>};

template <class T>
consteval const Description* describe_key()
{
    constexpr Kind kind = kind_of<T>();
    if constexpr (kind == Kind::record || (kind == Kind::own && plain<T>)) {
        return &key_struct<T>;
    } else if constexpr (kind == Kind::pair || kind == Kind::tuple) {
        return &key_tuple<T>;
    } else if constexpr (kind == Kind::array) {
        return &key_array<T>;
    } else {
        return &description_of<T>;
    }
}

// Failure::invalid "not-a-key".
result<void> parse_key(const Description& type, std::string_view text, void* key);
std::string key_text(const Description& type, const void* key);

} // namespace detail

// Failure::invalid "not-a-key".
template <class Key>
result<Key> parse_key(std::string_view text)
{
    Key key{};
    BOOST_OUTCOME_TRY(detail::parse_key(*detail::describe_key<Key>(), text, &key));
    return key;
}

template <class Key>
std::string key_text(const Key& key)
{
    return detail::key_text(*detail::describe_key<Key>(), &key);
}

} // namespace eventloom
