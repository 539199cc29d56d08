// Calls code of users: handlers, deciders, lambdas, commands. An exception becomes an error, is handled like any error at
// that place, and ends nothing else.
//
//     BOOST_OUTCOME_TRY(call_user_code("the handler of the subscription", name, [&] { return handler(delivery); }));
//     tell_user_code("the completion of an append", {}, [&] { completion(answer); });      // no caller gets the error
//
// The error names the code and what it threw: Failure::defect "exception-in-user-code"; of a std::bad_alloc,
// Failure::unavailable "out-of-memory". docs/reliability.md lists the places. Threads: any.
#pragma once

#include <eventloom/framework/result.hpp>

#include <type_traits>
#include <utility>

namespace eventloom {

// Within a `catch (...)`: the error of the exception. `which` is the kind of code, `of` its name, if it has one.
Error exception_in_user_code(std::string_view which, std::string_view of = {}) noexcept;

// Writes the error to standard error, where no caller can get it.
void say_on_standard_error(const Error& error) noexcept;

namespace detail {

template <class T>
consteval std::string_view full_name()
{
    std::string_view name = __PRETTY_FUNCTION__; // "... [with T = shop::orders::Pay; ...]"
    name                  = name.substr(name.find("T = ") + 4);
    return name.substr(0, name.find_first_of(";]"));
}

// The name of a type in such a sentence.
template <class T>
consteval std::string_view struct_name()
{
    const auto name   = full_name<T>();
    const auto colons = name.rfind("::");
    return colons == std::string_view::npos ? name : name.substr(colons + 2);
}

template <class T>
struct as_result {
    using type = result<T>;
};
template <class T>
struct as_result<result<T>> {
    using type = result<T>;
};

} // namespace detail

// The result of the call, or the error of what it throws.
template <class Call>
auto call_user_code(std::string_view which, std::string_view of, Call&& call) ->
    typename detail::as_result<std::invoke_result_t<Call&>>::type
{
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Call&>>) {
            call();
            return done();
        } else {
            return call();
        }
    } catch (...) {
        return exception_in_user_code(which, of);
    }
}

// The same when no caller waits for a result.
template <class Call>
void tell_user_code(std::string_view which, std::string_view of, Call&& call) noexcept
{
    try {
        call();
    } catch (...) {
        say_on_standard_error(exception_in_user_code(which, of));
    }
}

} // namespace eventloom
