// Power cuts at every change of the disk that an export and an import make, and a disk that fails there.
#include "exchange/history_export.hpp"
#include "exchange/history_import.hpp"
#include "simulated_disk/branches.hpp"
#include "simulated_disk/store_machine.hpp"
#include "support/every_store.hpp"
#include "support/sweep.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <catch2/catch.hpp>

namespace exchange_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

const std::string exported = "/exports/history.jsonl";

LevelDbStoreOptions options_in(const std::string& directory)
{
    auto options      = StoreMachine::small_store();
    options.directory = directory;
    return options;
}

// What an import writes last: the places of events that are gone, in a write that is synced, or events.
enum class Ends : std::uint8_t { with_gone, with_events };

void fill(StoreMachine& machine, Ends ends)
{
    auto opened = machine.open(options_in("/first/log"));
    REQUIRE(opened);
    auto& store = *opened.value();
    for (int i = 0; i < 400; ++i) {
        auto request = to("stream-" + std::to_string(i % 3), ExpectedVersion::any(),
                          {note_of(machine.runtime(), std::string(100 + i, static_cast<char>('a' + i % 20)))});
        if (i % 5 == 0) {
            request.command.emplace();
            request.command->id     = machine.runtime().ids.next();
            request.command->stream = request.streams.front().stream;
        }
        REQUIRE(store.append(request));
        machine.executor().advance(std::chrono::milliseconds{1});
        run_background_work();
    }
    machine.disk().CreateDir("/exports");
    if (ends == Ends::with_events) return;
    REQUIRE(set_stream_limits(store, machine.runtime().ids, "stream-0", {.max_count = 20}));
    REQUIRE(store.scavenge({}));
}

result<ExportReport> export_first(StoreMachine& machine)
{
    BOOST_OUTCOME_TRY(const auto store, machine.open(options_in("/first/log")));
    return export_history(machine.runtime(), *store, exported, {});
}

std::string whole_export(Ends ends)
{
    StoreMachine machine{1};
    fill(machine, ends);
    REQUIRE(export_first(machine));
    machine.process_ends();
    return machine.disk().files().at(exported);
}

// A machine on which the file is, and no store.
void put_export(StoreMachine& machine, const std::string& text)
{
    machine.disk().CreateDir("/exports");
    machine.disk().replace(exported, text);
}

// "" when what stands in /second is the store of the export, or nothing that is taken for a store.
std::string wrong_import(StoreMachine& machine, const std::string& text, bool must_be_there)
{
    if (not machine.disk().FileExists("/second/log/CURRENT")) {
        if (must_be_there) return "what was imported is gone";
        const auto again = import_history(machine.runtime(), leveldb_engine(), exported, "/second", {});
        if (not again) return "importing again: " + again.error().sentence;
    }
    const auto store = machine.open(options_in("/second/log"));
    if (not store) return store.error().sentence;
    const auto report = store.value()->verify();
    if (not report) return report.error().sentence;
    if (report.value().findings_total > 0) return report.value().findings.front().sentence;
    std::string told;
    const auto take = [&](std::string_view piece) -> result<void> {
        told += piece;
        return done();
    };
    if (const auto exported_again = export_history(*store.value(), take, {}); not exported_again)
        return exported_again.error().sentence;
    return told == text ? "" : "what was imported is not what was exported";
}

// What is wrong with an import that has ended somehow, after a power cut.
std::string wrong_after(StoreMachine& machine, bool is_done, Tail tail, const std::string& text)
{
    machine.process_ends();
    machine.disk().power_cut(tail);
    put_export(machine, text);
    const auto wrong = wrong_import(machine, text, is_done);
    machine.process_ends();
    return wrong;
}

TEST_CASE("a power cut at any change of the disk leaves no import that is half done, and it goes on",
          "[crash][exchange]")
{
    const auto text  = whole_export(Ends::with_gone);
    const auto model = GENERATE(DirectoryModel::ordered, DirectoryModel::strict);
    StoreMachine machine{1, model};
    put_export(machine, text);
    Sweep sweep{6};
    Branches branches;
    machine.disk().before_each_change([&] {
        const auto point = machine.disk().operations() + 1;
        if (branches.in_one() || not sweep.tries_next()) return;
        if (branches.begin("power cut at change " + std::to_string(point))) machine.disk().crash_at(point);
    });
    const bool is_done = import_history(machine.runtime(), leveldb_engine(), exported, "/second", {}).has_value();
    machine.disk().before_each_change({});
    const auto wrong = wrong_after(machine, is_done, static_cast<Tail>(machine.disk().operations() % 4), text);
    if (branches.in_one()) branches.end(wrong);
    INFO(sweep << "directory model " << static_cast<int>(model));
    REQUIRE(branches.wrong() == "");
    REQUIRE(is_done);
    REQUIRE(wrong == "");
    CHECK(branches.ended() == sweep.tried());
    CHECK(sweep.points() > 100);
}

TEST_CASE("an import that says it is done is on the disk, whatever operation failed", "[crash][exchange][fault]")
{
    const auto text = whole_export(Ends::with_events);
    StoreMachine machine{1};
    put_export(machine, text);
    Sweep sweep{6};
    Branches branches;
    machine.disk().before_each_operation([&](Operation operation) {
        if (not is_change(operation) || operation == Operation::remove) return;
        if (branches.in_one() || not sweep.tries_next()) return;
        if (branches.begin("operation " + std::to_string(static_cast<int>(operation)) + " fails at " +
                           std::to_string(machine.disk().count(operation) + 1)))
            machine.disk().fail({.operation = operation, .half = operation == Operation::write});
    });
    const bool is_done = import_history(machine.runtime(), leveldb_engine(), exported, "/second", {}).has_value();
    machine.disk().before_each_change({});
    const auto wrong = wrong_after(machine, is_done, Tail::dropped, text);
    if (branches.in_one()) branches.end(wrong);
    INFO(sweep);
    REQUIRE(branches.wrong() == "");
    REQUIRE(is_done);
    REQUIRE(wrong == "");
    CHECK(branches.ended() == sweep.tried());
    CHECK(sweep.points() > 50);
}

TEST_CASE("a power cut at any change of the disk leaves a whole export or none under its name", "[crash][exchange]")
{
    const auto text = whole_export(Ends::with_gone);
    StoreMachine filled{1};
    fill(filled, Ends::with_gone);
    filled.process_ends();
    const auto image    = filled.disk().image();
    std::size_t cuts    = 0;
    std::size_t went_on = 0;
    for (std::uint64_t point = 1;; ++point) {
        StoreMachine machine{1, image};
        machine.disk().crash_at(machine.disk().operations() + point);
        const bool is_done = export_first(machine).has_value();
        const bool crashed = machine.disk().crashed();
        machine.process_ends();
        machine.disk().power_cut(static_cast<Tail>(point % 4));
        const auto files = machine.disk().files();
        INFO("power cut at change " << point);
        if (const auto whole = files.find(exported); whole != files.end()) {
            REQUIRE(whole->second == text);
        } else {
            REQUIRE_FALSE(is_done);
            went_on += files.contains(exported + ".part") ? 1 : 0;
            auto again = export_first(machine);
            if (not again && again.error().code == "export-differs") { // what the power left is no beginning of it
                machine.disk().replace(exported + ".part", std::nullopt);
                again = export_first(machine);
            }
            REQUIRE(again);
            REQUIRE(machine.disk().files().at(exported) == text);
        }
        machine.process_ends();
        cuts += crashed ? 1 : 0;
        if (not crashed) break;
    }
    CHECK(cuts > 5);
    CHECK(went_on > 0);
}

} // namespace exchange_crash_test
