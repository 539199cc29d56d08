#include "attempt_rules.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::queues {

std::string shortened(std::string text, std::size_t most)
{
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most; // a whole character
    text.resize(most);
    return text + "...";
}

bool is_final(const Error& error)
{
    return error.kind == Failure::refused || error.kind == Failure::invalid || error.kind == Failure::corrupt;
}

bool is_of_the_log(const Error& error)
{
    return error.kind == Failure::storage || error.kind == Failure::unknown || error.kind == Failure::unavailable;
}

unsigned attempts_of(const Job& job, const QueueOptions& options)
{
    return std::max(1U, job.terms.attempts != 0 ? job.terms.attempts : options.attempts);
}

Duration wait_before(const Uuid& id, unsigned attempt, const QueueOptions& options)
{
    const Duration first{std::max<std::chrono::milliseconds>(options.first_wait, std::chrono::milliseconds{0})};
    const Duration longest{std::max<std::chrono::milliseconds>(options.longest_wait, std::chrono::milliseconds{0})};
    Duration wait = first;
    for (unsigned i = 1; i < attempt && wait < longest; ++i) wait *= 2;
    wait             = std::min(wait, longest);
    const auto drawn = derived_uuid({"job-wait", to_string(id), std::to_string(attempt)}).bytes[0];
    return wait - wait / 4 * drawn / 255;
}

Error job_taken_away(const Uuid& id)
{
    return {Failure::refused, "job-taken-away",
            fmt::format(
                "answered for the job {} and found that it is in other hands, or has ended: its lease was over, its "
                "time was, or somebody cancelled it; nothing of the answer was recorded",
                to_string(id))};
}

} // namespace eventloom::queues
