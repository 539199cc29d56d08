// The stored form of each event, in a file beside the tests: a test finds a changed form before it is released.
//
//     CHECK(el::testing::stored_forms<Order, StockItem>().changes_since(TESTS "/stored-forms.txt") == "");
//
//     EVENTLOOM_STORED_FORMS=write ./tests          # makes the file, or adds what is new to it; commit it
//
// The file holds the members of each form of each event, present and earlier ones, and the bytes and the JSON of a sample.
// A form that is in the file stays there: a changed form needs the next schema version. docs/changing-events.md. Include it in one
// source of the tests. Threads: values.
#pragma once

#include <eventloom/framework/event_codec.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace eventloom::testing {

struct StoredForm {
    std::string name; // "order order-placed 1": category, stored name, schema version
    std::string members;
    std::string bytes; // of the sample, in hexadecimal digits
    std::string json;  // of the same
};

class StoredForms {
public:
    void add(std::string_view category, std::string_view type, std::size_t schema_version, const Shape& shape,
             std::string_view bytes, std::string json);

    // A sentence a line for each form that is not as the file has it; empty: all are.
    std::string changes_since(const std::string& file) const;

    // What the file holds when it is made.
    std::string text() const;

private:
    std::vector<StoredForm> forms_;
};

} // namespace eventloom::testing

namespace eventloom::detail {

// Fills a value with others that can be told apart: 1, "text-2", 3.5, ...
class Sample {
public:
    template <class T>
    T made()
    {
        T value{};
        fill(value);
        return value;
    }

private:
    static constexpr int deepest = 6; // a type may hold itself

    template <class T>
    void fill(T& value)
    {
        if (++depth_ <= deepest) fill_shallow(value);
        --depth_;
    }

    template <class T>
    void fill_shallow(T& value)
    {
        if constexpr (std::is_same_v<T, bool>) {
            value = true;
        } else if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(1);
        } else if constexpr (std::is_floating_point_v<T>) {
            value = static_cast<T>(next()) + T{0.5};
        } else if constexpr (std::is_integral_v<T>) {
            value = static_cast<T>(next());
        } else if constexpr (std::is_same_v<T, std::string>) {
            value = "text-" + std::to_string(next());
        } else if constexpr (is_id<T>) {
            value.value = "id-" + std::to_string(next());
        } else if constexpr (requires { typename T::clock; }) {
            value = T{typename T::duration{static_cast<typename T::rep>(next())}};
        } else if constexpr (is_tick_count<T>) {
            value = T{static_cast<typename T::rep>(next())};
        } else {
            fill_parts(value);
        }
    }

    template <class T>
    void fill_parts(T& value)
    {
        if constexpr (is_personal<T>) {
            value = made<typename T::value_type>();
        } else if constexpr (is_choice<T>) {
            value = made<std::variant_alternative_t<0, T>>();
        } else if constexpr (requires { std::tuple_size<T>::value; }) {
            std::apply([&](auto&... part) { (fill(part), ...); }, value);
        } else if constexpr (requires { value.has_value(); }) {
            value = made<typename T::value_type>();
        } else if constexpr (requires { typename T::mapped_type; }) {
            auto key = made<typename T::key_type>();
            value.emplace(std::move(key), made<typename T::mapped_type>());
        } else if constexpr (requires { typename T::key_type; }) {
            value.insert(made<typename T::key_type>());
        } else if constexpr (requires { value.push_back(made<typename T::value_type>()); }) {
            if (depth_ < deepest) value.push_back(made<typename T::value_type>());
        } else if constexpr (kind_of<T>() == Kind::record) {
            with_members(value, [&](auto&... member) { (fill(member), ...); });
        }
    }

    int next() { return ++last_ % 100; }

    int depth_ = 0;
    int last_  = 0;
};

template <class Entry, class... Form>
void add_stored_forms(testing::StoredForms& forms, std::string_view category, std::type_identity<std::tuple<Form...>>)
{
    std::size_t version = 0;
    const auto add      = [&]<class One>(std::type_identity<One>) {
        const auto sample = Sample{}.made<One>();
        std::string bytes;
        codec<One>::encode(sample, bytes);
        forms.add(category, Entry::name, ++version, codec<One>::shape(), bytes, codec<One>::to_json(sample));
    };
    (add(std::type_identity<Form>{}), ...);
}

template <class Owner, class... Entry>
void add_stored_forms(testing::StoredForms& forms, std::type_identity<std::tuple<Entry...>>)
{
    (add_stored_forms<Entry>(forms, category_of_list<Owner>(), std::type_identity<typename Entry::forms>{}), ...);
}

} // namespace eventloom::detail

namespace eventloom::testing {

// Of all events of these aggregates, or contexts of decisions.
template <lists_events... Owner>
StoredForms stored_forms()
{
    StoredForms forms;
    (eventloom::detail::add_stored_forms<Owner>(forms, std::type_identity<typename Owner::Events::entries>{}), ...);
    return forms;
}

} // namespace eventloom::testing
