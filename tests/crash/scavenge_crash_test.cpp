// Power cuts at every change of the disk while a scavenge goes on beside appends: positions, indexes and what stays are as
// they were, and the next scavenge makes of it what an undisturbed one would have made.
#include "simulated_disk/store_machine.hpp"
#include "support/every_store.hpp"
#include "support/sweep.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace scavenge_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr int streams = 4;
constexpr int rounds  = 40;

std::string name_of(int stream)
{
    return "desk-" + std::to_string(stream);
}

// Of stream 0 all goes, of stream 1 all but the last 5 of the first rounds, stream 2 has ended for good.
bool goes(const RecordedEvent& event)
{
    return event.stream == name_of(0) || event.stream == name_of(2) ||
           (event.stream == name_of(1) && event.version + 5 < rounds);
}

LevelDbStoreOptions options()
{
    auto options                 = StoreMachine::small_store();
    options.cluster_events       = 30;
    options.small_cluster_events = 30;
    options.cluster_memory_bytes = 4096;
    return options;
}

struct Written {
    std::map<Position, RecordedEvent> events; // by position; before the scavenge
    Position acknowledged = 0;                // appended meanwhile, too
};

void fill(StoreMachine& machine, LevelDbStore& store)
{
    const auto& runtime = machine.runtime();
    for (int round = 0; round < rounds; ++round) {
        AppendRequest request;
        for (int stream = 0; stream < streams; ++stream) {
            auto event          = note_of(runtime, std::string(100 + machine.executor().draw(300), 'x'));
            event.metadata.tags = {"round:" + std::to_string(round)};
            request.streams.push_back({name_of(stream), ExpectedVersion::any(), {event}});
        }
        REQUIRE(store.append(request));
        machine.executor().run_until_idle();
    }
    REQUIRE(store.compact());
    REQUIRE(delete_stream(store, runtime.ids, name_of(0)));
    REQUIRE(set_stream_limits(store, runtime.ids, name_of(1), {.truncate_before = rounds - 5}));
    REQUIRE(tombstone_stream(store, runtime.ids, name_of(2)));
}

// "" or what is wrong: every event that is there is as it was, and every one that must be there is.
std::string compare(const LevelDbStore& store, const Written& written, bool is_done)
{
    std::map<Position, RecordedEvent> found;
    for (auto& event : read_all(store)) found.emplace(event.position, std::move(event));
    if (store.head() < written.acknowledged) return "what was acknowledged is lost";
    for (const auto& [position, event] : written.events) {
        const auto there = found.find(position);
        if (there == found.end() && not goes(event)) return "lost: position " + std::to_string(position);
        if (there == found.end()) continue;
        if (is_done && goes(event)) return "not gone: position " + std::to_string(position);
        if (there->second != event) return "another event at position " + std::to_string(position);
    }
    for (int stream = 0; stream < streams; ++stream) {
        for (const auto& event : read_all(store, {.scope = Scope::stream(name_of(stream))})) {
            if (goes(event)) return "read from a stream whose limits hide it";
        }
        if (store.stream_length(name_of(stream)).value() < static_cast<std::uint64_t>(rounds)) return "a length shrank";
    }
    const auto report = store.verify();
    if (not report) return report.error().sentence;
    return report.value().findings.empty() ? "" : report.value().findings.front().sentence;
}

struct Point {
    DiskImage image;
    Position acknowledged = 0;
};

// A scavenge with appends in between, and the disk before each of its changes.
std::vector<Point> record_scavenge(DirectoryModel model, Written& written)
{
    StoreMachine machine{1, model};
    std::vector<Point> points;
    {
        auto store = std::move(machine.open(options()).value());
        fill(machine, *store);
        for (auto& event : read_all(*store)) written.events.emplace(event.position, std::move(event));
        Position acknowledged = store->head();
        machine.disk().before_each_change([&] { points.push_back({machine.disk().image(), acknowledged}); });
        const auto report = store->scavenge({}, [&](Position) -> result<void> {
            const auto note = note_of(machine.runtime(), std::string(300, 'y'));
            BOOST_OUTCOME_TRY(const auto appended, store->append(to("desk-3", ExpectedVersion::any(), {note})));
            acknowledged = appended.last_position;
            machine.executor().run_until_idle();
            return done();
        });
        REQUIRE(report);
        CHECK(report.value().events > 100);
        written.acknowledged = acknowledged;
        REQUIRE(compare(*store, written, true) == "");
    }
    points.push_back({machine.disk().image(), written.acknowledged});
    machine.process_ends();
    return points;
}

TEST_CASE("a power cut at any change of the disk while a scavenge goes on changes nothing else", "[crash][scavenge]")
{
    constexpr std::array tails{Tail::dropped, Tail::shortened, Tail::torn, Tail::kept};
    Sweep sweep{tails.size()}; // each change, with one of the tails
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        Written written;
        const auto points = record_scavenge(model, written);
        CHECK(points.size() > 100);
        for (std::size_t i = 0; i < points.size(); ++i) {
            for (const auto tail : tails) {
                if (not sweep.tries_next()) continue;
                written.acknowledged = points[i].acknowledged;
                StoreMachine machine{1000 + i, points[i].image};
                machine.disk().power_cut(tail);
                std::string after_crash;
                std::string after_scavenge = "not opened";
                {
                    auto store = machine.open(options());
                    REQUIRE(store);
                    after_crash      = compare(*store.value(), written, false);
                    const auto again = store.value()->scavenge({});
                    after_scavenge   = again ? compare(*store.value(), written, true) : again.error().sentence;
                }
                machine.process_ends();
                INFO(sweep << "directory model " << static_cast<int>(model) << ", tail " << static_cast<int>(tail)
                           << ", before change " << i + 1 << " of " << points.size());
                REQUIRE(after_crash == "");
                REQUIRE(after_scavenge == "");
            }
        }
    }
    INFO(sweep.tried() << " power cuts of " << sweep.points());
    CHECK(sweep.points() >= 1000);
}

TEST_CASE("a failing write or sync while a scavenge goes on ends it, and loses nothing", "[crash][scavenge][fault]")
{
    for (const auto operation : {Operation::write, Operation::sync}) {
        for (std::uint64_t number = 1;; ++number) {
            StoreMachine machine{1};
            Written written;
            bool happened = false;
            {
                auto store = std::move(machine.open(options()).value());
                fill(machine, *store);
                for (auto& event : read_all(*store)) written.events.emplace(event.position, std::move(event));
                written.acknowledged = store->head();
                machine.disk().fail({.operation = operation, .number = number, .half = operation == Operation::write});
                static_cast<void>(store->scavenge({}));
                happened = machine.disk().fault_happened();
            }
            machine.process_ends();
            if (not happened) {
                CHECK(number > 10);
                break;
            }
            machine.disk().power_cut(Tail::dropped);
            std::string wrong;
            {
                auto store = machine.open(options());
                REQUIRE(store);
                wrong            = compare(*store.value(), written, false);
                const auto again = store.value()->scavenge({});
                if (wrong.empty()) wrong = again ? compare(*store.value(), written, true) : again.error().sentence;
            }
            machine.process_ends();
            INFO("fault " << static_cast<int>(operation) << " number " << number);
            REQUIRE(wrong == "");
        }
    }
}

} // namespace scavenge_crash_test
