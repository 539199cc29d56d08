// Power cuts at every single change that a short run makes to the disk, under LevelDB itself.
#include "simulated/simulated_disk.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace event_store_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr int appends = 24;

struct Outcome {
    std::string why;         // it cannot be opened
    bool lost       = false; // an acknowledged event is gone
    bool unopenable = false;
    bool broken     = false; // half an append, a gap, or something else that verify finds
    bool repeated   = false; // sending again what was not known acted twice
};

// A machine whose power can be cut: everything but the disk is gone then.
class Machine {
public:
    Machine(std::uint64_t seed, DirectoryModel model, bool directories_synced)
        : simulated_{seed}, disk_{seed, model}, files_{&disk_,
                                                       [this](const std::string&) { return disk_.sync_directory(); }},
          runtime_{simulated_, simulated_, simulated_,
                   directories_synced ? static_cast<leveldb::Env&>(files_) : static_cast<leveldb::Env&>(disk_)}
    {
        for (int i = 0; i < appends; ++i) {
            std::vector<NewEvent> events;
            for (int event = 0; event <= i % 3; ++event) {
                events.push_back(note_of(runtime_, std::string(static_cast<std::size_t>(40 + i * 7), 'x')));
            }
            requests_.push_back(to("stream-" + std::to_string(i % 4), ExpectedVersion::any(), std::move(events)));
        }
    }

    SimulatedDisk& disk() { return disk_; }

    // Appends until something fails; gives how many appends were acknowledged.
    std::size_t work()
    {
        std::size_t acknowledged = 0;
        {
            auto store = LevelDbStore::open(runtime_, {.directory = "/store"});
            while (store && acknowledged < requests_.size() && store.value()->append(requests_[acknowledged])) {
                ++acknowledged;
                if (simulated_.draw(4) == 0) run_one_background_job();
            }
        }
        run_background_work();
        return acknowledged;
    }

    Outcome look(std::size_t acknowledged)
    {
        Outcome outcome;
        {
            auto opened = LevelDbStore::open(runtime_, {.directory = "/store"});
            if (not opened) {
                outcome.unopenable = true;
                outcome.why        = opened.error().sentence;
            } else {
                look_into(*opened.value(), acknowledged, outcome);
            }
        }
        run_background_work();
        return outcome;
    }

    // `broken` when an error or a finding says so, `lost` when events are missing or other and nothing says so.
    Outcome look_for_damage()
    {
        Outcome outcome;
        {
            auto opened = LevelDbStore::open(runtime_, {.directory = "/store"});
            if (not opened) {
                outcome.unopenable = true;
            } else {
                const auto report = opened.value()->verify();
                const auto cursor = opened.value()->read({});
                std::size_t at    = 0;
                auto next         = cursor->next();
                for (; next && next.value() != nullptr; next = cursor->next(), ++at) {
                    outcome.lost |= next.value()->id != sent_ids().at(at);
                }
                outcome.broken = not next || not report || report.value().findings_total > 0;
                outcome.lost |= not outcome.broken && at != sent_ids().size();
            }
        }
        run_background_work();
        return outcome;
    }

private:
    std::vector<Uuid> sent_ids() const
    {
        std::vector<Uuid> ids;
        for (const auto& request : requests_) {
            for (const auto& event : request.streams[0].events) ids.push_back(event.id);
        }
        return ids;
    }

    void look_into(LevelDbStore& store, std::size_t acknowledged, Outcome& outcome)
    {
        std::vector<Uuid> found;
        for (const auto& event : read_all(store)) found.push_back(event.id);
        std::vector<Uuid> sent;
        std::size_t whole = 0; // appends that stand there whole
        for (const auto& request : requests_) {
            if (found.size() < sent.size() + request.streams[0].events.size()) break;
            for (const auto& event : request.streams[0].events) sent.push_back(event.id);
            ++whole;
        }
        outcome.lost   = whole < acknowledged;
        outcome.broken = found != sent || store.verify().value().findings_total > 0;
        // What was not known is sent again, and all that comes after it.
        for (const auto& request : requests_) outcome.broken |= not store.append(request);
        std::size_t events = 0;
        for (const auto& request : requests_) events += request.streams[0].events.size();
        outcome.repeated = store.head() != events;
    }

    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_;
    Runtime runtime_;
    std::vector<AppendRequest> requests_;
};

struct Sweep {
    std::uint64_t points = 0;
    int lost             = 0;
    int unopenable       = 0;
    int broken           = 0;
    int repeated         = 0;
};

Sweep crash_everywhere(DirectoryModel model, Tail tail, bool directories_synced)
{
    Machine whole{1, model, directories_synced};
    REQUIRE(whole.work() == appends);
    Sweep sweep;
    sweep.points = whole.disk().operations();
    for (std::uint64_t point = 1; point <= sweep.points; ++point) {
        Machine machine{point, model, directories_synced};
        machine.disk().crash_at(point);
        const auto acknowledged = machine.work();
        machine.disk().power_cut(tail);
        const Outcome outcome = machine.look(acknowledged);
        sweep.lost += outcome.lost ? 1 : 0;
        sweep.unopenable += outcome.unopenable ? 1 : 0;
        sweep.broken += outcome.broken ? 1 : 0;
        sweep.repeated += outcome.repeated ? 1 : 0;
    }
    return sweep;
}

TEST_CASE("a power cut at any change of the disk loses no acknowledged event and leaves no half append",
          "[crash][eventstore]")
{
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        for (const auto tail : {Tail::dropped, Tail::shortened, Tail::torn}) {
            const Sweep sweep = crash_everywhere(model, tail, true);
            INFO("directory model " << static_cast<int>(model) << ", tail " << static_cast<int>(tail) << ", "
                                    << sweep.points << " points");
            CHECK(sweep.points > 100);
            CHECK(sweep.lost == 0);
            CHECK(sweep.unopenable == 0);
            CHECK(sweep.broken == 0);
            CHECK(sweep.repeated == 0);
        }
    }
}

TEST_CASE("without synced directories the same power cuts do lose events: the test can see them", "[crash][eventstore]")
{
    const Sweep sweep = crash_everywhere(DirectoryModel::strict, Tail::dropped, false);
    CHECK(sweep.lost + sweep.unopenable > 0);
}

TEST_CASE("after a write that fails, nothing is acknowledged until the store is opened again",
          "[crash][eventstore][fault]")
{
    Machine whole{1, DirectoryModel::ordered, true};
    REQUIRE(whole.work() == appends);
    const auto points = whole.disk().operations();
    int faults        = 0;
    for (const bool sync_fails : {false, true}) {
        for (std::uint64_t point = 20; point <= points; ++point) {
            Machine machine{point, DirectoryModel::ordered, true};
            sync_fails ? machine.disk().fail_sync_at(point) : machine.disk().fill_at(point);
            const auto acknowledged = machine.work(); // ends at the first failure
            if (not machine.disk().fault_happened()) continue;
            ++faults;
            machine.disk().power_cut(Tail::dropped);
            const Outcome outcome = machine.look(acknowledged);
            INFO((sync_fails ? "sync" : "write") << " fails at " << point << "; " << outcome.why);
            CHECK_FALSE(outcome.lost);
            // A disk that fails while the store is being made may leave half a store; it holds nothing yet.
            CHECK_FALSE((outcome.unopenable && acknowledged > 0));
            CHECK_FALSE(outcome.broken);
            CHECK_FALSE(outcome.repeated);
        }
    }
    CHECK(faults > 50);
}

TEST_CASE("a flipped bit anywhere in the store's files is noticed, or changes nothing", "[crash][eventstore][damage]")
{
    std::map<std::string, std::string> files;
    {
        Machine machine{1, DirectoryModel::ordered, true};
        REQUIRE(machine.work() == appends);
        files = machine.disk().files();
    }
    std::uint64_t noticed  = 0;
    std::uint64_t harmless = 0;
    for (const auto& [path, content] : files) {
        for (std::size_t at = 0; at < content.size(); at += 3) {
            Machine machine{1, DirectoryModel::ordered, true};
            REQUIRE(machine.work() == appends);
            auto changed = content;
            changed[at]  = static_cast<char>(changed[at] ^ (1 << at % 8));
            machine.disk().replace(path, changed);
            const Outcome outcome = machine.look_for_damage();
            INFO("byte " << at << " of " << path << " was flipped");
            REQUIRE_FALSE(outcome.lost);
            ++(outcome.broken || outcome.unopenable ? noticed : harmless);
        }
    }
    CHECK(noticed > harmless);
}

} // namespace event_store_crash_test
