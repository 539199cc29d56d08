// Defines the codec of an aggregate's events. Include it in one source file of the domain:
//
//     #include "orders/order.hpp"
//     #include <eventloom/framework/event_codec.hpp>
//
//     template const eventloom::EventTypes& eventloom::event_types<shop::orders::Order>();
//
// Where events have functions of their own for cereal, include <eventloom/framework/cereal_codec.hpp> as well.
// Threads: the table is constant.
#pragma once

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/detail/value_codec.hpp>

#include <optional>
#include <span>
#include <tuple>
#include <variant>

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

using UseForm = TakeFact; // called with a new struct of a form

// One form of an event: how its struct is made and walked, and how it becomes what is up to date.
struct StructForm {
    const Description* type;
    std::string_view struct_name;
    result<void> (*make)(const UseForm& use);
    result<void> (*bring)(std::string_view name, const void* form, const TakeFact& take); // nullptr: it is up to date
};

template <class Form>
[[gnu::cold]] result<void> make_form(const UseForm& use)
{
    Form form{};
    return use(0, &form);
}

template <class Events, class Forms, class Form>
result<void> bring_up_to_date(std::string_view name, const void* form, const TakeFact& take)
{
    return UpToDate<Events, Forms>{name, take}.bring(*static_cast<const Form*>(form));
}

template <class Form>
consteval StructForm present_form()
{
    constexpr std::string_view name = struct_name<Form>();
    return {&description_of<Form>, name, make_form<Form>, nullptr};
}

template <class Events, class Forms, class Form>
consteval StructForm form_of()
{
    auto form              = present_form<Form>();
    constexpr bool is_last = std::is_same_v<Form, std::tuple_element_t<std::tuple_size_v<Forms> - 1, Forms>>;
    if constexpr (not is_last) form.bring = bring_up_to_date<Events, Forms, Form>;
    return form;
}

// Most events have one form, which does not depend on its list.
template <class Fact>
inline constexpr StructForm only_form[] = {present_form<Fact>()};
template <class Events, class... Form>
inline constexpr StructForm all_forms[] = {form_of<Events, std::tuple<Form...>, Form>()...};

// Never defined: names the culprit in the compiler's first error line.
template <class Fact>
struct personal_event_without_subject_of;

template <class... Form>
consteval bool any_is_personal(std::type_identity<std::tuple<Form...>>)
{
    return (holds_personal<Form>() || ...);
}

// An event of a list, as far as the compiler can say it.
struct EventEntry {
    std::string_view name;
    std::uint32_t schema_version;
    bool is_personal;
    const StructForm* forms;
};

template <class Events, class... Form>
consteval const StructForm* forms_of(std::type_identity<std::tuple<Form...>>)
{
    if constexpr (sizeof...(Form) == 1) {
        return only_form<Form...>;
    } else {
        return all_forms<Events, Form...>;
    }
}

template <class Events, class Entry>
consteval EventEntry describe_event()
{
    using Fact  = typename Entry::fact;
    using Forms = std::type_identity<typename Entry::forms>;
    if constexpr (holds_personal<Fact>() && not concerns_a_person<Fact>) {
        static_cast<void>(sizeof(personal_event_without_subject_of<Fact>));
    }
    return {Entry::name, Entry::schema_version, any_is_personal(Forms{}), forms_of<Events>(Forms{})};
}

template <class Events, class List>
struct EntriesOf;
template <class Events, class... Entry>
struct EntriesOf<Events, std::tuple<Entry...>> {
    static constexpr EventEntry all[] = {describe_event<Events, Entry>()...};
};

EventTypes event_types_of(std::span<const EventEntry> entries, const EventTypes& (*list)());

} // namespace detail

template <class State>
const EventTypes& event_types()
{
    using Events = typename State::Events;
    static const EventTypes types =
        detail::event_types_of(detail::EntriesOf<Events, typename Events::entries>::all, &event_types<State>);
    static_cast<void>(&detail::HasItsCodec<State>::known);
    return types;
}

} // namespace eventloom
