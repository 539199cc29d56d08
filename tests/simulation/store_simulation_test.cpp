// A thousand stores, each from a seed: several lives of work with crashes and faults between and within them.
// `./dev simulate --seeds N --seed S` runs N seeds from S on; a seed alone repeats exactly.
#include "simulated_disk/settings.hpp"
#include "simulated_disk/store_lives.hpp"

#include <catch2/catch.hpp>

#include <sstream>

namespace store_simulation_test {

using namespace eventloom::testing;

// What must have come about, or the simulation shows less than it says.
constexpr std::array must_have_happened{
    "power cut, tail dropped",
    "power cut, tail shortened",
    "power cut, tail torn",
    "power cut, tail kept",
    "a fault, then a power cut",
    "a fault that passed",
    "a clean end",
    "a crash at work",
    "a crash of a recovery",
    "an opening that failed",
    "a store closed by a fault",
    "a full disk",
    "failed: write",
    "failed: sync",
    "failed: create",
    "failed: rename",
    "failed: remove",
    "failed: sync of a directory",
    "failed: opening",
    "failed: reading",
    "in doubt, and there",
    "in doubt, and not there",
    "several appends in flight",
    "an append taken",
    "an append to several streams taken",
    "a command without events taken",
    "a condition that held",
    "an append known",
    "a command known",
    "an append answered append-condition-failed",
    "an append answered append-outcome-unknown",
    "an append answered event-in-another-stream",
    "an append answered event-with-other-content",
    "an append answered store-closed-by-fault",
    "an append answered stream-tombstoned",
    "an append answered wrong-expected-version",
    "a deleted stream begun anew",
    "an event that is gone known when it is sent again",
    "a search for an event that is gone",
    "a dry run of a scavenge",
    "a scavenge that took something out",
    "a scavenge that was not wanted any more",
    "a scavenge cut off by a crash or a fault",
    "a scavenge cut off half way",
    "a scavenge that went on where another was",
    "an append beside a scavenge",
    "a look around",
    "a flipped bit noticed",
    "a flipped bit without harm",
};

std::string counts_of(const Sometimes& sometimes)
{
    std::ostringstream text;
    for (const auto& [what, count] : sometimes) text << count << " times " << what << "\n";
    return text.str();
}

TEST_CASE("whatever the seed, a store answers and holds what the model does, through crashes and faults",
          "[simulation][eventstore]")
{
    const auto seeds = seeds_to_run(1000);
    Sometimes sometimes;
    for (auto seed = seeds.first; seed <= seeds.last; ++seed) {
        const auto wrong = StoreLives{seed, sometimes}.run();
        INFO("seed " << seed << ": run it again with ./dev simulate --seed " << seed);
        REQUIRE(wrong == "");
    }
    if (seeds.last - seeds.first < 500) return;
    INFO(counts_of(sometimes));
    for (const auto* what : must_have_happened) {
        INFO(what);
        CHECK(sometimes[what] > 0);
    }
}

TEST_CASE("a seed of the store's simulation run twice leaves the same trace", "[simulation][eventstore]")
{
    const auto trace_of = [](std::uint64_t seed) {
        Sometimes sometimes;
        StoreLives lives{seed, sometimes};
        CHECK(lives.run() == "");
        return lives.trace();
    };
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        CHECK(trace_of(seed) == trace_of(seed));
    }
    CHECK(trace_of(1) != trace_of(2));
}

} // namespace store_simulation_test
