// What is written beside a command.
#include "support/answers.hpp"
#include "support/sending_machine.hpp"

#include <catch2/catch.hpp>

namespace beside_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("what is beside a command is in its append, and not in its receipt", "[framework][command-bus][sending]")
{
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    const SendOptions options{.command_id = derived_uuid({"add", "beside"})};
    REQUIRE(machine.commands.send(machine.counter, Add{1}));
    const auto answer = machine.send_beside(Add{5}, machine.mark(ExpectedVersion::no_stream()), options);
    REQUIRE(answer);
    CHECK(answer.value().events == 1);
    CHECK(answer.value().last_version == 1);
    CHECK(answer.value().position == 3);
    const auto events = read_all(machine.store);
    REQUIRE(events.size() == 3);
    CHECK(events[1].stream == "mark-1");
    CHECK(events[2].stream == "counter-1");
    CHECK(machine.value_of(machine.counter) == 6);

    // Of a command that had been carried out nothing is written again, whatever is beside it now.
    const auto again = machine.send_beside(Add{5}, machine.mark(ExpectedVersion::exactly(77)), options);
    REQUIRE(again);
    CHECK(again.value().repeated);
    CHECK(again.value().events == 1);
    CHECK(again.value().last_version == 1);
    CHECK(again.value().position == 3);
    CHECK(machine.store.head() == 3);
}

TEST_CASE("what is beside a command is written when the command gives no event, and not when it fails",
          "[framework][command-bus][sending]")
{
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    const SendOptions options{.command_id = derived_uuid({"add", "nothing"})};
    CHECK(code_of(machine.send_beside(Add{-1}, machine.mark(ExpectedVersion::no_stream()), options)) == "not-positive");
    CHECK(machine.store.head() == 0);

    const auto answer = machine.send_beside(Add{0}, machine.mark(ExpectedVersion::no_stream()), options);
    REQUIRE(answer);
    CHECK(answer.value().events == 0);
    CHECK(answer.value().position == 1);
    CHECK(machine.store.stream_length("mark-1").value() == 1);
    CHECK(machine.store.find_command(options.command_id).value()->count == 0);
    const auto again = machine.send_beside(Add{0}, machine.mark(ExpectedVersion::exactly(0)), options);
    CHECK(again.value().repeated);
    CHECK(again.value().events == 0);
    CHECK(machine.store.head() == 1);

    const auto without_id = machine.send_beside(Add{0}, machine.mark(ExpectedVersion::exactly(0)));
    CHECK(without_id.value().events == 0);
    CHECK(machine.store.head() == 2);
}

TEST_CASE("a command is not decided again when what is beside it has changed", "[framework][command-bus][sending]")
{
    const NoInterruption at_the_end;
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    CommandBus other{machine.runtime, machine.store};
    int decided = 0;
    SECTION("it is another than the sender knew")
    {
        REQUIRE(machine.store.append(to("mark-1", ExpectedVersion::any(), {machine.event(), machine.event()})));
        Interruption::run = [&] { ++decided; };
        const auto answer = machine.send_beside(AddSlowly{1}, machine.mark(ExpectedVersion::exactly(0)));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Failure::conflict);
        CHECK(answer.error().code == "beside-changed");
        CHECK(answer.error().sentence ==
              "sent AddSlowly to counter-1 with an append to mark-1 beside it, which expected version 0 but found "
              "version 1; nothing was written; read mark-1 and decide again whether to send it");
        CHECK(decided == 1);
        CHECK(machine.store.head() == 2);
    }
    SECTION("both have changed")
    {
        Interruption::run = [&] {
            if (++decided > 1) return;
            other.send(machine.counter, Add{10}, {}, [](const result<Receipt>&) {});
            machine.store.append(to("mark-1", ExpectedVersion::any(), {machine.event()}), [](const auto&) {});
        };
        const auto answer = machine.send_beside(AddSlowly{1}, machine.mark(ExpectedVersion::no_stream()));
        CHECK(code_of(answer) == "beside-changed");
        CHECK(decided == 1);
        CHECK(machine.store.head() == 2);
    }
    SECTION("but it is, when only its own stream has changed")
    {
        Interruption::run = [&] {
            if (++decided <= 2) other.send(machine.counter, Add{10}, {}, [](const result<Receipt>&) {});
        };
        const auto answer = machine.send_beside(AddSlowly{1}, machine.mark(ExpectedVersion::no_stream()));
        REQUIRE(answer);
        CHECK(decided == 3);
        CHECK(answer.value().last_version == 2);
        CHECK(machine.store.stream_length("mark-1").value() == 1);
        CHECK(machine.value_of(machine.counter) == 21);
    }
}

} // namespace beside_test
