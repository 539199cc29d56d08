// A person's data in an event, a state or a row, stored so that it can be erased everywhere at once.
//
//     struct Registered { CustomerId customer; el::personal<std::string> name; el::personal<Address> address; };
//     std::string subject_of(const Registered& event) { return event.customer.value; }     // whose data it is
//
//     event.name.value_or("(erased)");
//     if (event.address.is_erased()) ...
//
// In the log such a field is sealed with the person's own key. When that key is destroyed (`store forget SUBJECT`), the event
// stays, and its personal fields read as erased from then on: handle this value, it is not an error. The result of
// `subject_of` is plaintext, like streams, tags and keys of rows, so it must be an id and never a name.
// Mark a field before its first event is recorded: what was recorded as plaintext stays plaintext. A saga's data can have no
// personal field.
// Threads: values.
// For aggregate.hpp: include that.
#pragma once

#include <eventloom/framework/detail/members.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace eventloom {

template <class T>
class personal;

namespace detail {

template <class T>
inline constexpr bool is_personal = false;
template <class T>
inline constexpr bool is_personal<personal<T>> = true;

} // namespace detail

template <class T>
class personal {
    static_assert(not detail::is_personal<T>, "a personal field within a personal field: one is enough");

public:
    using value_type = T;

    // T's own default value: not erased.
    personal() : value_{std::in_place} {}
    template <class U>
        requires std::convertible_to<U&&, T> && (not std::same_as<std::remove_cvref_t<U>, personal>)
    personal(U&& value) : value_{std::in_place, std::forward<U>(value)}
    {
    }

    static personal erased()
    {
        personal gone;
        gone.value_.reset();
        return gone;
    }

    bool is_erased() const { return not value_.has_value(); }
    // nullptr: erased.
    const T* get() const { return value_ ? &*value_ : nullptr; }
    T value_or(T when_erased) const { return value_ ? *value_ : std::move(when_erased); }

    friend bool operator==(const personal& left, const personal& right) { return same(left.value_, right.value_); }

private:
    std::optional<T> value_;
};

// `std::string subject_of(const Fact&)` stands beside the event.
template <class Fact>
concept concerns_a_person = requires(const Fact& fact) {
    {
        subject_of(fact)
    } -> std::convertible_to<std::string>;
};

} // namespace eventloom
