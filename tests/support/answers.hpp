// What an answer says, for tests. An answer that a check did not expect is shown with its sentence.
//
//     REQUIRE(store.verify());
//     CHECK(code_of(store.append(request)) == "wrong-expected-version");
#pragma once

#include <eventloom/framework/result.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace eventloom::testing {

template <class T>
std::string sentence_of(const result<T>& answer)
{
    return answer ? "" : answer.error().sentence;
}

template <class T>
std::string code_of(const result<T>& answer)
{
    return answer ? "" : answer.error().code;
}

// What a verification has found first.
template <class Report>
std::string first_finding(const Report& report)
{
    return report.findings.empty() ? "" : report.findings.front().sentence;
}

} // namespace eventloom::testing

template <class T>
struct Catch::StringMaker<eventloom::result<T>> {
    static std::string convert(const eventloom::result<T>& answer)
    {
        return answer ? "done" : answer.error().code + ": " + answer.error().sentence;
    }
};
