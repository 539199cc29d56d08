// How people read and type a value that is stored as a whole number, such as an amount or an enum.
//
//     template <>
//     struct eventloom::text_form<shop::Money> {
//         static std::string write(const shop::Money& amount);                    // "12.50"
//         static std::optional<shop::Money> read(std::string_view text);          // nothing: the text is no amount
//     };
//
// Tools that show rows use it for columns of that type. What is written can be read. Threads: pure functions.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

template <class T>
struct text_form;

// clang-format off
template <class T>
concept has_text_form = requires(const T& value, std::string_view text) {
    { text_form<T>::write(value) } -> std::same_as<std::string>;
    { text_form<T>::read(text) } -> std::same_as<std::optional<T>>;
};
// clang-format on

} // namespace eventloom
