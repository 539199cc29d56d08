// How many durable events a second: one caller and many, one event a call and a hundred, waiting or not?
#include "benches.hpp"

#include "support/orders/in_flight.hpp"
#include "support/orders/order_event.hpp"
#include "yardsticks/tested_store.hpp"

#include <latch>
#include <thread>

namespace bench {

namespace {

namespace el = eventloom;

// The appends of one turn, for each thread its own, in streams of its own.
class Turns {
public:
    Turns(unsigned threads, unsigned events_a_call, std::uint64_t appends)
        : events_a_call_{events_a_call}, appends_{appends / threads}, work_(threads), lengths_(threads)
    {
    }

    void prepare()
    {
        // Ids are in the order of time, as those of version 7 are, and so in turn for all threads.
        for (auto& appends : work_) appends.clear();
        for (std::uint64_t i = 0; i < appends_; ++i) {
            for (std::size_t thread = 0; thread < work_.size(); ++thread) {
                std::vector<el::NewEvent> events;
                for (unsigned k = 0; k < events_a_call_; ++k) events.push_back(event_of(number_++));
                work_[thread].emplace_back().add("order-" + std::to_string(thread), lengths_[thread],
                                                 std::move(events));
                lengths_[thread] += events_a_call_;
            }
        }
    }

    std::uint64_t run(TestedStore& store) const
    {
        if (work_.size() == 1) {
            for (const auto& append : work_[0]) store.append(append);
        } else {
            std::latch ready{static_cast<std::ptrdiff_t>(work_.size())};
            std::vector<std::thread> threads;
            for (const auto& appends : work_) {
                threads.emplace_back([&] {
                    ready.arrive_and_wait();
                    for (const auto& append : appends) store.append(append);
                });
            }
            for (auto& thread : threads) thread.join();
        }
        return events();
    }

    std::uint64_t events() const { return work_.size() * appends_ * events_a_call_; }
    std::uint64_t events_of_all_turns() const { return number_; }

private:
    unsigned events_a_call_;
    std::uint64_t appends_; // of each thread
    std::vector<std::vector<PreparedAppend>> work_;
    std::vector<std::uint64_t> lengths_;
    std::uint64_t number_ = 0;
};

// 1,024 streams in turn, one event each.
class TurnsInFlight {
public:
    explicit TurnsInFlight(std::uint64_t appends) : appends_{appends} {}

    void prepare()
    {
        work_.clear();
        for (std::uint64_t i = 0; i < appends_; ++i, ++number_) {
            std::vector<el::NewEvent> events{event_of(number_)};
            work_.emplace_back().add("order-" + std::to_string(number_ % 1'024), number_ / 1'024, std::move(events));
        }
    }
    std::uint64_t run(el::EventStore& store) { return append_in_flight(store, work_); }

private:
    std::uint64_t appends_;
    std::vector<PreparedAppend> work_;
    std::uint64_t number_ = 0;
};

struct Case {
    std::string name;
    unsigned threads;
    unsigned events_a_call;
    std::uint64_t appends; // of all threads in a turn
    double target;
};

void check_all_there(TestedStore& store, const Turns& turns, const std::string& who)
{
    std::uint64_t events = 0;
    std::uint64_t bytes  = 0;
    store.read_log([&](const SeenEvent& event) {
        ++events;
        bytes += event.data.size();
    });
    require(events == turns.events_of_all_turns() && bytes == events * event_bytes, who + " holds every event");
}

// The rows of one number of callers: beside the waiting ones, where there are many, one caller with many in flight.
std::vector<Row> measure_case(const Case& measured, const Scale& scale)
{
    say("append: " + measured.name);
    const auto callers     = measured.threads == 1 ? Callers::one : Callers::many;
    const auto ours        = open_eventloom(fresh_directory("append"), el::Durability::synced);
    const auto leveldb     = open_leveldb_yardstick(fresh_directory("append-leveldb"), callers);
    const auto sqlite      = open_sqlite_yardstick(fresh_directory("append-sqlite"), callers);
    const bool with_flight = measured.threads > 1 && measured.events_a_call == 1;
    const auto flying      = open_eventloom(fresh_directory("append-in-flight"), el::Durability::synced);

    const auto appends = scale.of(measured.appends, measured.threads);
    std::vector<Turns> turns(3, Turns{measured.threads, measured.events_a_call, appends});
    TurnsInFlight in_flight{scale.of(100'000, appends_in_flight)};
    const auto contender = [&](const std::string& who, std::size_t index, TestedStore& store) {
        return Contender{who, [&, index] { return turns[index].run(store); }, [&, index] { turns[index].prepare(); }};
    };
    std::vector<Contender> contenders{contender("Eventloom", 0, *ours), contender("LevelDB", 1, *leveldb),
                                      contender("SQLite", 2, *sqlite)};
    if (with_flight) {
        contenders.push_back(
            {"Eventloom", [&] { return in_flight.run(flying->store()); }, [&] { in_flight.prepare(); }});
    }
    auto figures = measure_in_turns(scale.rounds, contenders);
    check_all_there(*ours, turns[0], "Eventloom");
    check_all_there(*leveldb, turns[1], "LevelDB");
    check_all_there(*sqlite, turns[2], "SQLite");

    std::vector<Row> rows{{.name    = "append, " + measured.name,
                           .unit    = "events/s",
                           .target  = Target::times_the_better(measured.target),
                           .figures = {figures[0], figures[1], figures[2]}}};
    if (with_flight) {
        rows.push_back({.name    = "append, 1 thread, 1,024 appends in flight",
                        .unit    = "events/s",
                        .target  = Target::times_the_better(4),
                        .figures = {figures[3], figures[1], figures[2]},
                        .note    = "the yardsticks have no such call: theirs are the figures of the row above"});
    }
    return rows;
}

} // namespace

std::vector<Row> measure_appends(const Scale& scale)
{
    const std::vector<Case> cases{{"1 thread, 1 event a call", 1, 1, 2'000, 1},
                                  {"64 threads, 1 event a call", 64, 1, 20'000, 1.5},
                                  {"1 thread, 100 events a call", 1, 100, 500, 1.25},
                                  {"64 threads, 100 events a call", 64, 100, 2'000, 3}};
    std::vector<Row> rows;
    for (const auto& one : cases) {
        for (auto& row : measure_case(one, scale)) rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace bench
