// Defines the codec of an aggregate's events. Include it in one source file of the domain:
//
//     #include "orders/order.hpp"
//     #include <eventloom/framework/event_codec.hpp>
//
//     template const eventloom::EventTypes& eventloom::event_types<shop::orders::Order>();
//
// Needs cereal, so it is kept out of all other headers. Threads: the table is constant.
#pragma once

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/event.hpp>
#include <eventloom/framework/personal_fields.hpp>
#include <eventloom/framework/user_code.hpp>

namespace eventloom {

namespace detail {

// Brings form number `Index` of an event up to date, one form at a time.
template <class Forms, std::size_t Index>
auto brought_up_to_date(std::tuple_element_t<Index, Forms> form)
{
    if constexpr (Index + 1 == std::tuple_size_v<Forms>) {
        return form;
    } else {
        using Earlier = std::tuple_element_t<Index, Forms>;
        using Next    = std::tuple_element_t<Index + 1, Forms>;
        static_assert(upcasts<Earlier, Next>,
                      "an earlier form of an event has no upcast(const Earlier&) to the next form");
        return brought_up_to_date<Forms, Index + 1>(upcast(form));
    }
}

// Reads form number `Index` or a later one, whichever the version says.
template <class Entry, std::size_t Index = 0>
result<typename Entry::fact> decode_form(std::uint32_t schema_version, std::string_view bytes)
{
    using Forms = typename Entry::forms;
    if constexpr (Index == std::tuple_size_v<Forms>) {
        return newer_schema_version(Entry::name, Entry::schema_version, schema_version);
    } else {
        if (schema_version != Index + 1) return decode_form<Entry, Index + 1>(schema_version, bytes);
        BOOST_OUTCOME_TRY(auto form, codec<std::tuple_element_t<Index, Forms>>::decode(bytes));
        return brought_up_to_date<Forms, Index>(std::move(form));
    }
}

template <class Entry>
result<typename Entry::fact> decode_present_form(std::uint32_t schema_version, std::string_view bytes)
{
    return call_user_code("the upcast of the event", Entry::name,
                          [&] { return decode_form<Entry>(schema_version, bytes); });
}

// Never defined: names the culprit in the compiler's first error line.
template <class Fact>
struct personal_event_without_subject_of;

template <class... Form>
consteval bool any_is_personal(std::type_identity<std::tuple<Form...>>)
{
    return (holds_personal<Form>() || ...);
}

template <class Entry>
EventType describe_event()
{
    using Fact = typename Entry::fact;
    if constexpr (holds_personal<Fact>() && not concerns_a_person<Fact>) {
        static_cast<void>(sizeof(personal_event_without_subject_of<Fact>));
    }
    return {
        .name           = Entry::name,
        .schema_version = Entry::schema_version,
        .encode = [](const void* fact, std::string& out) { codec<Fact>::encode(*static_cast<const Fact*>(fact), out); },
        .decode = [](std::uint32_t schema_version, std::string_view bytes, void* fact) -> result<void> {
            BOOST_OUTCOME_TRY(*static_cast<Fact*>(fact), decode_present_form<Entry>(schema_version, bytes));
            return done();
        },
        .to_json = [](std::uint32_t schema_version, std::string_view bytes) -> result<std::string> {
            BOOST_OUTCOME_TRY(const auto fact, decode_present_form<Entry>(schema_version, bytes));
            return codec<Fact>::to_json(fact);
        },
        .encode_noting_places =
            [](const void* fact, std::string& out, std::vector<std::size_t>& personal_places) {
                codec<Fact>::encode(*static_cast<const Fact*>(fact), out, personal_places);
            },
        .is_personal = any_is_personal(std::type_identity<typename Entry::forms>{}),
    };
}

template <class... Entry>
EventTypes describe_events(std::type_identity<std::tuple<Entry...>>)
{
    return {describe_event<Entry>()...};
}

} // namespace detail

template <class State>
const EventTypes& event_types()
{
    static const EventTypes types = detail::describe_events(std::type_identity<typename State::Events::entries>{});
    return types;
}

} // namespace eventloom
