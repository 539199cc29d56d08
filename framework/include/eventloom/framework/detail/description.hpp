// One description a type: a constant table of what values of it are made of, found without macros where the type is listed. Whatever
// is done with values of any type walks it, in code that is compiled once: bytes, JSON, shapes, personal parts.
//
//     struct Paid { std::string receipt; Money amount; };
//     constexpr const auto& paid = detail::description_of<Paid>;
//     paid.kind;                          // Kind::record
//     paid.parts[1] == &detail::description_of<Money>;
//
// Described are bool, numbers, enums, std::string, el::id, el::personal, times and durations; optional, variant, pair, tuple, array,
// vector and every other container that elements can be put into; and plain structs (members.hpp) of these. A type with functions of its
// own for cereal (`serialize`, `save` and `load`, `save_minimal` and `load_minimal`; members, or beside it) is written and read by those:
// its source includes <eventloom/framework/cereal_codec.hpp>, and no other needs cereal.
// Include event_codec.hpp to encode and decode. Threads: constant.
#pragma once

#include <eventloom/framework/detail/value_access.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace eventloom {

struct Shape;

// Never defined: the compiler's first error line shows the type.
template <class T>
struct neither_a_plain_struct_nor_of_a_known_kind;

namespace detail {

struct Plan; // where in an object its members are: made when the first object of the type is written or read
struct Description;
struct OwnFunctions;

struct Description {
    Kind kind;
    std::uint32_t size;      // of an object, in bytes
    std::uint32_t count = 0; // of parts; of an array: of elements
    // Members, element, key and value, alternatives, or the number that a time counts in.
    const Description* const* parts = nullptr;
    std::string_view names          = {};     // of members, within a text that the compiler wrote (take_name)
    std::int64_t tick[2]            = {1, 1}; // of a time or span in seconds, as a fraction
    // In JSON: members of this type are written as objects, also if such a struct has only one member.
    const Description* record = nullptr;
    // In JSON, of a struct with a `serialize` beside it: its members, which are shown where it stands alone.
    const Description* alone                     = nullptr;
    bool is_quoted                               = false;   // in JSON: a number of the type long long is a text
    void (*locate)(void* object, void** members) = nullptr; // record, pair, tuple
    Held (*held)(const void* object)             = nullptr;
    // list, maybe, choice, personal: the reverse of `held`; `kept`: of the elements of a list.
    void* (*make)(void* object, std::size_t number, std::size_t kept)        = nullptr;
    void (*each)(const void* object, void* context, VisitEntry)              = nullptr; // sequence, map
    void (*fill)(void* object, std::size_t count, void* context, VisitEntry) = nullptr; // sequence, map: the reverse
    const OwnFunctions* own                                                  = nullptr;
    mutable std::atomic<const Plan*> plan                                    = nullptr;
    mutable std::atomic<const Shape*> shape                                  = nullptr;
};

// A struct of one member that is itself one text or one number: in JSON it is that member.
bool is_one_value(const Description& type);

template <class T>
consteval Description describe();
template <class T>
inline constexpr Description description_of = describe<T>();
// Of a struct with functions of its own, as if it had none.
template <class T>
consteval Description describe_record();
template <class T>
inline constexpr Description members_of = describe_record<T>();

// Defined in cereal_codec.hpp: calls a type's own functions for cereal, or those that cereal has for it.
template <class T>
struct cereal_functions_of;

template <class... Part>
inline constexpr const Description* descriptions_of[] = {&description_of<std::remove_cv_t<Part>>..., nullptr};

// The most likely mistake is told by a sentence; the incomplete type names the culprit.
template <class T>
consteval const OwnFunctions* own_functions()
{
    constexpr bool is_reachable = requires { sizeof(cereal_functions_of<T>); };
    if constexpr (not is_reachable && not has_own_functions<T>) {
        static_cast<void>(sizeof(neither_a_plain_struct_nor_of_a_known_kind<T>));
    }
    static_assert(
        is_reachable || has_own_functions<T>,
        "what is stored has members of known kinds (docs/concepts.md): a day, say, is a std::chrono::sys_days");
    static_assert(is_reachable || not has_own_functions<T>,
                  "a type with functions of its own for cereal: include <eventloom/framework/cereal_codec.hpp> in this "
                  "source");
    if constexpr (is_reachable) {
        return &cereal_functions_of<T>::functions;
    } else {
        return nullptr;
    }
}

template <template <class...> class Variant, class... One>
consteval const Description* const* alternatives_of(std::type_identity<Variant<One...>>)
{
    return descriptions_of<One...>;
}

template <class... Member>
consteval const Description* const* parts_found(std::type_identity<MembersFound<Member...>>)
{
    return descriptions_of<Member...>;
}

// The member of a struct that says `using record = Row;`.
template <class T>
consteval const Description* record_of()
{
    if constexpr (requires { typename T::record; }) {
        return &description_of<typename T::record>;
    } else {
        return nullptr;
    }
}

template <class T>
consteval Description describe_record()
{
    using Members = decltype(with_members(std::declval<T&>(), FindMembers{}));
    return {.kind   = Kind::record,
            .size   = sizeof(T),
            .count  = member_count<T>,
            .parts  = parts_found(std::type_identity<Members>{}),
            .names  = names_in_signature<T>(),
            .record = record_of<T>(),
            .locate = locate_members<T>};
}

template <class T, std::size_t... Index>
consteval Description describe_tuple(std::index_sequence<Index...>)
{
    return {.kind   = is_pair<T> ? Kind::pair : Kind::tuple,
            .size   = sizeof(T),
            .count  = sizeof...(Index),
            .parts  = descriptions_of<std::tuple_element_t<Index, T>...>,
            .locate = locate_parts<T, Index...>};
}

// Containers, and others that hold one or two types.
template <class T, Kind kind>
consteval Description describe_container()
{
    constexpr std::uint32_t size = sizeof(T);
    if constexpr (kind == Kind::array) {
        return {.kind  = kind,
                .size  = size,
                .count = std::tuple_size<T>::value,
                .parts = descriptions_of<typename T::value_type>};
    } else if constexpr (kind == Kind::map) {
        return {.kind  = kind,
                .size  = size,
                .count = 2,
                .parts = descriptions_of<typename T::key_type, typename T::mapped_type>,
                .held  = held_by_entries<T>,
                .each  = each_entry<T>,
                .fill  = fill_entries<T>};
    } else if constexpr (kind == Kind::list) {
        return {.kind  = kind,
                .size  = size,
                .count = 1,
                .parts = descriptions_of<typename T::value_type>,
                .held  = held_by_list<T>,
                .make  = make_list<T>};
    } else if constexpr (kind == Kind::sequence) {
        return {.kind  = kind,
                .size  = size,
                .count = 1,
                .parts = descriptions_of<typename T::value_type>,
                .held  = held_by_entries<T>,
                .each  = each_entry<T>,
                .fill  = fill_entries<T>};
    } else if constexpr (kind == Kind::maybe) {
        return {.kind  = kind,
                .size  = size,
                .count = 1,
                .parts = descriptions_of<typename T::value_type>,
                .held  = held_by_maybe<T>,
                .make  = make_maybe<T>};
    } else {
        using Value = typename T::value_type;
        return {.kind  = kind,
                .size  = size,
                .count = 1,
                .parts = descriptions_of<Value>,
                .held  = held_by_personal<Value>,
                .make  = make_personal<Value>};
    }
}

template <class T>
consteval bool is_long_long()
{
    if constexpr (std::is_enum_v<T>) {
        return is_long_long<std::underlying_type_t<T>>();
    } else {
        return std::is_same_v<T, long long> || std::is_same_v<T, unsigned long long>;
    }
}

template <class T>
consteval const Description* described_alone()
{
    if constexpr (plain<T> && has_serialize_beside<T> && not has_own_serialize<T>) {
        return &members_of<T>;
    } else {
        return nullptr;
    }
}

template <class T>
consteval Description describe()
{
    constexpr Kind kind          = kind_of<T>();
    constexpr std::uint32_t size = sizeof(T);
    if constexpr (kind <= Kind::text) {
        return {.kind = kind, .size = size, .is_quoted = is_long_long<T>()};
    } else if constexpr (kind == Kind::own) {
        return {.kind = kind, .size = size, .alone = described_alone<T>(), .own = own_functions<T>()};
    } else if constexpr (kind == Kind::record) {
        return describe_record<T>();
    } else if constexpr (kind == Kind::pair || kind == Kind::tuple) {
        return describe_tuple<T>(std::make_index_sequence<std::tuple_size<T>::value>{});
    } else if constexpr (kind == Kind::choice) {
        using Choice = Alternatives<T>;
        return {.kind  = kind,
                .size  = size,
                .count = Choice::count,
                .parts = alternatives_of(std::type_identity<T>{}),
                .held  = Choice::held,
                .make  = Choice::make};
    } else if constexpr (kind == Kind::time || kind == Kind::moment || kind == Kind::span) {
        static_assert(size == sizeof(typename T::rep));
        return {.kind  = kind,
                .size  = size,
                .count = 1,
                .parts = descriptions_of<typename T::rep>,
                .tick  = {T::period::num, T::period::den}};
    } else {
        return describe_container<T, kind>();
    }
}

// Whether values of a type hold personal parts, however deep; not seen: what a type writes with functions of its own.
consteval bool holds_personal(const Description& type, int depth = 0)
{
    constexpr int deepest = 12; // a type may hold itself
    if (type.kind == Kind::personal) return true;
    if (depth == deepest || type.kind == Kind::own) return false;
    for (std::uint32_t i = 0; i < (type.kind == Kind::array ? 1 : type.count); ++i) {
        if (holds_personal(*type.parts[i], depth + 1)) return true;
    }
    return false;
}
template <class T>
consteval bool holds_personal()
{
    return holds_personal(description_of<T>);
}

} // namespace detail

} // namespace eventloom
