// A machine whose power can be cut, a consumer group on it, and what its members know, here and in other processes. What outlives
// a power cut: the disk, a log that is elsewhere, the members in other processes, and the ledger.
//
//     GroupsMachine machine{seed, GroupsLog::on_the_disk, DirectoryModel::strict};
//     machine.disk().crash_at(17);
//     if (machine.start() && machine.join("one") && machine.append("order-1", 2)) machine.take("one");
//     machine.cut_power(Tail::torn);
//     REQUIRE(machine.start());
//     REQUIRE(machine.drain());
//
// Threads: one.
#pragma once

#include "crash/members_elsewhere.hpp"
#include "simulated_disk/simulated_disk.hpp"
#include "support/every_store.hpp"
#include "support/group_ledger.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/messaging/consumer_groups.hpp>
#include <eventloom/storage/syncing_env.hpp>

namespace eventloom::testing {

// Where the log is: on the disk that crashes, or elsewhere, as a server's would be.
enum class GroupsLog : std::uint8_t { on_the_disk, in_memory };

class GroupsMachine {
public:
    static constexpr std::chrono::seconds lease{10};

    GroupsMachine(std::uint64_t seed, GroupsLog log, DirectoryModel model)
        : simulated_{seed}, disk_{seed, model},
          files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
          runtime_{simulated_, simulated_, simulated_, files_}, log_{log}
    {
        if (log_ == GroupsLog::in_memory) memory_ = open_memory_store(runtime_);
        elsewhere_.given = [this](const std::string& name, const RecordedEvent& event) {
            ledger_.handed_over(name, event);
        };
        elsewhere_.handled  = [this](const RecordedEvent& event) { ledger_.acknowledged(event); };
        elsewhere_.finished = [this](const RecordedEvent& event) {
            ledger_.acknowledged(event);
            written_.insert(event.position);
        };
    }

    // Opens everything; false when the power goes.
    bool start()
    {
        if (log_ == GroupsLog::on_the_disk) {
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
                                          .retry_after         = std::chrono::seconds{1},
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
        for (const auto& event : batch.events) elsewhere_.take_notice(name, event);
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
            simulated_.advance(std::chrono::seconds{1});
        }
        return group_->status().checkpoint == store().head() && ledger_.handled() == store().head() &&
               store().head() >= acknowledged_events_;
    }

    EventStore& store() { return memory_ ? *memory_ : *leveldb_; }
    SimulatedExecutor& simulated() { return simulated_; }
    SimulatedDisk& disk() { return disk_; }
    GroupLedger& ledger() { return ledger_; }
    ConsumerGroup& group() { return *group_; }
    MembersElsewhere& elsewhere() { return elsewhere_; }
    // The first broken promise; empty when there is none.
    std::string broken() const { return elsewhere_.broken().empty() ? ledger_.broken() : elsewhere_.broken(); }
    std::size_t most_buffered() const { return group_->status().buffered_events; }

private:
    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_;
    Runtime runtime_;
    const GroupsLog log_;
    std::unique_ptr<EventStore> memory_;
    std::unique_ptr<LevelDbStore> leveldb_;
    std::unique_ptr<ConsumerGroups> groups_;
    std::shared_ptr<ConsumerGroup> group_;
    std::map<std::string, std::pair<std::shared_ptr<PullingMember>, MemberBatch>> members_;
    GroupLedger ledger_;
    MembersElsewhere elsewhere_{simulated_};
    std::set<Position> written_; // acknowledged, and known to be on the disk
    Position acknowledged_events_ = 0;
};

} // namespace eventloom::testing
