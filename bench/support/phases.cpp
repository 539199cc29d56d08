#include "support/phases.hpp"

#include "support/measuring/measure.hpp"
#include "support/messages/waiting_jobs.hpp"
#include "support/orders/in_flight.hpp"
#include "support/orders/order_event.hpp"
#include "support/orders/order_lives.hpp"
#include "support/sagas/waiting_sagas.hpp"

#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/storage/system_files.hpp>

#include <leveldb/db.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

namespace el = eventloom;

constexpr std::uint64_t appends_a_chunk = 10'000; // made before the clock runs; more would be memory of the bench

struct Child {
    pid_t process = 0;
    std::FILE* output; // what it prints
};

Child start(const std::string& phase, const std::string& directory, std::uint64_t events)
{
    int ends[2];
    require(pipe(ends) == 0, "a pipe");
    const auto number = std::to_string(events);
    const pid_t child = fork();
    require(child >= 0, "a process");
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        // LevelDB's threads do not live on in a fork: the program starts anew.
        execl("/proc/self/exe", "eventloom_bench", "phase", phase.c_str(), directory.c_str(), number.c_str(), nullptr);
        _exit(1);
    }
    close(ends[1]);
    return {child, fdopen(ends[0], "r")};
}

std::string read_line(std::FILE* from)
{
    std::string line;
    for (int next = std::fgetc(from); next != EOF && next != '\n'; next = std::fgetc(from)) {
        line.push_back(static_cast<char>(next));
    }
    return line;
}

// "VmHWM:  123 kB" in one file under /proc/self, "write_bytes: 123" in another.
double own_figure(const char* file, const std::string& name)
{
    std::ifstream lines{file};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(name)) return std::stod(line.substr(name.size()));
    }
    require(false, "the kernel tells about this process");
    return 0;
}

void finish(nlohmann::json report)
{
    report["peak_mib"]      = own_figure("/proc/self/status", "VmHWM:") / 1024;
    report["written_bytes"] = own_figure("/proc/self/io", "write_bytes:");
    std::printf("%s\n", report.dump().c_str());
    std::fflush(stdout);
}

// Event number n goes to stream n modulo the number of streams: each has ten in the end.
std::vector<PreparedAppend> chunk_of(std::uint64_t first, std::uint64_t count, std::uint64_t streams)
{
    std::vector<PreparedAppend> chunk(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto number = first + i;
        std::vector<el::NewEvent> events{event_of(number)};
        chunk[i].add("order-" + std::to_string(number % streams), number / streams, std::move(events));
    }
    return chunk;
}

void write_all(const std::string& directory, std::uint64_t events)
{
    const auto streams = events / 10;
    std::vector<double> seconds(100);
    {
        const auto ours = open_eventloom(directory, el::Durability::synced);
        const auto step = std::min(appends_a_chunk, events / 100);
        for (std::uint64_t first = 0; first < events; first += step) {
            auto chunk = chunk_of(first, step, streams);
            seconds[first * 100 / events] += seconds_of([&] { append_in_flight(ours->store(), chunk); });
        }
        require(ours->store().head() == events, "every event is there");
    }
    finish({{"seconds_of_hundredths", seconds}, {"payload_bytes", events * event_bytes}});
}

// Says after each chunk what stands acknowledged, until it is killed.
void write_until_killed(const std::string& directory, std::uint64_t events)
{
    const auto ours    = open_eventloom(directory, el::Durability::synced);
    const auto streams = events / 10;
    for (std::uint64_t first = events;; first += appends_a_chunk) {
        auto chunk = chunk_of(first, appends_a_chunk, streams);
        append_in_flight(ours->store(), chunk);
        std::printf("%llu\n", static_cast<unsigned long long>(first + appends_a_chunk));
        std::fflush(stdout);
    }
}

void open_and_close(const std::string& directory)
{
    std::unique_ptr<TestedEventloom> ours;
    const auto seconds = seconds_of([&] { ours = open_eventloom(directory, el::Durability::synced); });
    const auto head    = ours->store().head();
    ours.reset();
    finish({{"seconds", seconds}, {"head", head}});
}

void read_all(const std::string& directory, std::uint64_t events)
{
    const auto ours    = open_eventloom(directory, el::Durability::synced);
    std::uint64_t seen = 0;
    const auto seconds = seconds_of([&] {
        ours->read_log([&](const SeenEvent& event) {
            require(event.position == ++seen && event.data.size() == event_bytes, "positions have no gap");
        });
    });
    require(seen == events, "every event is read");
    finish({{"seconds", seconds}});
}

void verify_all(const std::string& directory)
{
    const auto ours      = open_eventloom(directory, el::Durability::synced);
    std::uint64_t events = 0;
    const auto seconds   = seconds_of([&] {
        const auto report = ours->store().verify();
        require(report.has_value() && report.value().findings_total == 0, "the store is whole");
        events = report.value().events;
    });
    finish({{"seconds", seconds}, {"events", events}});
}

// Every entry of the log's LevelDB, checked by LevelDB alone.
void scan_all(const std::string& directory)
{
    leveldb::DB* opened = nullptr;
    require(leveldb::DB::Open({}, directory, &opened).ok(), "LevelDB opens");
    const std::unique_ptr<leveldb::DB> database{opened};
    leveldb::ReadOptions checked;
    checked.verify_checksums = true;
    checked.fill_cache       = false;
    std::uint64_t bytes      = 0;
    const auto seconds       = seconds_of([&] {
        const std::unique_ptr<leveldb::Iterator> iterator{database->NewIterator(checked)};
        for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) bytes += iterator->value().size();
        require(iterator->status().ok(), "LevelDB reads");
    });
    require(bytes > 0, "there is something to scan");
    finish({{"seconds", seconds}});
}

// The rows of the orders, anew from the log.
void rebuild_orders(const std::string& directory, std::uint64_t events)
{
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    const auto ours = open_eventloom(directory, el::Durability::buffered);
    el::EventBus bus{runtime, ours->store()};
    el::Projections projections{runtime, ours->store(), bus, directory + "-rows-of-phase"};
    require(projections.add(lives::orders()).has_value(), "a projection is added");
    const auto report = projections.rebuild("orders");
    require(report.has_value() && report.value().events == events, "a rebuild reads the whole log");
    require(report.value().rows == events / lives::events_of_an_order, "every order has its row");
    finish({});
}

} // namespace

PhaseReport run_phase(const std::string& phase, const std::string& directory, std::uint64_t events)
{
    const auto child = start(phase, directory, events);
    auto line        = read_line(child.output);
    std::fclose(child.output);
    int status = 0;
    require(waitpid(child.process, &status, 0) == child.process && status == 0, "a part of the measurement ends well");
    return PhaseReport(nlohmann::json::parse(line));
}

std::uint64_t kill_writer(const std::string& directory, std::uint64_t events)
{
    constexpr int chunks_before_the_end = 20; // some of what was appended is in the index on disk, some is not
    const auto child                    = start("write-until-killed", directory, events);
    std::uint64_t acknowledged          = 0;
    for (int chunk = 0; chunk < chunks_before_the_end; ++chunk) acknowledged = std::stoull(read_line(child.output));
    kill(child.process, SIGKILL);
    std::fclose(child.output);
    int status = 0;
    require(waitpid(child.process, &status, 0) == child.process && WIFSIGNALED(status), "the writer is killed");
    return acknowledged;
}

int be_phase(const std::string& phase, const std::string& directory, std::uint64_t events)
{
    if (phase == "write") write_all(directory, events);
    if (phase == "write-until-killed") write_until_killed(directory, events);
    if (phase == "open") open_and_close(directory);
    if (phase == "read") read_all(directory, events);
    if (phase == "verify") verify_all(directory);
    if (phase == "scan") scan_all(directory);
    if (phase == "rebuild") rebuild_orders(directory, events);
    if (phase == "begin-sagas") finish(begin_waiting_sagas(directory, events));
    if (phase == "enqueue-jobs") finish(enqueue_waiting_jobs(directory, events));
    if (phase == "work-on-jobs") finish(work_on_waiting_jobs(directory, events));
    if (phase == "wait-sagas") finish(go_on_with_waiting_sagas(directory, events));
    return 0;
}

} // namespace bench
