// Many threads publish to a topic on the real machine, while segments begin and go.
#include "support/publishing.hpp"

#include <eventloom/storage/system_files.hpp>

#include <algorithm>
#include <set>
#include <thread>

namespace topic_threads_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("messages that many threads publish while segments begin and go are numbered without a gap",
          "[messaging][topics]")
{
    constexpr std::size_t threads    = 4;
    constexpr std::size_t of_each    = 1'000;
    constexpr std::size_t kept_count = 1'500;
    for (const auto& engine : topic_engines()) {
        INFO(engine.name);
        const TemporaryDirectory directory;
        SystemExecutor executor;
        const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
        const auto kind = engine.make();
        const auto kept = kind->open(runtime, {.directory = directory.path() + "/service"});
        REQUIRE(kept);
        CommandBus commands{runtime, *kept.value().store};
        Topics topics{runtime, *kept.value().store, commands, *kind, directory.path() + "/topics"};
        topics.add<Prices>({.max_count = kept_count});
        REQUIRE(topics.open());
        const auto log = topics.log_of("prices");
        std::vector<std::vector<Position>> numbers(threads);
        std::vector<Position> seen; // by an observer, one call at a time
        const auto observation = log.value()->observe([&](const auto& messages) {
            for (const auto& message : *messages) seen.push_back(message.position);
        });
        {
            std::vector<std::jthread> publishers;
            for (std::size_t thread = 0; thread < threads; ++thread) {
                publishers.emplace_back([&, thread] {
                    for (std::size_t i = 0; i < of_each / 10; ++i) {
                        const std::vector<PriceChanged> some(10, {std::to_string(thread), static_cast<int>(i)});
                        const auto published = topics.publish<Prices>(std::span<const PriceChanged>{some});
                        if (published) numbers[thread].push_back(published.value().number);
                    }
                });
            }
        }
        std::set<Position> all;
        for (const auto& of_one : numbers) {
            CHECK(of_one.size() == of_each / 10);
            CHECK(std::is_sorted(of_one.begin(), of_one.end()));
            all.insert(of_one.begin(), of_one.end());
        }
        CHECK(all.size() == threads * of_each / 10);
        REQUIRE(seen.size() == threads * of_each);
        for (std::size_t i = 0; i < seen.size(); ++i) REQUIRE(seen[i] == i + 1);
        const auto status = topics.status("prices").value();
        CHECK(status.last == threads * of_each);
        CHECK(status.messages == kept_count);
        CHECK(status.dropped >= 1'500); // whole segments
        CHECK(status.dropped <= 2'500);
        CHECK(read_all(*log.value()).size() == kept_count);
    }
}

} // namespace topic_threads_test
