// Members of consumer groups in other processes, as the group sees them: events are leased, kept, ended, and lost.
#include "support/group_machine.hpp"

namespace group_members_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

Positions positions_in(const LeasedEvents& leased)
{
    Positions positions;
    for (const auto& event : leased.events) positions.push_back(event.position);
    return positions;
}

// A group whose members are elsewhere.
struct Elsewhere : GroupMachine {
    explicit Elsewhere(ConsumerGroupOptions with = {.name = "mail"}, const StoreKind& kind = any_store())
        : GroupMachine{kind}, options{std::move(with)}
    {
        open_again();
    }

    // As after the end of the process, in order or not: what was written is what counts.
    void open_again()
    {
        group.reset();
        open_groups();
        group = open(options);
    }

    PullEvents asking(const std::string& member, Duration waits)
    {
        const auto id = ids.emplace(member, runtime.ids.next()).first->second;
        return {.group = "mail", .member = member, .id = id, .lease = 10s, .until = simulated.now() + waits};
    }
    // What the member gets at once; it may be nothing.
    LeasedEvents pull(const std::string& member)
    {
        std::optional<result<LeasedEvents>> pulled;
        group->pull(asking(member, 1ms), [&](result<LeasedEvents> events) { pulled = std::move(events); });
        simulated.advance(2ms); // it reads in the first
        REQUIRE(pulled);
        REQUIRE(*pulled);
        for (const auto& event : pulled->value().events) ledger.handed_over(member, event);
        return std::move(pulled->value());
    }
    std::string finish(const LeasedEvents& leased, EndedBatch ended)
    {
        std::optional<result<void>> finished;
        // Before it is told: then others may go on with the stream.
        const auto counts = group->extend({leased.lease, std::nullopt}) ? ended.handled : 0;
        for (std::size_t i = 0; i < std::min(counts, leased.events.size()); ++i) ledger.acknowledged(leased.events[i]);
        group->finish(leased.lease, std::move(ended), [&](result<void> said) { finished = std::move(said); });
        simulated.advance(1ms);
        REQUIRE(finished);
        return *finished ? "" : finished->error().code;
    }
    std::string finish(const LeasedEvents& leased) { return finish(leased, {.handled = leased.events.size()}); }

    ConsumerGroupOptions options;
    std::map<std::string, Uuid> ids;
    std::shared_ptr<ConsumerGroup> group;
};

TEST_CASE("members elsewhere share the streams with those of the service, each event once and in order",
          "[messaging][groups]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    DYNAMIC_SECTION(kind.name)
    {
        Elsewhere machine{{.name = "mail", .batch_events_max = 4, .buffered_events_max = 32}, kind};
        const auto inside = machine.join(*machine.group, "inside");
        std::map<std::string, LeasedEvents> in_hand;
        for (int i = 0; i < 300; ++i) {
            machine.append("order-" + std::to_string(machine.simulated.draw(12)),
                           static_cast<int>(1 + machine.simulated.draw(2)));
            const std::string member = machine.simulated.draw(2) == 0 ? "host/1" : "host/2";
            auto& has                = in_hand[member];
            if (has.events.empty()) {
                has = machine.pull(member);
            } else {
                CHECK(machine.finish(has) == "");
                has = {};
            }
        }
        for (const auto& [member, has] : in_hand) {
            if (not has.events.empty()) CHECK(machine.finish(has) == "");
        }
        for (bool is_more = true; is_more;) {
            is_more = false;
            for (const std::string member : {"host/1", "host/2"}) {
                const auto more = machine.pull(member);
                if (more.events.empty()) continue;
                is_more = true;
                CHECK(machine.finish(more) == "");
            }
        }
        CHECK(machine.group->wait_for(machine.store->head(), machine.simulated.now() + 1h));
        CHECK(machine.ledger.broken() == "");
        CHECK(machine.ledger.each_is_handled(machine.store->head(), 1));
        for (const auto* name : {"inside", "host/1", "host/2"}) CHECK(machine.ledger.of(name).size() > 20);
    }
}

TEST_CASE(
    "a member elsewhere that is not heard of loses its streams after its lease, and what it says later is refused",
    "[messaging][groups]")
{
    Elsewhere machine;
    machine.append("order-1", 3);
    const auto first = machine.pull("host/1");
    REQUIRE(positions_in(first) == Positions{1, 2, 3});
    CHECK(machine.pull("host/2").events.empty());
    machine.simulated.advance(4s);
    CHECK(machine.group->extend({first.lease, ReportedProgress{1, 3, {}}})); // one of them is handled
    machine.ledger.acknowledged(first.events[0]);
    machine.simulated.advance(10s - 5ms);
    CHECK(machine.pull("host/2").events.empty());
    machine.simulated.advance(10ms);

    const auto second = machine.pull("host/2");
    CHECK(positions_in(second) == Positions{2, 3});
    CHECK(second.lease.fence > first.lease.fence);
    CHECK_FALSE(machine.group->extend({first.lease, std::nullopt}));
    CHECK(machine.finish(first) == "lease-ended");
    CHECK(machine.group->status().open == 2);

    // It joins again, and what it says of its former batch is still refused.
    machine.append("order-2");
    const auto again = machine.pull("host/1");
    CHECK(positions_in(again) == Positions{4});
    CHECK(machine.finish(first) == "batch-not-held");
    CHECK(machine.finish(second) == "");
    CHECK(machine.finish(again) == "");
    CHECK(machine.group->status().checkpoint == 4);
    CHECK(machine.ledger.broken() == "");
}

TEST_CASE("a member elsewhere keeps its batch over a restart of the service, and nobody else is given it meanwhile",
          "[messaging][groups]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    DYNAMIC_SECTION(kind.name)
    {
        Elsewhere machine{{.name = "mail", .batch_events_max = 3}, kind};
        machine.append("order-1", 4);
        machine.append("order-2", 2);
        const auto held = machine.pull("host/1");
        REQUIRE(held.events.size() == 3);
        machine.simulated.advance(9s);
        machine.open_again();
        auto inside = machine.join(*machine.group, "inside");
        machine.simulated.advance(9s); // a whole lease from the start on
        CHECK(machine.ledger.of("inside") == Positions{5, 6});
        CHECK(machine.group->extend({held.lease, std::nullopt}));
        CHECK(machine.finish(held) == "");

        // The service ended before it could say so, and is told again.
        inside.reset();
        machine.open_again();
        machine.simulated.advance(1ms);
        CHECK(machine.finish(held) == "");
        const auto other = machine.join(*machine.group, "other");
        CHECK(machine.group->wait_for(6, machine.simulated.now() + 1min));
        CHECK(machine.ledger.of("other") == Positions{4});
        CHECK(machine.ledger.broken() == "");
        CHECK(machine.ledger.each_is_handled(6, 1));
    }
}

TEST_CASE("a member elsewhere that did not outlive the service loses its batch a lease after the start",
          "[messaging][groups]")
{
    Elsewhere machine;
    machine.append("order-1", 2);
    REQUIRE(machine.pull("host/1").events.size() == 2);
    machine.open_again();
    machine.simulated.advance(9s);
    CHECK(machine.pull("host/2").events.empty());
    machine.simulated.advance(2s);
    const auto taken_over = machine.pull("host/2");
    CHECK(positions_in(taken_over) == Positions{1, 2});
    CHECK(machine.finish(taken_over) == "");
}

TEST_CASE("a member elsewhere that fails has its event tried again, and that gives back or leaves hands it on",
          "[messaging][groups]")
{
    Elsewhere machine{{.name = "mail", .attempts_max = 2, .retry_after = 1s}};
    machine.append("order-1", 3);
    const auto first = machine.pull("host/1");
    const Error why{Failure::unavailable, "no-line", "Nobody picked up."};
    CHECK(machine.finish(first, {.handled = 1, .failed = why}) == "");
    CHECK(machine.finish(first, {.handled = 1, .failed = why}) == ""); // told again, counted once
    CHECK(machine.pull("host/2").events.empty());
    machine.simulated.advance(1s);
    const auto second = machine.pull("host/1");
    REQUIRE(positions_in(second) == Positions{2, 3});
    CHECK(machine.finish(second, {.handled = 0, .failed = std::nullopt, .leaves = true}) == "");
    const auto third = machine.pull("host/2");
    REQUIRE(positions_in(third) == Positions{2, 3});
    CHECK(machine.finish(third, {.handled = 0, .failed = why}) == "");
    const auto status = machine.group->status();
    REQUIRE(status.stopped.size() == 1);
    CHECK(status.stopped[0].attempts == 2);
    CHECK(status.stopped[0].error.code == "no-line");
    REQUIRE(status.members.size() == 1);
    CHECK(status.members[0].name == "host/2");
    CHECK(status.members[0].is_elsewhere);
}

TEST_CASE("what a member elsewhere was given and has not got goes to whoever asks next", "[messaging][groups]")
{
    Elsewhere machine;
    machine.append("order-1", 2);
    const auto lost = machine.pull("host/1");
    const auto same = machine.pull("host/1"); // its answer was lost on the way
    CHECK(positions_in(same) == positions_in(lost));
    CHECK(machine.finish(lost) == "batch-not-held");
    CHECK(machine.finish(same) == "");

    // One whose connection is gone while it waits is given nothing, and is no member any more.
    auto asking        = machine.asking("host/1", 1h);
    bool is_there      = true;
    asking.still_there = [&] { return is_there; };
    std::string said;
    machine.group->pull(std::move(asking), [&](result<LeasedEvents> events) { said = code_of(events); });
    machine.simulated.advance(1s);
    is_there = false;
    machine.append("order-1");
    machine.simulated.advance(1ms);
    CHECK(said == "lease-ended");
    CHECK(positions_in(machine.pull("host/2")) == Positions{3});
}

TEST_CASE("what a member elsewhere may not ask for is refused, and a group that closes says so to those who wait",
          "[messaging][groups]")
{
    Elsewhere machine;
    std::string said;
    const auto note = [&](result<LeasedEvents> events) { said = code_of(events); };
    const auto code = [&](auto change) {
        auto asking = machine.asking("host/1", 1ms);
        change(asking);
        said = "nothing";
        machine.group->pull(std::move(asking), note);
        machine.simulated.advance(1ms);
        return said;
    };
    CHECK(code([](PullEvents& asking) { asking.lease = 1ms; }) == "invalid-pull");
    CHECK(code([](PullEvents& asking) { asking.lease = 2h; }) == "invalid-pull");
    CHECK(code([](PullEvents& asking) { asking.member = ""; }) == "invalid-pull");
    CHECK(code([](PullEvents& asking) { asking.member = "a\nb"; }) == "invalid-pull");
    CHECK(code([](PullEvents& asking) { asking.id = Uuid{}; }) == "invalid-pull");
    CHECK(machine.group->status().members.empty());
    CHECK(machine.finish({}, {}) == "lease-ended");

    machine.append("order-1", 2);
    const auto held = machine.pull("host/1");
    CHECK(machine.finish(held, {.handled = 3}) == "batch-not-held");
    machine.group->pull(machine.asking("host/2", 1h), note);
    machine.simulated.advance(1ms);
    machine.group.reset();
    CHECK(said == "group-closed");
}

} // namespace group_members_test
