// What every event store does about exceptions in code that it calls: whoever appends is answered, and all else goes on.
#include "support/every_store.hpp"
#include "support/group_machine.hpp"

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <stdexcept>

namespace user_code_contract_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

const auto any = ExpectedVersion::any();

TEST_CASE("every event store answers appends whatever its observers and completions throw", "[contract][user-code]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    auto store = kind.open(runtime);
    DYNAMIC_SECTION(kind.name)
    {
        std::vector<Position> seen;
        const auto throwing = store->observe([](const auto&) { throw std::runtime_error{"an observer of the test"}; });
        const auto sound    = store->observe([&](const auto& events) { seen.push_back(events->back().position); });
        REQUIRE(store->append(to("a", any, {note_of(runtime, "1")})));
        int answered = 0;
        for (int i = 0; i < 3; ++i) {
            store->append(to("a", any, {note_of(runtime, "2")}), [&](const result<Appended>& appended) {
                ++answered;
                REQUIRE(appended);
                throw std::runtime_error{"a completion of the test"};
            });
        }
        store->append(to("", any, {note_of(runtime, "3")}), [&](const result<Appended>& refused) {
            ++answered;
            CHECK_FALSE(refused);
            throw std::runtime_error{"a completion of the test"};
        });
        simulated.run_until_idle();
        CHECK(answered == 4);
        REQUIRE(store->append(to("a", any, {note_of(runtime, "4")})));
        CHECK(store->head() == 5);
        CHECK(seen.back() == 5);
    }
}

TEST_CASE("every event store refuses that append alone at which an inline fold throws", "[contract][user-code]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    auto store = kind.open(runtime);
    if (not store->inline_rows()) return;
    struct Throwing final : InlineFold {
        result<void> fold(std::span<const RecordedEvent> events, const FindStored&, RowBatch&) override
        {
            if (events.front().data == "no") throw std::runtime_error{"a fold of the test"};
            return done();
        }
        void written(Position) override {}
    };
    DYNAMIC_SECTION(kind.name)
    {
        store->inline_rows()->folds(*store->hold_appends().value()).push_back(std::make_shared<Throwing>());
        REQUIRE(store->append(to("a", any, {note_of(runtime, "yes")})));
        const auto refused = store->append(to("a", any, {note_of(runtime, "no")}));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "exception-in-user-code");
        REQUIRE(store->append(to("a", any, {note_of(runtime, "yes")})));
        CHECK(store->head() == 2);
    }
}

TEST_CASE("every event store's groups try an event again whose handler throws, then stop its stream alone",
          "[contract][groups][user-code]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    GroupMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        const auto group = machine.open({.name = "mail", .attempts_max = 3, .retry_after = 1s});
        bool mended      = false;
        int calls        = 0;
        std::vector<std::string> handled;
        const auto member = group->join("one", [&](const RecordedEvent& event) -> result<void> {
            if (event.stream == "order-2" && not mended && ++calls > 0) throw std::runtime_error{"no such mailbox"};
            handled.push_back(event.stream);
            return done();
        });
        REQUIRE(member);
        for (const auto* stream : {"order-1", "order-2", "order-3"}) machine.append(stream, 2);
        machine.simulated.advance(60s);
        CHECK(calls == 3);
        CHECK(handled.size() == 4);
        const auto status = group->status();
        REQUIRE(status.stopped.size() == 1);
        CHECK(status.stopped[0].stream == "order-2");
        CHECK(status.stopped[0].error.code == "exception-in-user-code");
        CHECK(status.stopped[0].error.sentence.find("no such mailbox") != std::string::npos);
        CHECK_FALSE(status.error);
        mended = true;
        REQUIRE(group->retry("order-2"));
        CHECK(group->wait_for(machine.store->head(), machine.simulated.now() + 1h));
    }
}

} // namespace user_code_contract_test
