// Power cuts under consumer groups: at every single change of a short run, and anywhere in long random ones.
#include "simulated_disk/simulated_disk.hpp"
#include "support/every_store.hpp"
#include "support/group_ledger.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/messaging/consumer_groups.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <catch2/catch.hpp>

namespace consumer_groups_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

constexpr Duration lease = 10s;

// Where the log is: on the disk that crashes, or elsewhere, as a server's would be.
enum class Log : std::uint8_t { on_the_disk, in_memory };

// A machine whose power can be cut, a group on it, and what its members know. What outlives a power cut: the disk, a log
// that is elsewhere, and the ledger.
class Machine {
public:
    Machine(std::uint64_t seed, Log log, DirectoryModel model)
        : simulated_{seed}, disk_{seed, model},
          files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
          runtime_{simulated_, simulated_, simulated_, files_}, log_{log}
    {
        if (log_ == Log::in_memory) memory_ = open_memory_store(runtime_);
    }

    // Opens everything; false when the power goes.
    bool start()
    {
        if (log_ == Log::on_the_disk) {
            auto opened = LevelDbStore::open(runtime_, {.directory = "/log"});
            if (not opened) return false;
            leveldb_ = std::move(opened.value());
        }
        auto opened = ConsumerGroups::open(runtime_, store(), {.directory = "/groups"});
        if (not opened) return false;
        groups_    = std::move(opened.value());
        auto group = groups_->open_group({.name                = "mail",
                                          .lease               = lease,
                                          .attempts_max        = 1'000'000,
                                          .retry_after         = 1s,
                                          .batch_events_max    = 5,
                                          .buffered_events_max = 40});
        if (not group) return false;
        group_ = std::move(group.value());
        return true;
    }

    void cut_power(Tail tail)
    {
        if (not disk_.crashed()) disk_.crash_at(disk_.operations() + 1); // nothing is closed in peace
        members_.clear();
        group_.reset();
        groups_.reset();
        leveldb_.reset();
        run_background_work();
        simulated_.drop_everything();
        disk_.power_cut(tail);
        ledger_.forget_all_but(written_);
    }

    bool append(const std::string& stream, std::size_t events)
    {
        std::vector<NewEvent> notes;
        for (std::size_t i = 0; i < events; ++i) notes.push_back(note_of(runtime_, "x"));
        const auto appended = store().append(to(stream, ExpectedVersion::any(), std::move(notes)));
        if (appended) acknowledged_events_ = appended.value().last_position;
        return appended.has_value();
    }

    bool join(const std::string& name)
    {
        auto joined = group_->join(name);
        if (not joined) return false;
        members_[name] = {std::move(joined.value()), {}};
        return true;
    }

    void leave(const std::string& name) { members_.erase(name); }
    bool has(const std::string& name) const { return members_.contains(name); }

    // False: the group has stopped. What a member of a lease that has ended gets is no fault.
    bool take(const std::string& name)
    {
        auto& [member, batch] = members_.at(name);
        if (not batch.events.empty()) return true;
        simulated_.run_until_idle();
        auto next = member->next();
        if (not next) return next.error().code == "lease-ended" && (leave(name), true);
        batch = std::move(next.value());
        for (const auto& event : batch.events) ledger_.handed_over(name, event);
        return true;
    }

    bool acknowledge(const std::string& name, std::size_t count)
    {
        auto& [member, batch] = members_.at(name);
        count                 = std::min(count, batch.events.size());
        const auto answer     = member->acknowledge(batch, count);
        if (not answer) return answer.error().code == "lease-ended" && (leave(name), true);
        for (std::size_t i = 0; i < count; ++i) ledger_.acknowledged(batch.events[i]);
        const bool is_whole = count == batch.events.size();
        if (not is_whole) {
            // The rest failed: it comes again.
            if (not member->fail(batch, count, {Failure::storage, "later", "Not now."})) return false;
        }
        batch = {};
        return true;
    }

    bool flush()
    {
        const auto before = ledger_.acknowledged();
        if (not group_->flush()) return false;
        written_.insert(before.begin(), before.end());
        return true;
    }

    // Everything that is left, by one member; false when something is missing or the group does not end.
    bool drain()
    {
        simulated_.advance(2 * lease); // whoever has died has died
        if (not join("last")) return false;
        for (int turn = 0; turn < 100'000 && group_->status().lag > 0; ++turn) {
            if (not has("last") || not take("last") || not acknowledge("last", 1'000)) return false;
            simulated_.advance(1s);
        }
        return group_->status().checkpoint == store().head() && ledger_.handled() == store().head() &&
               store().head() >= acknowledged_events_;
    }

    EventStore& store() { return memory_ ? *memory_ : *leveldb_; }
    SimulatedExecutor& simulated() { return simulated_; }
    SimulatedDisk& disk() { return disk_; }
    GroupLedger& ledger() { return ledger_; }
    std::size_t most_buffered() const { return group_->status().buffered_events; }

private:
    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_;
    Runtime runtime_;
    const Log log_;
    std::unique_ptr<EventStore> memory_;
    std::unique_ptr<LevelDbStore> leveldb_;
    std::unique_ptr<ConsumerGroups> groups_;
    std::shared_ptr<ConsumerGroup> group_;
    std::map<std::string, std::pair<std::shared_ptr<PullingMember>, MemberBatch>> members_;
    GroupLedger ledger_;
    std::set<Position> written_; // acknowledged, and known to be on the disk
    Position acknowledged_events_ = 0;
};

std::string numbered(const char* word, std::uint64_t number)
{
    return word + std::to_string(number);
}

// A short run, the same until the power goes.
void work(Machine& machine)
{
    if (not machine.start() || not machine.join("one") || not machine.join("two")) return;
    for (std::uint64_t i = 0; i < 16; ++i) {
        if (not machine.append(numbered("order-", i % 5), 2)) return;
        for (const auto* name : {"one", "two"}) {
            if (not machine.take(name) || not machine.acknowledge(name, 1 + i % 4)) return;
        }
        machine.simulated().advance(i % 2 == 0 ? Duration{1s} : Duration{3ms});
        if (i % 3 == 0 && not machine.flush()) return;
        if (i % 4 == 0) run_one_background_job();
    }
    static_cast<void>(machine.flush());
}

TEST_CASE("a power cut at any change of the disk loses no event of a group, and repeats only what was not written",
          "[crash][groups]")
{
    const auto log = GENERATE(Log::on_the_disk, Log::in_memory);
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        std::uint64_t points = 0;
        {
            Machine whole{1, log, model};
            work(whole);
            points = whole.disk().operations();
        }
        run_background_work();
        REQUIRE(points > 60);
        for (const auto tail : {Tail::dropped, Tail::shortened, Tail::torn}) {
            for (std::uint64_t point = 1; point <= points; ++point) {
                INFO("log " << static_cast<int>(log) << ", directories " << static_cast<int>(model) << ", tail "
                            << static_cast<int>(tail) << ", point " << point << " of " << points);
                Machine machine{point, log, model};
                machine.disk().crash_at(point);
                work(machine);
                machine.cut_power(tail);
                REQUIRE(machine.start());
                REQUIRE(machine.drain());
                REQUIRE(machine.ledger().broken() == "");
                machine.cut_power(tail);
            }
        }
    }
}

// One random thing; false when the power went.
bool do_something(Machine& machine, std::size_t& buffered_most)
{
    auto& simulated = machine.simulated();
    const auto name = numbered("member-", simulated.draw(5));
    bool is_alive   = true;
    switch (simulated.draw(12)) {
    case 0:
    case 1:
    case 2:
        is_alive = machine.append(numbered("order-", simulated.draw(9)), 1 + simulated.draw(3));
        break;
    case 3:
        if (not machine.has(name)) {
            // A member whose lease has ended may not be gone yet: its name is taken then.
            static_cast<void>(machine.join(name));
        } else if (simulated.draw(3) == 0) {
            machine.leave(name);
        }
        break;
    case 4:
        // Long enough that who does nothing in between is dead: his batch is acknowledged too late, or never.
        simulated.advance(lease / static_cast<std::int64_t>(1 + simulated.draw(4)));
        break;
    case 5:
        simulated.advance(std::chrono::milliseconds{simulated.draw(20)});
        break;
    case 6:
        is_alive = machine.flush();
        break;
    case 7:
        run_one_background_job();
        break;
    default:
        if (machine.has(name)) is_alive = machine.take(name);
        if (is_alive && machine.has(name) && simulated.draw(4) != 0) {
            is_alive = machine.acknowledge(name, simulated.draw(8));
        }
    }
    buffered_most = std::max(buffered_most, machine.most_buffered());
    return is_alive;
}

TEST_CASE("whatever joins, leaves, dies and crashes, a group handles every event, in order, and again only what it may",
          "[crash][groups][model]")
{
    const auto log = GENERATE(Log::on_the_disk, Log::in_memory);
    int crashes    = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        INFO("log " << static_cast<int>(log) << ", seed " << seed);
        Machine machine{seed, log, seed % 2 == 0 ? DirectoryModel::ordered : DirectoryModel::strict};
        std::size_t buffered_most = 0;
        auto& simulated           = machine.simulated();
        for (int life = 0; life < 4; ++life) {
            machine.disk().crash_at(machine.disk().operations() + 20 + simulated.draw(150));
            bool is_alive = machine.start();
            for (int i = 0; i < 120 && is_alive; ++i) is_alive = do_something(machine, buffered_most);
            crashes += machine.disk().crashed() ? 1 : 0;
            machine.cut_power(static_cast<Tail>(simulated.draw(3)));
            REQUIRE(machine.ledger().broken() == "");
        }
        REQUIRE(machine.start());
        REQUIRE(machine.drain());
        REQUIRE(machine.ledger().broken() == "");
        REQUIRE(buffered_most <= 40);
        machine.cut_power(Tail::dropped);
    }
    CHECK(crashes > 100);
}

} // namespace consumer_groups_crash_test
