// A machine with queues whose power can be cut, workers that do this and that, and what must hold whatever happens.
//
//     QueuesMachine machine{seed, Log::on_the_disk, DirectoryModel::strict};
//     machine.start();
//     machine.enqueue("one", {});
//     machine.cut_power(Tail::torn);
//     CHECK(machine.broken() == "");
//
// What outlives a power cut: the disk, a log that is elsewhere, and the ledger of what was acknowledged and begun.
// Threads: one.
#pragma once

#include "limits_ledger.hpp"
#include "simulated_disk/simulated_disk.hpp"
#include "support/counter.hpp"
#include "support/every_store.hpp"
#include "support/kept_log.hpp"
#include "support/mailing.hpp"
#include "workers_elsewhere.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <map>
#include <set>

namespace eventloom::testing {

// Where the log is: on the disk that crashes, or elsewhere, as a server's would be.
enum class QueuesLog : std::uint8_t { on_the_disk, in_memory };

class QueuesMachine {
public:
    QueuesMachine(std::uint64_t seed, QueuesLog log, DirectoryModel model);
    ~QueuesMachine();

    // Opens everything; false when the power goes.
    bool start();
    void stop_in_order();
    void cut_power(Tail tail);

    // What a worker does about a job; drawn if it is not given.
    enum class Deed : std::uint8_t { done, refused, fault, thrown, again, given_back, power_cut, child, cancelled };
    std::function<std::optional<Deed>(const std::string& name, unsigned attempt)> deed;
    QueueOptions options{.workers          = 2,
                         .in_order_per_key = true,
                         .attempts         = 3,
                         .first_wait       = std::chrono::seconds{2},
                         .longest_wait     = std::chrono::seconds{5}};
    bool takes_batches = false;
    // How many jobs a handler was given together.
    std::size_t biggest_batch = 0;

    // False: the power went.
    bool enqueue(const std::string& name, JobOptions job = {});
    bool cancel_some();
    bool retry_some();
    bool pause(bool is_paused);
    bool limit(const QueueLimits& to);
    // What workers in other processes do.
    bool pull_elsewhere(std::size_t most, Duration wait);
    bool extend_elsewhere();
    bool answer_elsewhere(std::optional<WorkersElsewhere::Answer> answer = {});

    // Until every job has ended, with workers that succeed; false when one does not.
    bool drain();
    // The first promise that is broken, as the log has it; empty when there is none.
    std::string broken();
    // How often a job was begun.
    unsigned begun(const std::string& name) const;
    const WorkersElsewhere& elsewhere() const { return elsewhere_; }
    std::map<std::string, std::string> ends(); // by name: the type of the last event

    SimulatedExecutor& simulated() { return simulated_; }
    SimulatedDisk& disk() { return disk_; }
    EventStore& store() { return memory_ ? *memory_ : *leveldb_; }
    Queues& queues() { return *queues_; }

private:
    result<JobDone> work(const SendMail& mail, JobContext& job);
    JobAnswers work_together(const std::vector<SendMail>& mails, const JobContexts& jobs);
    void begin(const std::string& name, const Uuid& id, unsigned attempt, Time until = Time::max());
    Deed decide(const std::string& name, JobContext& job);
    result<JobDone> act(Deed deed, const std::string& name, const Uuid& id);
    void expect_elsewhere();
    void lost_elsewhere(const Lease& lease);
    std::string limits_broken();
    void note(const std::string& what)
    {
        if (broken_.empty()) broken_ = what;
    }
    std::string table_broken();
    bool is_open(const Uuid& id);
    std::vector<Uuid> acknowledged_in(JobState state);

    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_;
    KeptLog lines_;
    Runtime runtime_;
    const QueuesLog log_;
    std::unique_ptr<EventStore> memory_;
    std::unique_ptr<LevelDbStore> leveldb_;
    std::unique_ptr<CommandBus> commands_;
    std::unique_ptr<EventBus> bus_;
    std::unique_ptr<Queues> queues_;
    bool is_draining_ = false;

    struct Asked {
        Uuid id;
        std::string name;
        JobOptions options;
    };
    std::vector<Asked> acknowledged_; // in the order of their places
    std::map<Uuid, JobOptions> asked_;
    std::set<Uuid> retried_;
    LimitsLedger ledger_; // also of what is in work elsewhere
    WorkersElsewhere elsewhere_{simulated_};
    QueueLimits limited_;                      // that somebody has set, and was told so
    std::optional<QueueLimits> being_limited_; // the same, and nothing was told
    std::map<std::string, unsigned> begun_;
    std::string broken_;
};

} // namespace eventloom::testing
