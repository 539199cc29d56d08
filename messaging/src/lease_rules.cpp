#include "lease_rules.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr Duration shortest_lease    = std::chrono::milliseconds{100};
constexpr Duration longest_lease     = std::chrono::hours{1};
constexpr std::size_t longest_worker = 128;

} // namespace

std::string milliseconds_text(Duration span)
{
    return fmt::format("{} ms", std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

result<void> invalid_pull(std::string_view what, std::string_view found)
{
    return fail(Failure::invalid, "invalid-pull", fmt::format("asked for work with {} and found {}", what, found));
}

result<void> check_lease(Duration lease, std::string_view worker)
{
    if (lease < shortest_lease || lease > longest_lease) {
        return invalid_pull("a lease of " + milliseconds_text(lease), "that it is from 100 milliseconds to an hour");
    }
    if (worker.empty() || worker.size() > longest_worker || not is_clean_name(worker)) {
        return invalid_pull(
            fmt::format("a worker's name of {} bytes", worker.size()),
            fmt::format("that it is 1 to {} bytes of UTF-8 without control characters", longest_worker));
    }
    return done();
}

} // namespace eventloom
