// The result of a function that can fail: a value, or an Error that a program can act on and a person can read.
//
//     el::result<Paid> decide(const Pay& command, const Order& order)
//     {
//         if (order.stage != placed) return el::refuse("nothing-due", "This order is not waiting for a payment.");
//         return Paid{command.receipt, command.amount};
//     }
//
// No exception crosses a public function of Eventloom; every failure travels in a result. Threads: values, no sharing.
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/try.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace eventloom {

// What a program does about an error.
enum class Failure : std::uint8_t {
    refused = 1, // the domain said no: tell the person who asked
    conflict,    // somebody else was first: read, decide again
    invalid,     // the request itself is wrong: mend it before asking again
    corrupt,     // stored bytes are not what was written: stop, and look
    storage,     // the disk or the system gave up: stop, reopen, page somebody
    unknown,     // the outcome is not known: send the same ids again to find out
    unavailable, // not possible at this moment (closed, busy, timed out): try again later
    defect,      // code of the program's own threw an exception: mend the program
};

// The failure's name, as `--json` and logs show it: "refused", "conflict", ...
std::string_view to_string(Failure kind);

// Its functions are compiled once: each result<T> of a program calls them.
struct Error {
    Error() noexcept;
    Error(Failure kind, std::string code, std::string sentence) noexcept;
    Error(const Error& other);
    Error(Error&& other) noexcept;
    Error& operator=(const Error& other);
    Error& operator=(Error&& other) noexcept;
    ~Error();

    Failure kind = Failure::invalid;
    std::string code;     // stable kebab-case word for programs and tests: "already-placed"
    std::string sentence; // for people: what was asked, what was found, what to do. Holds nothing secret.
};

namespace outcome = BOOST_OUTCOME_V2_NAMESPACE;

// A value or an Error. Asking for the one that is not there ends the program: it is a programmer's error.
template <class T>
using result = outcome::basic_result<T, Error, outcome::policy::terminate>;

// The answer of a function that can fail and has nothing to say when it does not: `return el::done();`
inline auto done()
{
    return outcome::success();
}

outcome::failure_type<Error> fail(Failure kind, std::string_view code, std::string_view sentence);

// A domain's "no". It is an answer, not a fault: it is never retried.
outcome::failure_type<Error> refuse(std::string_view code, std::string_view sentence);

} // namespace eventloom
