// What code that knows no type does with a value: says what it holds, and makes room for what it is to hold.
//
//     const Held held = held_by_list<std::vector<Line>>(&lines);      // the first line, and how many
//     make_list<std::vector<Line>>(&lines, 3, 0);                       // three new ones
//
// description.hpp keeps these functions of each type. Cold: small in a user's file matters more than fast.
// Threads: those of the value.
#pragma once

#include <eventloom/framework/detail/value_kinds.hpp>

namespace eventloom::detail {

// What a value holds. list: its first element, and how many; sequence, map: only how many; maybe, personal: nothing, or its value;
// choice: its value, and which alternative it is.
struct Held {
    const void* at;
    std::size_t number;
};
// A map has a key and a value, a sequence only the first. To take an entry in, both are written through.
using VisitEntry = void (*)(void* context, const void* first, const void* second);

template <class T>
[[gnu::cold]] void locate_members(void* object, void** at)
{
    const Places found = with_members(*static_cast<T*>(object), FindMembers{});
    for (std::size_t i = 0; i < member_count<T>; ++i) at[i] = found.at[i / 8][i % 8];
}

template <class T, std::size_t... Index>
[[gnu::cold]] void locate_parts([[maybe_unused]] void* object, [[maybe_unused]] void** at)
{
    ((at[Index] = &get<Index>(*static_cast<T*>(object))), ...);
}

template <class T>
Held held_by_list(const void* list)
{
    return {static_cast<const T*>(list)->data(), static_cast<const T*>(list)->size()};
}
template <class T>
void* make_list(void* object, std::size_t number, std::size_t kept)
{
    T& list = *static_cast<T*>(object);
    if (kept == 0) list.clear();
    list.resize(number);
    return list.data();
}

template <class T>
Held held_by_entries(const void* entries)
{
    return {nullptr, static_cast<const T*>(entries)->size()};
}
template <class T>
void each_entry(const void* entries, void* context, VisitEntry visit)
{
    for (const auto& entry : *static_cast<const T*>(entries)) {
        if constexpr (is_map<T>) {
            visit(context, &entry.first, &entry.second);
        } else {
            const typename T::value_type& element = entry; // of a vector of bool: a copy
            visit(context, &element, nullptr);
        }
    }
}
// Entries that are equal to the one before stand before it, as they always did.
template <class T>
void fill_entries(void* object, std::size_t count, void* context, VisitEntry read)
{
    T& entries = *static_cast<T*>(object);
    entries.clear();
    auto place = entries.begin();
    for (; count > 0; --count) {
        if constexpr (is_map<T>) {
            typename T::key_type key{};
            typename T::mapped_type value{};
            read(context, &key, &value);
            place = entries.emplace_hint(place, std::move(key), std::move(value));
        } else {
            typename T::value_type element{};
            read(context, &element, nullptr);
            if constexpr (requires { typename T::key_type; }) {
                place = entries.emplace_hint(place, std::move(element));
            } else {
                entries.insert(entries.end(), std::move(element));
            }
        }
    }
}

template <class T>
Held held_by_maybe(const void* object)
{
    const T& maybe = *static_cast<const T*>(object);
    return {maybe.has_value() ? &*maybe : nullptr, maybe.has_value() ? 1u : 0u};
}
template <class T>
[[gnu::cold]] void* make_maybe(void* object, std::size_t number, std::size_t)
{
    T& maybe = *static_cast<T*>(object);
    if (number > 0) return &maybe.emplace();
    maybe.reset();
    return nullptr;
}

template <class T>
[[gnu::cold]] Held held_by_personal(const void* object)
{
    const auto* const value = static_cast<const personal<T>*>(object)->get();
    return {value, value == nullptr ? 0u : 1u};
}
template <class T>
[[gnu::cold]] void* make_personal(void* object, std::size_t number, std::size_t)
{
    auto& part = *static_cast<personal<T>*>(object);
    part       = number > 0 ? personal<T>{} : personal<T>::erased();
    return const_cast<T*>(part.get());
}

template <class T>
struct Alternatives;
template <template <class...> class Variant, class... One>
struct Alternatives<Variant<One...>> {
    using Choice = Variant<One...>;

    static Held held(const void* object)
    {
        const Choice& choice = *static_cast<const Choice*>(object);
        return visit([&](const auto& one) -> Held { return {&one, choice.index()}; }, choice);
    }
    static void* make(void* object, std::size_t number, std::size_t)
    {
        return make(*static_cast<Choice*>(object), number, std::index_sequence_for<One...>{});
    }
    template <std::size_t... Index>
    static void* make(Choice& choice, std::size_t number, std::index_sequence<Index...>)
    {
        void* at = nullptr;
        ((Index == number ? static_cast<void>(at = &choice.template emplace<Index>()) : static_cast<void>(0)), ...);
        return at;
    }
    static constexpr std::uint32_t count = sizeof...(One);
};

} // namespace eventloom::detail
