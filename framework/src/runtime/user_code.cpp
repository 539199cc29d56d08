#include <eventloom/framework/detail/user_code.hpp>

#include <eventloom/framework/utf8.hpp>

#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

namespace eventloom {

namespace {

constexpr std::size_t words_max = 200; // what is thrown may hold anything, of any length

std::string shortened(std::string_view words)
{
    return printable(words.substr(0, words_max)) + (words.size() > words_max ? "..." : "");
}

Error thrown_by(const std::string& ran, const std::exception& thrown)
{
    return {Failure::defect, "exception-in-user-code",
            ran + " and found that it threw an exception: " +
                shortened(thrown.what() == nullptr ? "without words" : thrown.what()) +
                "; correct that code, then try again"};
}

Error error_of(std::string_view which, std::string_view of)
{
    auto ran = "ran " + std::string{which};
    if (not of.empty()) ran.append(" ").append(of);
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return {Failure::unavailable, "out-of-memory",
                ran + " and found no memory left for it; try again when more memory is free"};
    } catch (const std::system_error& thrown) {
        // When the system refuses a thread, the code is not at fault.
        if (thrown.code() != std::errc::resource_unavailable_try_again) return thrown_by(ran, thrown);
        return {Failure::unavailable, "no-threads",
                ran + " and found that the system refuses what it needs (" + shortened(thrown.what()) +
                    "); give it more threads or memory (`ulimit -u`, `ulimit -v`), then try again"};
    } catch (const std::exception& thrown) {
        return thrown_by(ran, thrown);
    } catch (...) {
        return {
            Failure::defect, "exception-in-user-code",
            ran + " and found that it threw something other than a std::exception; correct that code, then try again"};
    }
}

} // namespace

Error exception_in_user_code(std::string_view which, std::string_view of) noexcept
{
    try {
        return error_of(which, of);
    } catch (...) {
        return {Failure::unavailable, "out-of-memory", "out of memory"}; // fits into strings that allocate nothing
    }
}

void say_on_standard_error(const Error& error) noexcept
{
    std::fprintf(stderr, "%s (%s)\n", error.sentence.c_str(), error.code.c_str());
}

} // namespace eventloom
