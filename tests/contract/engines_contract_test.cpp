// What every engine must do besides reading and appending: its history, its upkeep, opening, and imports.
#include "support/machine_with_real_files.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/gone.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

namespace engines_contract_test {

using namespace eventloom;
using namespace eventloom::testing;

using Names = std::vector<std::string>;

struct EnginesMachine : SimulatedMachine {
    TemporaryDirectory directory;
    std::unique_ptr<EngineKind> memory = memory_engine();

    std::vector<EngineKind*> kinds() { return {&leveldb_engine(), memory.get()}; }

    Engine open(EngineKind& kind, const std::string& name, bool create_if_missing = true)
    {
        auto opened = kind.open(runtime, {.directory = path(kind, name), .create_if_missing = create_if_missing});
        REQUIRE(opened);
        return std::move(opened.value());
    }
    std::string path(const EngineKind& kind, const std::string& name) const
    {
        return directory.path() + "/" + kind.name() + "/" + name;
    }
    NewEvent event(const std::string& text) { return note_of(runtime, text); }
    CommandRecord command(const std::string& stream) { return {.id = simulated.next(), .stream = stream}; }
    void append(const Engine& engine, const std::string& stream, const Names& texts, bool with_command = false)
    {
        std::vector<NewEvent> events;
        for (const auto& text : texts) events.push_back(event(text));
        AppendRequest request;
        if (not events.empty()) request = to(stream, ExpectedVersion::any(), std::move(events));
        if (with_command) request.command = command(stream);
        REQUIRE(engine.store->append(request));
    }
};

// "one", "two", "command of note-1 after 2", ...
Names told(const Engine& engine, Position from)
{
    Names names;
    REQUIRE(engine.history->visit_history(
        from, {.event = [&](const RecordedEvent& event) -> result<void> {
                   names.push_back(is_gone(event) ? "gone from " + event.stream : event.data);
                   return done();
               },
               .command = [&](const CommandRecord& command) -> result<void> {
                   names.push_back("command of " + command.stream + " after " + std::to_string(command.last_position));
                   return done();
               }}));
    return names;
}

Names streams_of(const Engine& engine)
{
    Names names;
    REQUIRE(engine.history->visit_streams([&](std::string_view stream, std::uint64_t events) {
        names.push_back(std::string{stream} + ": " + std::to_string(events));
    }));
    return names;
}

void fill(EnginesMachine& machine, const Engine& engine)
{
    machine.append(engine, "note-2", {}, true);
    machine.append(engine, "note-2", {"one", "two"}, true);
    machine.append(engine, "note-2", {}, true);
    machine.append(engine, "note-1", {"three"});
    machine.append(engine, "note-2", {"four", "five"}, true);
}

TEST_CASE("an engine tells its history in the order of writing, with each command after its events",
          "[engine][contract]")
{
    EnginesMachine machine;
    for (auto* kind : machine.kinds()) {
        INFO(kind->name());
        const auto engine = machine.open(*kind, "told");
        fill(machine, engine);
        CHECK(told(engine, 1) == Names{"command of note-2 after 0", "one", "two", "command of note-2 after 2",
                                       "command of note-2 after 2", "three", "four", "five",
                                       "command of note-2 after 5"});
        CHECK(told(engine, 4) == Names{"four", "five", "command of note-2 after 5"});
        CHECK(told(engine, 6).empty());
        CHECK(streams_of(engine) == Names{"note-1: 1", "note-2: 4"});
    }
}

TEST_CASE("what a visitor of a history answers ends the visit", "[engine][contract]")
{
    EnginesMachine machine;
    for (auto* kind : machine.kinds()) {
        INFO(kind->name());
        const auto engine = machine.open(*kind, "ended");
        fill(machine, engine);
        Names names;
        const auto visited =
            engine.history->visit_history(2, {.event = [&](const RecordedEvent& event) -> result<void> {
                                                  names.push_back(event.data);
                                                  if (event.data != "three") return done();
                                                  return fail(Failure::unavailable, "enough", "That was enough.");
                                              },
                                              .command = [](const CommandRecord&) { return done(); }});
        REQUIRE_FALSE(visited);
        CHECK(visited.error().code == "enough");
        CHECK(names == Names{"two", "three"});
    }
}

TEST_CASE("an event that is taken out keeps its place in the history, and no reader sees it", "[engine][contract]")
{
    EnginesMachine machine;
    for (auto* kind : machine.kinds()) {
        INFO(kind->name());
        const auto engine = machine.open(*kind, "taken-out");
        fill(machine, engine);
        const auto before = read_all(*engine.store);
        REQUIRE(engine.upkeep->take_out({2}));
        CHECK(told(engine, 2) == Names{"gone from note-2", "command of note-2 after 2", "command of note-2 after 2",
                                       "three", "four", "five", "command of note-2 after 5"});
        auto left = before;
        left.erase(left.begin() + 1);
        CHECK(read_all(*engine.store) == left);
        CHECK(engine.store->find_event(before[1].id).value() == std::nullopt);
        CHECK(engine.store->stream_length("note-2").value() == 4);
        CHECK(engine.store->head() == 5);
        const auto report = engine.upkeep->verify();
        REQUIRE(report);
        CHECK(report.value().events == 5);
        CHECK(report.value().findings_total == 0);
    }
}

TEST_CASE("an engine finds a log again by its data directory, and one at a time has it open", "[engine][contract]")
{
    EnginesMachine machine;
    for (auto* kind : machine.kinds()) {
        INFO(kind->name());
        const auto missing =
            kind->open(machine.runtime, {.directory = machine.path(*kind, "none"), .create_if_missing = false});
        REQUIRE_FALSE(missing);
        CHECK(missing.error().code == "no-such-database");
        Names before;
        {
            const auto engine = machine.open(*kind, "kept");
            fill(machine, engine);
            before            = told(engine, 1);
            const auto second = kind->open(machine.runtime, {.directory = machine.path(*kind, "kept")});
            REQUIRE_FALSE(second);
            CHECK(second.error().code == "held-by-another-process");
        }
        const auto engine = machine.open(*kind, "kept", false);
        CHECK(told(engine, 1) == before);
        CHECK(engine.upkeep->fault() == std::nullopt);
        const auto properties = engine.upkeep->properties();
        REQUIRE(properties);
        CHECK(std::any_of(properties.value().properties.begin(), properties.value().properties.end(),
                          [](const StoreProperty& property) {
                              return property.name == "events" &&
                                     property.value == decltype(property.value){std::uint64_t{5}};
                          }));
    }
}

TEST_CASE("a log is removed when nobody has it open, together with the files of its directory", "[engine][contract]")
{
    EnginesMachine machine;
    for (auto* kind : machine.kinds()) {
        INFO(kind->name());
        const auto directory = machine.path(*kind, "removed");
        CHECK_FALSE(kind->has_log(machine.runtime, directory).value());
        int removals      = 0;
        const auto remove = [&] {
            return kind->remove_log(machine.runtime, directory, [&]() -> result<void> {
                ++removals;
                std::filesystem::remove_all(directory);
                return done();
            });
        };
        {
            const auto engine = machine.open(*kind, "removed");
            fill(machine, engine);
            const auto refused = remove();
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == "held-by-another-process");
            CHECK(removals == 0);
        }
        CHECK(kind->has_log(machine.runtime, directory).value());
        const auto failed = kind->remove_log(machine.runtime, directory, []() -> result<void> {
            return fail(Failure::storage, "stuck", "It was stuck.");
        });
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == "stuck");
        CHECK(kind->has_log(machine.runtime, directory).value());

        REQUIRE(remove());
        CHECK(removals == 1);
        CHECK_FALSE(kind->has_log(machine.runtime, directory).value());
        CHECK(machine.open(*kind, "removed").store->head() == 0);
    }
}

TEST_CASE("an import is seen when it is published, and not before", "[engine][contract]")
{
    EnginesMachine machine;
    for (auto* kind : machine.kinds()) {
        INFO(kind->name());
        const EngineOptions there{.directory = machine.path(*kind, "imported"), .create_if_missing = false};
        auto target = kind->open_import(machine.runtime, there.directory);
        REQUIRE(target);
        CHECK(target.value().is_new);
        fill(machine, target.value().engine);
        const auto imported = told(target.value().engine, 1);
        CHECK_FALSE(kind->open(machine.runtime, there));
        target.value().engine = {};
        REQUIRE(target.value().publish());
        CHECK(told(machine.open(*kind, "imported", false), 1) == imported);

        const auto again = kind->open_import(machine.runtime, there.directory);
        REQUIRE(again);
        CHECK_FALSE(again.value().is_new);
        CHECK(told(again.value().engine, 1) == imported);
    }
}

TEST_CASE("an engine does what it says that it can, and refuses the rest with a sentence", "[engine][contract]")
{
    EnginesMachine machine;
    for (auto* kind : machine.kinds()) {
        INFO(kind->name());
        const auto engine = machine.open(*kind, "able");
        fill(machine, engine);
        const auto can       = kind->abilities();
        const auto scavenged = engine.upkeep->scavenge({}, {});
        const auto compacted = engine.upkeep->compact();
        CHECK(scavenged.has_value() == can.scavenges);
        CHECK(compacted.has_value() == can.compacts);
        CHECK((engine.backup != nullptr) == can.backs_up);
        if (not scavenged) CHECK(scavenged.error().code == "engine-cannot");
        if (not compacted) CHECK(compacted.error().code == "engine-cannot");
        CHECK(engine.upkeep->sync());
    }
}

} // namespace engines_contract_test
