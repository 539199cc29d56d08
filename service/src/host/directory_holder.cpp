#include "host/directory_holder.hpp"

#include <eventloom/framework/detail/engine.hpp>

namespace eventloom {

namespace {

constexpr int looks_max          = 10;
constexpr Duration between_tries = std::chrono::milliseconds{50};

} // namespace

Error with_holder(Error error, const Runtime& runtime, const EngineKind& engine, const std::string& directory)
{
    if (error.code != "held-by-another-process") return error;
    // A process that opens a store releases it for moments, so it is looked for more than once.
    std::optional<long> process;
    const auto found = [&] {
        process = engine.process_with_log(directory);
        return process.has_value();
    };
    for (int look = 0; look < looks_max; ++look) {
        if (runtime.executor.wait_until(found, runtime.clock.now() + between_tries)) break;
    }
    if (process) error.sentence += " (it is process " + std::to_string(*process) + ")";
    return error;
}

} // namespace eventloom
