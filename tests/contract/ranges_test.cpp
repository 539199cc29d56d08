#include "support/every_store.hpp"

#include <eventloom/framework/detail/event_range.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <range/v3/view/filter.hpp>
#include <range/v3/view/take.hpp>

namespace ranges_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("the events of every store are a range that views can be laid over", "[eventstore][contract][ranges]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const auto store = kind.open(runtime);
    for (int i = 0; i < 20; ++i) {
        REQUIRE(store->append(to("a-1", ExpectedVersion::any(), {note_of(runtime, std::to_string(i))})));
    }
    DYNAMIC_SECTION(kind.name)
    {
        const auto cursor = store->read({});
        EventRange events{*cursor};
        std::vector<std::string> found;
        const auto even = [](const RecordedEvent& event) { return event.position % 2 == 0; };
        for (const RecordedEvent& event : events | ranges::views::filter(even) | ranges::views::take(3)) {
            found.push_back(event.data);
        }
        CHECK(found == std::vector<std::string>{"1", "3", "5"});
        CHECK(events.status());
    }
}

// Gives one event, then an error for ever.
class BrokenCursor final : public EventCursor {
public:
    result<const RecordedEvent*> next() override
    {
        if (given_) return fail(Failure::corrupt, "damaged-record", "The second record is damaged.");
        given_ = true;
        return &event_;
    }

private:
    RecordedEvent event_;
    bool given_ = false;
};

TEST_CASE("an error ends the range and is kept in its status", "[eventstore][ranges]")
{
    BrokenCursor cursor;
    EventRange events{cursor};
    int seen = 0;
    for ([[maybe_unused]] const RecordedEvent& event : events) ++seen;
    CHECK(seen == 1);
    REQUIRE_FALSE(events.status());
    CHECK(events.status().error().code == "damaged-record");
}

} // namespace ranges_test
