// How far a consumer group is, how that is kept, and how much of the log it holds in memory.
#include "support/group_machine.hpp"

#include <eventloom/storage/database.hpp>

#include <catch2/catch.hpp>

namespace consumer_groups_checkpoint_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

TEST_CASE("every event store's groups go on exactly after what was acknowledged", "[eventstore][contract][groups]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    GroupMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        for (int round = 0; round < 50; ++round) {
            for (int stream = 0; stream < 4; ++stream) machine.append("order-" + std::to_string(stream));
        }
        Positions handled;
        {
            const auto group = machine.open({.name = "mail", .batch_events_max = 7});
            const auto one   = machine.pull(*group, "one");
            const auto two   = machine.pull(*group, "two");
            const auto held  = machine.next(*one);
            machine.acknowledge(*one, held, 3);
            handled = machine.drain(*two);
            for (std::size_t i = 0; i < 3; ++i) handled.push_back(held.events[i].position);
            CHECK(handled.size() > 100);
            CHECK(group->status().open > 50);
        }
        machine.open_groups();
        machine.append("order-9");
        CHECK(machine.groups->names().value() == std::vector<std::string>{"mail"});
        // Less room than there are open events: they are read again as there is room.
        const auto group = machine.open({.name = "mail", .buffered_events_max = 16});
        const auto one   = machine.pull(*group, "one");
        CHECK(group->status().buffered_events == 16);
        auto rest = machine.drain(*one);
        CHECK(group->status().checkpoint == 201);
        rest.insert(rest.end(), handled.begin(), handled.end());
        std::sort(rest.begin(), rest.end());
        REQUIRE(rest.size() == 201);
        for (Position position = 1; position <= 201; ++position) REQUIRE(rest[position - 1] == position);
        CHECK(machine.ledger.broken() == "");
    }
}

TEST_CASE("every event store's groups hold no more in memory than they may, and a stalled member holds up no other",
          "[eventstore][contract][groups]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    GroupMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        constexpr std::size_t bound = 24;
        const auto group =
            machine.open({.name = "mail", .lease = 1h, .batch_events_max = 4, .buffered_events_max = bound});
        const auto stalled = machine.pull(*group, "stalled");
        machine.append("slow-1", 3);
        machine.simulated.run_until_idle();
        const auto held  = machine.next(*stalled);
        const auto other = machine.pull(*group, "other");
        REQUIRE(held.events.size() == 3);
        std::size_t came = 0;
        for (int i = 0; i < 200; ++i) {
            machine.append("quick-1");
            machine.simulated.run_until_idle();
            CHECK(group->status().buffered_events <= bound);
            if (i % 3 == 0) came += machine.drain(*other).size();
        }
        came += machine.drain(*other).size();
        CHECK(came == 200);
        CHECK(group->status().checkpoint == 0);
        CHECK(group->status().open == 3);

        // A stream that stands still fills the buffer in the end: then nothing is read, until it moves on.
        machine.append("slow-1", 300);
        machine.append("quick-1", 1);
        machine.simulated.run_until_idle();
        CHECK(group->status().buffered_events == bound);
        CHECK(machine.drain(*other).empty());
        machine.acknowledge(*stalled, held);
        for (int round = 0; round < 100; ++round) {
            machine.drain(*stalled);
            machine.drain(*other);
        }
        CHECK(group->status().lag == 0);
        CHECK(machine.ledger.broken() == "");
        CHECK(machine.ledger.each_is_handled(machine.store->head(), 1));
    }
}

TEST_CASE("a group's memory is bounded in bytes, and an event beyond the bound passes alone", "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    const auto group = machine.open({.name = "mail", .buffered_bytes_max = 10'000});
    for (int i = 0; i < 6; ++i) {
        REQUIRE(machine.store->append(to("order-" + std::to_string(i), ExpectedVersion::any(),
                                         {note_of(machine.runtime, std::string(i == 3 ? 50'000 : 4'000, 'x'))})));
    }
    const auto one = machine.pull(*group, "one");
    CHECK(group->status().buffered_events <= 3);
    CHECK(machine.drain(*one).size() == 6);
    CHECK(group->status().buffered_bytes == 0);
}

TEST_CASE("every event store's groups get what they asked for, by category, stream, type and tag",
          "[eventstore][contract][groups]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    GroupMachine machine{kind};
    const auto append_round = [&] {
        machine.append("order-1", 1, "placed", {"customer:ada"});
        machine.append("order-2", 1, "placed", {"customer:bob"});
        machine.append("order-1", 1, "paid", {"customer:ada"});
        machine.append("stock-1", 1, "placed", {});
    };
    const auto scenario = GENERATE(0, 1, 2, 3, 4, 5);
    const std::vector<std::pair<ConsumerGroupOptions, Positions>> wanted{
        {{.name = "g", .scope = Scope::category("order"), .types = {"placed"}}, {1, 2, 5, 6}},
        {{.name = "g", .scope = Scope::stream("order-1")}, {1, 3, 5, 7}},
        {{.name = "g", .types = {"placed"}}, {1, 2, 4, 5, 6, 8}},
        {{.name = "g", .scope = Scope::tag("customer:ada")}, {1, 3, 5, 7}},
        {{.name  = "g",
          .scope = Scope::matching({{{.types = {"paid"}, .tags = {"customer:ada"}}, {.tags = {"customer:bob"}}}})},
         {2, 3, 6, 7}},
        {{.name = "g", .scope = Scope::category("order"), .after = 4}, {5, 6, 7}}};
    const auto& [options, expected] = wanted[static_cast<std::size_t>(scenario)];
    DYNAMIC_SECTION(kind.name << ", scope " << scenario)
    {
        append_round();
        if (options.after > 0) append_round();
        const auto group = machine.open(options);
        const auto one   = machine.pull(*group, "one");
        auto came        = machine.drain(*one);
        if (options.after == 0) append_round();
        const auto live = machine.drain(*one);
        came.insert(came.end(), live.begin(), live.end());
        std::sort(came.begin(), came.end());
        CHECK(came == expected);
        CHECK(group->status().checkpoint == 8);
        CHECK(group->status().lag == 0);
    }
}

TEST_CASE("acknowledgements are written together, and soon", "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    machine.append("order-1", 3);
    auto group     = machine.open({.name = "mail", .write_every = 20ms});
    const auto one = machine.pull(*group, "one");
    machine.acknowledge(*one, machine.next(*one));
    machine.simulated.advance(20ms);
    group.reset();
    CHECK(code_of(one->next()) == "group-closed");
    REQUIRE(one->error());
    CHECK(one->error()->code == "group-closed");
    group = machine.open({.name = "mail"});
    CHECK(group->status().checkpoint == 3);
}

TEST_CASE("what a group cannot be is refused with a code", "[eventstore][groups]")
{
    GroupMachine machine{any_store()};
    machine.append("order-1", 3);
    CHECK(code_of(machine.groups->open_group({.name = ""})) == "invalid-group-name");
    CHECK(code_of(machine.groups->open_group({.name = "a\nb"})) == "invalid-group-name");
    CHECK(code_of(machine.groups->open_group({.name = "new", .after = 4})) == "group-begins-after-log");
    {
        const auto group = machine.open({.name = "mail", .after = 3});
        CHECK(code_of(machine.groups->open_group({.name = "mail"})) == "group-is-open");
        const auto one = machine.pull(*group, "one");
        CHECK(code_of(group->join("one")) == "member-name-taken");
        CHECK(machine.drain(*one).empty());
    }
    // Its beginning was kept: another `after` changes nothing.
    machine.append("order-1", 1);
    CHECK(machine.drain(*machine.pull(*machine.open({.name = "mail"}), "one")) == Positions{4});

    // Another log than the one that was handled.
    machine.groups.reset();
    machine.store.store = any_store().open(machine.runtime).store;
    machine.open_groups();
    CHECK(code_of(machine.groups->open_group({.name = "mail"})) == "log-behind-checkpoint");
}

TEST_CASE("a damaged checkpoint is named, whatever byte it is", "[eventstore][groups][damage]")
{
    GroupMachine machine{any_store()};
    for (int i = 0; i < 9; ++i) machine.append("order-" + std::to_string(i % 3));
    {
        const auto group = machine.open({.name = "mail", .batch_events_max = 2});
        const auto one   = machine.pull(*group, "one");
        machine.acknowledge(*one, machine.next(*one), 1);
    }
    machine.groups.reset();
    const DatabaseOptions database{.directory = machine.directory.path() + "/groups"};
    const auto with_value = [&](const std::string& value) {
        {
            auto opened = Database::open(machine.runtime, database);
            REQUIRE(opened);
            Batch batch;
            batch.put("gmail", value);
            REQUIRE(opened.value()->write(batch, Durability::buffered));
        }
        machine.open_groups();
        const auto code = code_of(machine.groups->open_group({.name = "mail"}));
        machine.groups.reset();
        return code;
    };
    std::string value;
    {
        auto opened = Database::open(machine.runtime, database);
        REQUIRE(opened);
        value = opened.value()->get("gmail").value().value();
    }
    REQUIRE(value.size() > 10);
    CHECK(with_value(value) == "");
    for (std::size_t at = 0; at < value.size(); ++at) {
        auto flipped = value;
        flipped[at]  = static_cast<char>(flipped[at] ^ 1);
        CHECK(with_value(flipped) == "damaged-checkpoint");
        CHECK(with_value(value.substr(0, at)) == "damaged-checkpoint");
    }
}

} // namespace consumer_groups_checkpoint_test
