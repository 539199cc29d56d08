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

// Gives what a form of an event is up to date, one form at a time.
template <class Events, class Forms>
class UpToDate;

template <class Events, class... Form>
class UpToDate<Events, std::tuple<Form...>> {
public:
    UpToDate(std::string_view name, const TakeFact& take) : name_{name}, take_{take} {}

    template <class Earlier>
    result<void> bring(const Earlier& form) const
    {
        static_assert(upcasts<Earlier>,
                      "an earlier form of an event has no upcast(const Earlier&) to the next form, or to "
                      "events of its list");
        if constexpr (upcasts<Earlier>) {
            BOOST_OUTCOME_TRY(const auto next,
                              call_user_code("the upcast of the event", name_, [&] { return upcast(form); }));
            return give<place<Earlier>>(next);
        }
    }

    // `From` is the place of the form that the value was made of.
    template <std::size_t From, class T>
    result<void> give(const T& value) const
    {
        if constexpr (Events::template has<T>) {
            return take_(Events::template index_of<T>, &value);
        } else if constexpr (is_one_of<T, Form...>) {
            static_assert(place<T> > From,
                          "an upcast gives the form that it was given, or an earlier one: it would never end");
            if constexpr (place < T >> From) return bring(value);
        } else {
            return give_each<From>(value);
        }
    }

private:
    template <class T>
    static constexpr std::size_t place = [] {
        std::size_t at = 0;
        static_cast<void>(((std::is_same_v<T, Form> ? true : (++at, false)) || ...));
        return at;
    }();

    template <std::size_t, class T>
    result<void> give_each(const T&) const
    {
        static_assert(not std::is_same_v<T, T>,
                      "an upcast gives what is neither a form of its event nor an event of its list");
        return done();
    }
    template <std::size_t From, class T>
    result<void> give_each(const std::optional<T>& maybe) const
    {
        return maybe ? give<From>(*maybe) : done();
    }
    template <std::size_t From, class... T>
    result<void> give_each(const std::variant<T...>& one) const
    {
        return std::visit([&](const auto& held) { return give<From>(held); }, one);
    }
    template <std::size_t From, class T>
    result<void> give_each(const std::vector<T>& several) const
    {
        for (const T& one : several) {
            BOOST_OUTCOME_TRY(give<From>(one));
        }
        return done();
    }
    template <std::size_t From, class... T>
    result<void> give_each(const std::tuple<T...>& several) const
    {
        result<void> given = done();
        std::apply([&](const auto&... one) { static_cast<void>(((given = give<From>(one)).has_value() && ...)); },
                   several);
        return given;
    }

    const std::string_view name_; // of the event
    const TakeFact& take_;
};

// Reads form number `Index` or a later one, whichever the version says.
template <class Events, class Entry, std::size_t Index = 0>
result<void> read_form(std::uint32_t schema_version, std::string_view bytes, const TakeFact& take)
{
    using Forms = typename Entry::forms;
    if constexpr (Index == std::tuple_size_v<Forms>) {
        return newer_schema_version(Entry::name, Entry::schema_version, schema_version);
    } else {
        if (schema_version != Index + 1) return read_form<Events, Entry, Index + 1>(schema_version, bytes, take);
        BOOST_OUTCOME_TRY(const auto form, codec<std::tuple_element_t<Index, Forms>>::decode(bytes));
        if constexpr (Index + 1 == std::tuple_size_v<Forms>) {
            using Fact = typename Entry::fact;
            return take(Events::template index_of<Fact>, &form);
        } else {
            return UpToDate<Events, Forms>{Entry::name, take}.bring(form);
        }
    }
}

struct NamedJson {
    std::string_view name;
    std::string json;
};

template <class... Entry>
NamedJson fact_as_json(std::type_identity<std::tuple<Entry...>>, std::size_t index, const void* fact)
{
    NamedJson named;
    std::size_t at     = 0;
    const auto try_one = [&]<class One>(std::type_identity<One>) {
        if (at++ == index) {
            named = {One::name, codec<typename One::fact>::to_json(*static_cast<const typename One::fact*>(fact))};
        }
    };
    (try_one(std::type_identity<Entry>{}), ...);
    return named;
}

// One event of that name as it is, others as a list of {"order-paid": {...}}.
std::string facts_in_json(std::string_view name, const std::vector<NamedJson>& facts);

template <class Events, class Entry>
result<std::string> read_as_json(std::uint32_t schema_version, std::string_view bytes)
{
    std::vector<NamedJson> facts;
    const auto take = [&](std::size_t index, const void* fact) -> result<void> {
        facts.push_back(fact_as_json(std::type_identity<typename Events::entries>{}, index, fact));
        return done();
    };
    auto read = read_form<Events, Entry>(schema_version, bytes, take);
    if (not read) return std::move(read.error());
    return facts_in_json(Entry::name, facts);
}

// Never defined: names the culprit in the compiler's first error line.
template <class Fact>
struct personal_event_without_subject_of;

template <class... Form>
consteval bool any_is_personal(std::type_identity<std::tuple<Form...>>)
{
    return (holds_personal<Form>() || ...);
}

template <class... Form>
std::vector<const Shape*> shapes_of(std::type_identity<std::tuple<Form...>>)
{
    return {&codec<Form>::shape()...};
}

template <class Events, class Entry>
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
        .decode = &read_form<Events, Entry>,
        .to_json = &read_as_json<Events, Entry>,
        .encode_noting_places =
            [](const void* fact, std::string& out, std::vector<std::size_t>& personal_places) {
                codec<Fact>::encode(*static_cast<const Fact*>(fact), out, personal_places);
            },
        .is_personal = any_is_personal(std::type_identity<typename Entry::forms>{}),
        .shapes      = shapes_of(std::type_identity<typename Entry::forms>{}),
    };
}

template <class Events, class... Entry>
EventTypes describe_events(std::type_identity<std::tuple<Entry...>>)
{
    return {describe_event<Events, Entry>()...};
}

} // namespace detail

template <class State>
const EventTypes& event_types()
{
    using Events                  = typename State::Events;
    static const EventTypes types = detail::describe_events<Events>(std::type_identity<typename Events::entries>{});
    static_cast<void>(&detail::HasItsCodec<State>::known);
    return types;
}

} // namespace eventloom
