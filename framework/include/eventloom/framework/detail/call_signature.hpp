// What the parameters of a lambda say.
//
//     arguments_of<decltype([](Row&, const Placed&) {})>          // std::tuple<Row&, const Placed&>
//
// Threads: compile-time only.
#pragma once

#include <tuple>

namespace eventloom::detail {

template <class Call>
struct call_signature;
template <class Lambda, class Answer, class... Argument>
struct call_signature<Answer (Lambda::*)(Argument...) const> {
    using answer    = Answer;
    using arguments = std::tuple<Argument...>;
};

// Not so one with a parameter `const auto&`.
template <class Lambda>
concept has_one_signature = requires { &Lambda::operator(); };

template <class Lambda>
using arguments_of = typename call_signature<decltype(&Lambda::operator())>::arguments;
template <class Lambda>
using answer_of = typename call_signature<decltype(&Lambda::operator())>::answer;

} // namespace eventloom::detail
