// How many sagas a second, how soon does one act, how many timers are taken up, and what do a million cost that wait?
#include "benches.hpp"

#include "support/phases.hpp"
#include "support/sagas/measured_sagas.hpp"

#include <fmt/core.h>
#include <leveldb/db.h>

#include <atomic>
#include <future>
#include <thread>

namespace bench {

namespace {

namespace el = eventloom;
using Steady = std::chrono::steady_clock;

constexpr int steps                  = 4;
constexpr int appends_of_a_saga      = steps + 2; // its begin event and its start; the last step is its end, too
constexpr std::size_t bytes_of_write = 500;       // of one of them

// Counts up to a number. Who waits for it is not woken before.
class Countdown {
public:
    void begin(std::uint64_t count)
    {
        left_ = count;
        over_ = {};
    }
    // True at the last one.
    bool count_one()
    {
        if (--left_ > 0) return false;
        over_.set_value();
        return true;
    }
    void wait()
    {
        require(over_.get_future().wait_for(std::chrono::minutes{10}) == std::future_status::ready, "all end");
    }

private:
    std::atomic<std::uint64_t> left_{0};
    std::promise<void> over_;
};

// As many sagas in flight as wanted: when one has ended, the next is begun.
class SagasInFlight {
public:
    SagasInFlight(const std::string& name, std::uint64_t in_flight, std::uint64_t sagas)
        : in_flight_{std::min(in_flight, sagas)}, sagas_{sagas}, machine_{fresh_directory(name), four_steps()}
    {
        machine_.start();
        subscription_ = machine_.bus.subscribe({.name = "ends", .types = {"saga-completed"}},
                                               [this](const el::Delivery& delivery) -> el::result<void> {
                                                   for (std::size_t i = 0; i < delivery.events.size(); ++i) end_one();
                                                   return el::done();
                                               });
    }
    ~SagasInFlight() { subscription_->stop(); }

    std::uint64_t run()
    {
        wanted_ += sagas_;
        left_.begin(sagas_);
        for (std::uint64_t i = 0; i < in_flight_; ++i) begin_one();
        left_.wait();
        return sagas_;
    }

    // Every saga has done each of its steps once.
    void check()
    {
        require(machine_.sagas.settle(end_of_patience()), "the engine has taken in what the last sagas did");
        machine_.require_all(el::SagaStatus::completed, wanted_);
        require(machine_.count_of("part-done") == wanted_ * steps, "every step is done once");
    }

private:
    void begin_one()
    {
        const auto number = begun_++;
        if (number >= wanted_) {
            --begun_;
            return;
        }
        machine_.begin(number, {}, [](const el::result<el::Appended>& appended) {
            require(appended.has_value(), "a saga is begun");
        });
    }
    void end_one()
    {
        begin_one();
        left_.count_one();
    }

    const std::uint64_t in_flight_;
    const std::uint64_t sagas_;
    std::atomic<std::uint64_t> wanted_{0};
    std::atomic<std::uint64_t> begun_{0};
    Countdown left_;
    SagaMachine machine_;
    std::shared_ptr<el::EventSubscription> subscription_;
};

// The appends of the same sagas, each sent when the one before it is acknowledged, as somebody would who needs no engine.
class AppendsInFlight {
public:
    AppendsInFlight(const std::string& name, std::uint64_t in_flight, std::uint64_t sagas)
        : in_flight_{std::min(in_flight, sagas)}, sagas_{sagas}, machine_{fresh_directory(name), four_steps()}
    {
    }

    std::uint64_t run()
    {
        wanted_ += sagas_;
        left_.begin(sagas_);
        const auto first = begun_.fetch_add(in_flight_);
        for (std::uint64_t i = 0; i < in_flight_; ++i) go_on(first + i, 0);
        left_.wait();
        begun_ = wanted_.load();
        return sagas_;
    }

    void check() const { require(machine_.count_of("part-done") == wanted_ * steps, "every step is there once"); }

private:
    el::StreamAppend events(const std::string& stream, const std::vector<std::string>& types) const
    {
        el::StreamAppend append{stream, el::ExpectedVersion::any(), {}};
        for (const auto& type : types) {
            append.events.push_back({.id       = machine_.runtime.ids.next(),
                                     .type     = type,
                                     .data     = std::string(note_bytes, 'x'),
                                     .metadata = {}});
        }
        return append;
    }

    void go_on(std::uint64_t saga, int append)
    {
        if (append == appends_of_a_saga) {
            const auto next = begun_++;
            if (not left_.count_one() && next < wanted_) go_on(next, 0);
            return;
        }
        const auto number = std::to_string(saga);
        el::AppendRequest request;
        if (append == 0) {
            request.streams.push_back(events("job-" + number, {"job-begun"}));
        } else if (append == 1) {
            request.streams.push_back(events("work-" + number, {"saga-started"}));
        } else {
            std::vector<std::string> marks{"saga-step-done"};
            if (append + 1 == appends_of_a_saga) marks.emplace_back("saga-completed");
            request.streams.push_back(events("work-" + number, marks));
            request.streams.push_back(events(fmt::format("part-{}/{}", saga, append), {"part-done"}));
        }
        machine_.store->append(std::move(request), [this, saga, append](const el::result<el::Appended>& appended) {
            require(appended.has_value(), "an append is acknowledged");
            go_on(saga, append + 1);
        });
    }

    const std::uint64_t in_flight_;
    const std::uint64_t sagas_;
    std::atomic<std::uint64_t> wanted_{0};
    std::atomic<std::uint64_t> begun_{0};
    Countdown left_;
    SagaMachine machine_;
};

struct Flight {
    std::uint64_t in_flight;
    std::uint64_t sagas;
    double target;
};

void add_flight(std::vector<Row>& rows, const Flight& flight, const Scale& scale)
{
    say(fmt::format("sagas, {} in flight", flight.in_flight));
    const auto count = scale.of(flight.sagas, flight.in_flight);
    SagasInFlight sagas{"sagas", flight.in_flight, count};
    AppendsInFlight appends{"sagas-appends", flight.in_flight, count};
    const auto figures =
        measure_in_turns(scale.rounds, {{"Eventloom", [&] { return sagas.run(); }},
                                        {"the same appends, no engine", [&] { return appends.run(); }}});
    sagas.check();
    appends.check();
    const auto name = fmt::format("sagas of four steps, {} in flight", flight.in_flight);
    rows.push_back(
        {.name = name, .unit = "sagas/s", .target = Target::at_least(flight.target), .figures = {figures[0]}});
    rows.push_back({.name    = name + ", beside their appends",
                    .unit    = "sagas/s",
                    .target  = Target::times_the_better(0.5),
                    .figures = figures});
}

// What the disk allows to somebody who waits for each write.
std::uint64_t write_in_a_row(leveldb::DB& database, std::uint64_t sagas)
{
    leveldb::WriteOptions synced;
    synced.sync = true;
    const std::string value(bytes_of_write, 'x');
    for (std::uint64_t i = 0; i < sagas * appends_of_a_saga; ++i) {
        require(database.Put(synced, std::to_string(i), value).ok(), "LevelDB writes");
    }
    return sagas;
}

void add_one_after_the_other(std::vector<Row>& rows, const Scale& scale)
{
    say("sagas, one after the other");
    const auto count = scale.of(500);
    SagasInFlight sagas{"sagas", 1, count};
    AppendsInFlight appends{"sagas-appends", 1, count};
    leveldb::Options options;
    options.create_if_missing = true;
    leveldb::DB* opened       = nullptr;
    const auto directory      = fresh_directory("sagas-leveldb");
    require(leveldb::DB::Open(options, directory, &opened).ok(), "LevelDB opens");
    const std::unique_ptr<leveldb::DB> database{opened};
    rows.push_back(
        {.name    = "sagas of four steps, one after the other",
         .unit    = "sagas/s",
         .target  = Target::times_the_better(0.8),
         .figures = measure_in_turns(scale.rounds, {{"Eventloom", [&] { return sagas.run(); }},
                                                    {"LevelDB, as many synced writes in a row",
                                                     [&] { return write_in_a_row(*database, count); }},
                                                    {"the same appends, no engine", [&] { return appends.run(); }}})});
    appends.check();
    sagas.check();
}

// In milliseconds: from the acknowledgement of a begin event to the first call of the saga; half of them, and 99 in a hundred.
std::array<double, 2> first_actions(std::uint64_t sagas, std::uint64_t sagas_a_second)
{
    std::vector<Steady::time_point> acknowledged(sagas);
    std::vector<Steady::time_point> acted(sagas);
    std::atomic<std::uint64_t> answers{0};
    std::atomic<std::uint64_t> actions{0};
    {
        SagaMachine machine{fresh_directory("sagas"), waits_and_calls(), [&](std::uint64_t number) {
                                acted[number] = Steady::now();
                                ++actions;
                            }};
        machine.start();
        const auto began = Steady::now();
        for (std::uint64_t i = 0; i < sagas; ++i) {
            std::this_thread::sleep_until(began + std::chrono::nanoseconds{i * 1'000'000'000 / sagas_a_second});
            machine.begin(i, {}, [&, i](const el::result<el::Appended>& appended) {
                require(appended.has_value(), "a saga is begun");
                acknowledged[i] = Steady::now();
                ++answers;
            });
        }
        const auto all_acted = [&] { return answers == sagas && actions == sagas; };
        require(machine.executor.wait_until(all_acted, end_of_patience()), "every saga acts once");
        require(machine.sagas.settle(end_of_patience()), "the sagas end");
        machine.require_all(el::SagaStatus::completed, sagas);
    }
    std::vector<double> waits;
    for (std::uint64_t i = 0; i < sagas; ++i) {
        // Who acted before the appender was told did not wait.
        waits.push_back(std::max(0.0, std::chrono::duration<double, std::milli>(acted[i] - acknowledged[i]).count()));
    }
    std::sort(waits.begin(), waits.end());
    return {waits[waits.size() / 2], waits[waits.size() * 99 / 100]};
}

void add_first_actions(std::vector<Row>& rows, const Scale& scale)
{
    say("sagas, from the begin event to the first action");
    std::array<std::vector<double>, 2> of_rounds;
    for (unsigned round = 0; round < scale.rounds; ++round) {
        const auto waits = first_actions(2'000, 1'000);
        for (std::size_t i = 0; i < waits.size(); ++i) of_rounds[i].push_back(waits[i]);
    }
    const std::string name = "begin event acknowledged to first action at 1000/s";
    rows.push_back({.name = name + ", p50", .unit = "ms", .figures = {{"Eventloom", spread_of(of_rounds[0])}}});
    rows.push_back({.name    = name + ", p99",
                    .unit    = "ms",
                    .target  = Target::at_most(10),
                    .figures = {{"Eventloom", spread_of(of_rounds[1])}}});
}

// All wait for the same moment; it ends with the last of them that has gone on.
double timers_a_second(std::uint64_t sagas)
{
    SagaMachine machine{fresh_directory("sagas"), waits()};
    machine.start();
    // Later than they are all there, even where they begin slowly.
    const auto moment = el::system_clock().now() + std::chrono::seconds{5} + sagas * std::chrono::microseconds{500};
    machine.begin_all(sagas, [&](std::uint64_t) { return moment; });
    machine.require_all(el::SagaStatus::running, sagas);
    require(el::system_clock().now() < moment, "all wait before their moment comes");
    std::this_thread::sleep_for(moment - el::system_clock().now());
    const auto seconds = seconds_of([&] {
        const auto all_ended = [&] {
            const auto counts = machine.sagas.count();
            return counts.value().size() == 1 && counts.value().begin()->first == el::SagaStatus::completed;
        };
        while (not all_ended()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    });
    machine.require_all(el::SagaStatus::completed, sagas);
    require(machine.count_of("saga-completed") == sagas && machine.count_of("saga-step-done") == sagas,
            "each timer is taken up once");
    return static_cast<double>(sagas) / seconds;
}

void add_timers(std::vector<Row>& rows, const Scale& scale)
{
    say("timers due at once");
    std::vector<double> rates;
    for (unsigned round = 0; round < std::min(scale.rounds, 3u); ++round) {
        rates.push_back(timers_a_second(scale.of(50'000)));
    }
    rows.push_back({.name    = "timers due at once, taken up",
                    .unit    = "timers/s",
                    .target  = Target::at_least(50'000),
                    .figures = {{"Eventloom", spread_of(rates)}}});
}

void add_waiting(std::vector<Row>& rows, const Scale& scale)
{
    const auto sagas     = scale.of(1'000'000);
    const auto directory = fresh_directory("sagas-waiting");
    say(fmt::format("{} sagas that wait", sagas));
    const auto begun   = run_phase("begin-sagas", directory, sagas);
    const auto waiting = run_phase("wait-sagas", directory, sagas);
    remove_directory(directory);
    const auto name = fmt::format("{} sagas that wait for days: ", sagas);
    const auto add  = [&](const std::string& what, const std::string& unit, double value, double at_most) {
        rows.push_back({.name    = name + what,
                         .unit    = unit,
                         .target  = Target::at_most(at_most),
                         .figures = {once("Eventloom", value)}});
    };
    rows.push_back({.name    = name + "begun",
                    .unit    = "sagas/s",
                    .figures = {once("Eventloom", static_cast<double>(sagas) / begun.at("seconds"))}});
    rows.push_back({.name    = name + "peak memory while they are begun",
                    .unit    = "MiB",
                    .figures = {once("Eventloom", begun.at("peak_mib"))},
                    .note    = "most of it is what the store needs while it writes, as without sagas"});
    add("peak memory of a process that goes on with them", "MiB", waiting.at("peak_mib"), 256);
    add("start to first action", "s", waiting.at("first_action"), 5);
    add("a page of a hundred by status and key", "ms", waiting.at("page_by_key"), 100);
    add("a page by step, which finds none", "ms", waiting.at("page_by_step"), 100);
}

} // namespace

std::vector<Row> measure_sagas(const Scale& scale)
{
    std::vector<Row> rows;
    add_flight(rows, {.in_flight = 64, .sagas = 10'000, .target = 5'000}, scale);
    add_flight(rows, {.in_flight = 1'024, .sagas = 20'000, .target = 7'000}, scale);
    add_one_after_the_other(rows, scale);
    add_first_actions(rows, scale);
    add_timers(rows, scale);
    add_waiting(rows, scale);
    return rows;
}

} // namespace bench
