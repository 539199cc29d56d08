// The same faults under LevelDB as it is: two keys an event, synced writes, and no more care than its documentation asks
// for. They do lose acknowledged writes, which shows that these tests can see it; and why the store does what it does.
#include "simulated_disk/simulated_disk.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <catch2/catch.hpp>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

namespace bare_leveldb_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Settings {
    bool paranoid_checks = true;
    bool reuse_logs      = false;
};

struct Found {
    bool opened        = false;
    bool said_so       = false; // a reading ended with an error
    std::uint64_t lost = 0;     // acknowledged, and not there
    bool is_silent_loss() const { return opened && not said_so && lost > 0; }
};

// A program on LevelDB, on a disk.
class Program {
public:
    explicit Program(std::uint64_t seed, DirectoryModel model = DirectoryModel::ordered) : disk_{seed, model} {}
    Program(std::uint64_t seed, const DiskImage& image) : disk_{seed, image} {}
    ~Program() { stop(); }

    bool start(const Settings& settings)
    {
        leveldb::Options options;
        options.env               = &disk_;
        options.create_if_missing = true;
        options.paranoid_checks   = settings.paranoid_checks;
        options.reuse_logs        = settings.reuse_logs;
        options.write_buffer_size = 64u << 10;
        options.compression       = leveldb::kNoCompression;
        leveldb::DB* opened       = nullptr;
        const bool is_open        = leveldb::DB::Open(options, "/bare", &opened).ok();
        database_.reset(opened);
        if (not is_open) stop();
        return is_open;
    }

    // Writes events up to `end`; those before it that were not acknowledged stay so.
    void write(std::uint64_t end, bool carry_on)
    {
        leveldb::WriteOptions synced;
        synced.sync = true;
        while (acknowledged_.size() < end) {
            const auto event = acknowledged_.size();
            leveldb::WriteBatch batch;
            batch.Put(event_key(event), data_of(event));
            batch.Put(stream_key(event), std::to_string(event));
            acknowledged_.push_back(database_->Write(synced, &batch).ok());
            if (not acknowledged_.back() && not carry_on) return;
            if (event % 4 == 0) run_one_background_job();
        }
    }

    void stop()
    {
        database_.reset();
        run_background_work();
    }

    Found look(const Settings& settings, const std::vector<bool>& expected)
    {
        Found found{.opened = start(settings)};
        if (not found.opened) return found;
        leveldb::ReadOptions reading;
        reading.verify_checksums = true;
        for (std::uint64_t event = 0; event < expected.size(); ++event) {
            std::string data;
            const auto status = database_->Get(reading, event_key(event), &data);
            found.said_so |= not status.ok() && not status.IsNotFound();
            found.lost += expected[event] && (not status.ok() || data != data_of(event)) ? 1 : 0;
        }
        stop();
        return found;
    }

    SimulatedDisk& disk() { return disk_; }
    // Of the events so far.
    const std::vector<bool>& acknowledged() const { return acknowledged_; }

private:
    static std::string event_key(std::uint64_t event) { return ordered_key("e", event); }
    static std::string stream_key(std::uint64_t event) { return ordered_key("s", event % 7, event / 7); }
    static std::string data_of(std::uint64_t event)
    {
        return std::string(20 + event * 37 % 180, static_cast<char>('a' + event % 26));
    }

    SimulatedDisk disk_;
    std::vector<bool> acknowledged_;
    std::unique_ptr<leveldb::DB> database_;
};

constexpr std::uint64_t events = 500;

std::uint64_t count_in_whole_run(Operation operation)
{
    Program program{1};
    REQUIRE(program.start({}));
    program.write(events, false);
    return program.disk().count(operation);
}

struct Losses {
    std::uint64_t runs       = 0;
    std::uint64_t lossy      = 0;
    std::uint64_t unopenable = 0;
    std::uint64_t writes     = 0; // lost, in all runs

    void add(const Found& found)
    {
        ++runs;
        lossy += found.lost > 0 ? 1 : 0;
        unopenable += found.opened ? 0 : 1;
        writes += found.lost;
    }
};

TEST_CASE("bare LevelDB, carrying on after a short write, loses writes that it acknowledges later", "[crash][control]")
{
    Losses losses;
    const auto writes = count_in_whole_run(Operation::write);
    for (std::uint64_t number = 10; number <= writes; number += 7) {
        Program program{number};
        program.disk().fail({.operation = Operation::write, .number = number, .half = true});
        if (not program.start({})) continue;
        program.write(events, true);
        program.stop();
        program.disk().heal();
        losses.add(program.look({}, program.acknowledged()));
    }
    WARN(losses.runs << " short writes, then carried on: " << losses.lossy << " runs lost " << losses.writes
                     << " acknowledged writes, " << losses.unopenable << " could not be opened");
    CHECK(losses.lossy > 0);
}

TEST_CASE("bare LevelDB that reuses its logs loses acknowledged writes after a sync that failed once",
          "[crash][control]")
{
    for (const bool reuse_logs : {true, false}) {
        Losses losses;
        const auto syncs = count_in_whole_run(Operation::sync);
        for (std::uint64_t number = 5; number <= syncs; number += 3) {
            const Settings settings{.paranoid_checks = true, .reuse_logs = reuse_logs};
            Program program{number};
            if (not program.start(settings)) continue;
            program.disk().fail({.operation = Operation::sync, .number = number});
            program.write(events, false);
            program.stop();
            if (not program.start(settings)) continue;
            program.write(events, false);
            program.stop();
            program.disk().power_cut(Tail::dropped);
            losses.add(program.look(settings, program.acknowledged()));
        }
        WARN(losses.runs << " failed syncs, opened again " << (reuse_logs ? "with" : "without")
                         << " reuse_logs: " << losses.lossy << " runs lost " << losses.writes
                         << " acknowledged writes, " << losses.unopenable << " could not be opened");
        CHECK((losses.lossy + losses.unopenable > 0) == reuse_logs);
    }
}

TEST_CASE("without synced directories the same power cuts do lose events: the test can see them", "[crash][control]")
{
    Program program{1, DirectoryModel::strict};
    std::vector<std::pair<DiskImage, std::size_t>> points;
    program.disk().before_each_change(
        [&] { points.emplace_back(program.disk().image(), program.acknowledged().size()); });
    REQUIRE(program.start({}));
    program.write(events, false);
    program.stop();
    Losses losses;
    for (std::size_t i = 0; i < points.size(); ++i) {
        Program after{i, points[i].first};
        after.disk().power_cut(Tail::dropped);
        losses.add(after.look({}, std::vector<bool>(points[i].second, true)));
    }
    WARN(losses.runs << " power cuts: " << losses.lossy << " lost " << losses.writes << " acknowledged writes, "
                     << losses.unopenable << " could not be opened");
    CHECK(losses.lossy > 0);
    CHECK(losses.unopenable > 0);
}

// One bit of each byte of the longest file whose name contains `kind`.
Losses flip_every_byte(const std::string& kind, std::uint64_t count, const Settings& settings)
{
    Program program{1};
    REQUIRE(program.start(settings));
    program.write(count, false);
    program.stop();
    const auto image = program.disk().image();
    std::string path;
    std::string content;
    for (const auto& [name, bytes] : program.disk().files()) {
        if (name.find(kind) == std::string::npos || bytes.size() < content.size()) continue;
        path    = name;
        content = bytes;
    }
    Losses losses;
    for (std::size_t at = 0; at < content.size(); ++at) {
        Program after{1, image};
        auto changed = content;
        changed[at]  = static_cast<char>(changed[at] ^ (1 << at % 8));
        after.disk().replace(path, changed);
        auto found = after.look(settings, program.acknowledged());
        if (not found.is_silent_loss()) found.lost = 0;
        losses.add(found);
    }
    WARN("one bit of each of " << losses.runs << " bytes of " << path << ", paranoid_checks "
                               << settings.paranoid_checks << ": " << losses.lossy
                               << " lost acknowledged writes in silence (" << losses.writes << " in all), "
                               << losses.unopenable << " were refused");
    return losses;
}

TEST_CASE("bare LevelDB loses acknowledged writes in silence when a bit flips in its log or its MANIFEST",
          "[crash][control]")
{
    const auto forgiving = flip_every_byte(".log", 60, {.paranoid_checks = false});
    CHECK(forgiving.lossy > forgiving.runs * 9 / 10);
    const auto paranoid = flip_every_byte(".log", 60, {.paranoid_checks = true});
    CHECK(paranoid.lossy > 0);
    CHECK(paranoid.lossy < paranoid.runs / 100);
    CHECK(flip_every_byte("MANIFEST", events, {.paranoid_checks = true}).lossy > 0);
}

} // namespace bare_leveldb_test
