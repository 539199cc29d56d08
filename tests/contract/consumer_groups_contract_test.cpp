// What the members of a consumer group may count on: who has which stream, for how long, and what a failure does.
#include "support/group_machine.hpp"

#include <catch2/catch.hpp>

namespace consumer_groups_contract_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

TEST_CASE("every event store's groups handle each event once, in order, while members join and leave",
          "[eventstore][contract][groups]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    GroupMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        const auto group = machine.open({.name = "mail", .batch_events_max = 4, .buffered_events_max = 32});
        auto first       = machine.join(*group, "first");
        auto second      = machine.join(*group, "second");
        std::shared_ptr<GroupMember> third;
        for (int i = 0; i < 400; ++i) {
            machine.append("order-" + std::to_string(machine.simulated.draw(12)),
                           static_cast<int>(1 + machine.simulated.draw(2)));
            for (auto turns = machine.simulated.draw(6); turns > 0; --turns) machine.simulated.run_one();
            if (i == 150) third = machine.join(*group, "third");
            if (i == 250) first->leave();
            if (i == 300) second.reset();
            if (i == 350) second = machine.join(*group, "second");
        }
        const auto head = machine.store->head();
        CHECK(group->wait_for(head, machine.simulated.now() + 1h));
        CHECK(machine.ledger.broken() == "");
        CHECK(machine.ledger.each_is_handled(head, 1));
        for (const auto* name : {"first", "second", "third"}) CHECK(machine.ledger.of(name).size() > 20);
        CHECK(group->status().lag == 0);
        CHECK_FALSE(first->error());
    }
}

TEST_CASE("every event store's groups take a dead member's streams over after its lease, and not before",
          "[eventstore][contract][groups]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    GroupMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        const auto group = machine.open({.name = "mail", .lease = 10s});
        for (int stream = 0; stream < 4; ++stream) machine.append("order-" + std::to_string(stream), 2);
        const auto dying = machine.pull(*group, "dying");
        const auto other = machine.pull(*group, "other");
        const auto held  = machine.next(*dying);
        REQUIRE(held.events.size() == 4);
        machine.simulated.advance(4s); // what it had at first is over before what it has now
        machine.acknowledge(*dying, held, 1);
        CHECK(machine.drain(*other).size() == 4);

        machine.simulated.advance(10s - 1us);
        CHECK(machine.drain(*other).empty());
        CHECK_FALSE(dying->error());
        machine.simulated.advance(1us);
        const auto taken_over = machine.next(*other);
        CHECK(positions_of(taken_over) ==
              Positions{held.events[1].position, held.events[2].position, held.events[3].position});

        // Whoever was taken for dead changes nothing any more.
        const auto before = group->status();
        CHECK(code_of(dying->acknowledge(held)) == "lease-ended");
        CHECK(code_of(dying->renew()) == "lease-ended");
        CHECK(code_of(dying->next()) == "lease-ended");
        REQUIRE(dying->error());
        CHECK(dying->error()->kind == Failure::conflict);
        CHECK(group->status().checkpoint == before.checkpoint);
        CHECK(group->status().open == 3);
        machine.acknowledge(*other, taken_over);
        CHECK(group->status().checkpoint == 8);
        CHECK(machine.ledger.broken() == "");
        CHECK(machine.pull(*group, "dying")->renew()); // it may come back
    }
}

TEST_CASE("a clock that is set back, or ahead, keeps no stream from being handled", "[eventstore][groups][clock]")
{
    const auto jump = std::chrono::minutes{GENERATE(-60 * 24 * 365 * 80, -1, 1, 60 * 24 * 365 * 80)};
    GroupMachine machine{any_store()};
    const auto group = machine.open({.name = "mail", .lease = 10s, .retry_after = 1s});
    machine.append("a", 3);
    machine.append("b", 3);
    const auto dying = machine.pull(*group, "dying");
    const auto held  = dying->next().value();
    REQUIRE(held.events.size() == 6);
    REQUIRE(dying->fail(held, 0, {Failure::unavailable, "no-line", "Nobody picked up."})); // tried again in a second
    REQUIRE(dying->next());
    machine.simulated.set_clock(machine.simulated.now() + jump);
    const auto heir = machine.join(*group, "heir");
    machine.simulated.advance(25s); // a lease from when the set clock was noticed
    CHECK(machine.ledger.acknowledged().size() == 6);
    CHECK(code_of(dying->renew()) == "lease-ended");
}

TEST_CASE("a member that renews its lease, acknowledges or asks keeps its streams", "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    const auto group  = machine.open({.name = "mail", .lease = 10s});
    const auto member = machine.pull(*group, "slow");
    for (int i = 0; i < 8; ++i) machine.append("order-1");
    machine.simulated.run_until_idle();
    const auto other = machine.pull(*group, "other");
    const auto mine  = machine.next(*member);
    REQUIRE(mine.events.size() == 8);
    for (std::size_t i = 0; i < 8; ++i) {
        machine.simulated.advance(9s);
        if (i % 2 == 0) CHECK(member->renew());
        if (i % 2 == 1) machine.acknowledge(*member, mine, i);
        CHECK(machine.next(*other).events.empty());
    }
    machine.acknowledge(*member, mine);
    CHECK(group->status().checkpoint == 8);
}

TEST_CASE("a stream is in one member's hands, and goes on only after an acknowledgement", "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    const auto group = machine.open({.name = "mail", .batch_events_max = 2});
    machine.append("order-1", 5);
    const auto one = machine.pull(*group, "one");
    const auto two = machine.pull(*group, "two");
    auto batch     = machine.next(*one);
    CHECK(positions_of(batch) == Positions{1, 2});
    CHECK(machine.next(*two).events.empty());
    CHECK(code_of(one->next()) == "batch-in-hand");
    machine.acknowledge(*one, batch, 1);
    CHECK(machine.next(*two).events.empty());
    machine.acknowledge(*one, batch);
    CHECK(code_of(one->acknowledge(batch)) == "batch-not-held");
    one->leave();
    CHECK(machine.drain(*two) == Positions{3, 4, 5});
    CHECK(machine.ledger.broken() == "");
}

TEST_CASE("streams are shared out evenly, stay where they are, and come back from who leaves", "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    const auto group = machine.open({.name = "mail"});
    const auto load  = [&] {
        std::map<std::string, std::size_t> streams;
        for (const auto& member : group->status().members) streams[member.name] = member.streams;
        return streams;
    };
    auto one = machine.pull(*group, "one");
    for (int stream = 0; stream < 12; ++stream) machine.append("order-" + std::to_string(stream));
    machine.simulated.run_until_idle();
    auto two = machine.pull(*group, "two");
    CHECK(load() == std::map<std::string, std::size_t>{{"one", 6}, {"two", 6}});
    std::set<std::string> streams_of_two;
    const auto batch = machine.next(*two);
    for (const auto& event : batch.events) streams_of_two.insert(event.stream);
    CHECK(streams_of_two.size() == 6);

    // What is in flight stays until it is acknowledged; then it is evened out.
    auto three = machine.pull(*group, "three");
    CHECK(load().at("two") == 6);
    CHECK(load().at("three") >= 2);
    machine.acknowledge(*two, batch);
    CHECK(load() == std::map<std::string, std::size_t>{{"one", 4}, {"two", 4}, {"three", 4}});

    three->leave();
    CHECK(load() == std::map<std::string, std::size_t>{{"one", 6}, {"two", 6}});
    machine.drain(*one);
    machine.drain(*two);
    const auto stay = load();
    std::map<std::string, std::string> owner;
    for (int round = 0; round < 3; ++round) {
        for (int stream = 0; stream < 12; ++stream) machine.append("order-" + std::to_string(stream));
        machine.simulated.run_until_idle();
        for (auto* member : {one.get(), two.get()}) {
            const auto held = machine.next(*member);
            for (const auto& event : held.events) {
                CHECK(owner.try_emplace(event.stream, member->name()).first->second == member->name());
            }
            machine.acknowledge(*member, held);
        }
    }
    CHECK(load() == stay);
}

TEST_CASE("an event that keeps failing is tried elsewhere, then stops its stream and no other, and nothing is skipped",
          "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    const auto group = machine.open({.name = "mail", .attempts_max = 3, .retry_after = 5s});
    bool is_mended   = false;
    std::vector<std::string> tried_by;
    std::vector<std::shared_ptr<GroupMember>> members;
    for (const std::string name : {"one", "two"}) {
        auto joined = group->join(name, [&, name](const RecordedEvent& event) -> result<void> {
            if (event.data == "bad" && not is_mended) {
                tried_by.push_back(name);
                return fail(Failure::storage, "mail-down", "The mail server does not answer.");
            }
            machine.ledger.handed_over(name, event);
            machine.ledger.acknowledged(event);
            return done();
        });
        REQUIRE(joined);
        members.push_back(std::move(joined.value()));
    }
    for (int i = 0; i < 4; ++i) {
        machine.append("order-1");
        if (i == 1) {
            REQUIRE(machine.store->append(to("order-1", ExpectedVersion::any(), {note_of(machine.runtime, "bad")})));
        }
        machine.append("order-2");
    }
    machine.simulated.run_until_idle();
    CHECK(tried_by.size() == 1);
    machine.simulated.advance(5s - 1us);
    CHECK(tried_by.size() == 1);
    machine.simulated.advance(1us);
    machine.simulated.advance(1h);
    CHECK(tried_by.size() == 3);
    CHECK(tried_by[0] != tried_by[1]);
    const auto status = group->status();
    REQUIRE(status.stopped.size() == 1);
    CHECK(status.stopped[0].stream == "order-1");
    CHECK(status.stopped[0].attempts == 3);
    CHECK(status.stopped[0].error.code == "mail-down");
    CHECK(status.checkpoint == status.stopped[0].position - 1);
    CHECK(status.open == 3);
    CHECK(status.members.size() == 2);
    machine.append("order-2");
    machine.simulated.run_until_idle();
    CHECK(machine.ledger.times(machine.store->head()) == 1);

    CHECK(code_of(group->retry("order-2")) == "stream-not-stopped");
    is_mended = true;
    REQUIRE(group->retry("order-1"));
    CHECK(group->wait_for(machine.store->head(), machine.simulated.now() + 1h));
    CHECK(machine.ledger.broken() == "");
    CHECK(machine.ledger.each_is_handled(machine.store->head(), 1));
}

TEST_CASE("a member that asks can say that an event failed, and the rest of its batch is handed back",
          "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    const auto group = machine.open({.name = "mail", .retry_after = 5s});
    machine.append("order-1", 2);
    machine.append("order-2", 1);
    const auto one = machine.pull(*group, "one");
    const auto all = machine.next(*one);
    REQUIRE(positions_of(all) == Positions{1, 2, 3});
    REQUIRE(one->fail(all, 1, {Failure::storage, "mail-down", "The mail server does not answer."}));
    CHECK(positions_of(machine.next(*one)) == Positions{3});
    CHECK(group->status().checkpoint == 1);
}

TEST_CASE("an event over which members die stops its stream after as many attempts", "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    const auto group = machine.open({.name = "mail", .lease = 10s, .attempts_max = 2});
    machine.append("order-1");
    for (int death = 0; death < 2; ++death) {
        const auto member = machine.pull(*group, "member-" + std::to_string(death));
        CHECK(machine.next(*member).events.size() == 1);
        machine.simulated.advance(10s);
        CHECK(member->error());
    }
    CHECK(machine.next(*machine.pull(*group, "last")).events.empty());
    const auto status = group->status();
    REQUIRE(status.stopped.size() == 1);
    CHECK(status.stopped[0].error.code == "lease-ended");
}

TEST_CASE("a member can wait for events", "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    const auto group = machine.open({.name = "mail", .lease = 10s});
    const auto one   = machine.pull(*group, "one");
    machine.simulated.post_at(machine.simulated.now() + 1min, [&] { machine.append("order-1"); });
    const auto batch = one->next(machine.simulated.now() + 1h); // longer than a lease: who waits is alive
    REQUIRE(batch);
    CHECK(batch.value().events.size() == 1);
    REQUIRE(one->acknowledge(batch.value()));
    CHECK(one->next(machine.simulated.now() + 1s).value().events.empty());
}

} // namespace consumer_groups_contract_test
