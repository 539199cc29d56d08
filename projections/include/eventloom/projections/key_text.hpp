// Keys of rows as people type and read them.
//
//     parse_key<OrderId>("536365");                  // text as it is
//     parse_key<SalesKey>("country/France");         // several parts with a slash between; \/ is a slash within one, \\ a \.
//     key_text(SalesKey{"month", "2011-12"});        // "month/2011-12"
//
// Texts, ids, numbers, enums as their numbers, `true` and `false`, times, and plain structs and tuples of these.
// Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

namespace detail {

std::vector<std::string> split_key(std::string_view text);
std::string escaped_part(std::string_view part);
std::optional<bool> parse_bool(std::string_view text);

// A key that is a struct is what its members are, also when it has functions of its own for cereal.
template <class Key>
consteval const Description* describe_key()
{
    if constexpr (plain<Key> && not is_id<Key> && kind_of<Key>() == Kind::own) {
        return &members_of<Key>;
    } else {
        return &description_of<Key>;
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
