// What an answer says, for tests: "" when it was done.
//
//     REQUIRE(sentence_of(store.verify()) == "");
//     CHECK(code_of(store.append(request)) == "wrong-expected-version");
#pragma once

#include <eventloom/framework/result.hpp>

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
