// Defines codec<T>, in the one source file that instantiates a codec:
//
//     #include <eventloom/framework/event_codec.hpp>
//     template struct eventloom::codec<shop::OrderSummary>;
//
// Plain structs need nothing: their members are found (docs/concepts.md, "What may be a member"). A source whose types have functions of
// their own for cereal includes cereal_codec.hpp instead.
// In JSON, which people read, a time is ISO 8601, a value type (a plain struct of one member, such as Money{pence}) is what its
// member is, an optional member is its value or null, and a personal one its value or {"erased": true}. Numbers are as
// number_text.hpp says: a float has its own digits, and what is no number is "NaN", "Infinity" or "-Infinity". The stored
// bytes do not depend on this.
// For event_codec.hpp: include that. Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/codec.hpp>
#include <eventloom/framework/detail/description.hpp>
#include <eventloom/framework/detail/user_code.hpp>

#include <vector>

namespace eventloom {

namespace detail {

// What the functions of codec<T> are made of. `name` is T's, for the sentence about what its own functions throw.
void encode_value(const Description& type, const void* value, std::string& out,
                  std::vector<std::size_t>* personal_places);
result<void> decode_value(const Description& type, void* value, std::string_view bytes, std::string_view name);
std::string value_as_json(const Description& type, const void* value, std::string_view name);
// The same, and always an object: what is no struct is the member "value" of one.
std::string object_as_json(const Description& type, const void* value, std::string_view name);
const Shape& shape_of(const Description& type);
// Within a `catch (...)`: the error of reading a value of so many bytes.
Error error_of_reading(std::string_view name, std::size_t size);

} // namespace detail

template <class T>
void codec<T>::encode(const T& value, std::string& out)
{
    detail::encode_value(detail::description_of<T>, &value, out, nullptr);
}

template <class T>
void codec<T>::encode(const T& value, std::string& out, std::vector<std::size_t>& personal_places)
{
    detail::encode_value(detail::description_of<T>, &value, out, &personal_places);
}

template <class T>
result<T> codec<T>::decode(std::string_view bytes)
{
    try {
        T value{};
        auto read = detail::decode_value(detail::description_of<T>, &value, bytes, detail::struct_name<T>());
        if (read.has_error()) return std::move(read).assume_error();
        return value;
    } catch (...) { // T's constructor
        return detail::error_of_reading(detail::struct_name<T>(), bytes.size());
    }
}

template <class T>
std::string codec<T>::to_json(const T& value)
{
    return detail::object_as_json(detail::description_of<T>, &value, detail::struct_name<T>());
}

template <class T>
const Shape& codec<T>::shape()
{
    return detail::shape_of(detail::description_of<T>);
}

} // namespace eventloom
