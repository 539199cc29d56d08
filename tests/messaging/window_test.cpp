#include "queues/window.hpp"

#include <eventloom/framework/runtime.hpp>

#include <catch2/catch.hpp>

#include <set>

namespace window_test {

using namespace eventloom;
using namespace eventloom::queues;

TEST_CASE("a window gives the entries of its index in their order, and never holds more than it may",
          "[messaging][queues][model]")
{
    constexpr std::size_t most = 8;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        INFO("seed " << seed);
        SimulatedExecutor drawn{seed};
        std::set<int> index; // on disk: what was taken or removed is not in it
        Window<int, int> window{most};
        const auto read_more = [&] {
            if (not window.wants_more()) return;
            Window<int, int>::Entries entries;
            auto next = window.end() ? index.upper_bound(*window.end()) : index.begin();
            while (next != index.end() && entries.size() < most / 2) entries.emplace_back(*next++, 0);
            const auto last   = entries.empty() ? std::nullopt : std::optional{entries.back().first};
            const bool is_all = entries.size() < most / 2;
            window.fill(std::move(entries), last, is_all);
        };
        for (int step = 0; step < 300; ++step) {
            const int key = static_cast<int>(drawn.draw(1'000));
            switch (drawn.draw(4)) {
            case 0:
            case 1:
                index.insert(key);
                window.offer(key, 0);
                break;
            case 2:
                index.erase(key);
                window.remove(key);
                break;
            default:
                while (window.empty() && not window.is_whole()) read_more();
                REQUIRE(window.empty() == index.empty());
                if (window.empty()) break;
                REQUIRE(window.first().first == *index.begin());
                index.erase(index.begin());
                window.remove(window.first().first);
            }
            if (drawn.draw(3) == 0) read_more();
            REQUIRE(window.size() <= most);
        }
    }
}

} // namespace window_test
