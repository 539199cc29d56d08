// The table of jobs: a row for each, and an index for each question. It is a fold of the events of the category `job`.
//
//     BOOST_OUTCOME_TRY(const auto changes, table.fold(delivery.events, delivery.position));
//     BOOST_OUTCOME_TRY(const auto next, table.ready_after("mail", 9, place, 1'024));
//
// Nothing in it is synced, for it can be folded again: what is written together with a checkpoint is there with it, and an event that a
// row has seen is recognised by its version. docs/format.md, "Table of jobs".
// Threads: one at a time; find, visit, count and checkpoint from any.
#pragma once

#include "job.hpp"

#include <eventloom/messaging/detail/queue_options.hpp>

#include <eventloom/storage/database.hpp>

#include <map>
#include <mutex>
#include <set>
#include <span>

namespace eventloom::queues {

// Where an open job waits.
enum class Place : std::uint8_t {
    ready,   // to be taken
    delayed, // for a time
    held,    // for its key
    ended,
};

struct JobRow {
    Job job;
    Place place = Place::ready;
    Time wakes  = Time::max(); // when it is looked at again

    JobState shown_state() const { return place == Place::delayed ? JobState::scheduled : job.state; }
};

struct ReadyJob {
    Uuid id;
    std::string key;
    std::string type;
};

using WakeKey = std::pair<Time, Uuid>;

struct JobChange {
    Uuid id;
    Time woke; // when it was to be looked at before
    JobRow now;
};
struct QueuePause {
    std::string queue;
    Time until{}; // Time{}: it is not paused
};
struct Folded {
    std::vector<std::pair<std::string, QueueLimits>> limits; // by queue
    std::vector<JobChange> jobs; // one for each event that counted, in their order, and for each move that followed
    std::vector<QueuePause> pauses;
    std::vector<std::pair<std::string, Error>> lost; // streams that cannot be read, or have lost events
};

struct JobVisit {
    std::string queue; // empty: any
    std::optional<JobState> state;
};

class JobTable {
public:
    // `in_order`: the queues whose jobs of one key go one at a time, in their order. A table that was made with others, or by another
    // program, begins empty.
    static result<std::unique_ptr<JobTable>> open(const Runtime& runtime, const std::string& directory,
                                                  std::set<std::string> in_order);

    result<Folded> fold(std::span<const RecordedEvent> events, Position checkpoint);
    Position checkpoint() const;

    // What became of streams of jobs, of which the settings of streams tell: a job that has ended has a row as long as its stream
    // has events. `streams`: what is left there; nothing: no event. They are heard up to `settings`.
    using StreamsNow = std::map<Uuid, std::optional<Job>>;
    result<void> take_streams(const StreamsNow& streams, Position settings);
    Position settings_heard() const;

    // Whether the engine that had it last has ended in order. The mark is gone, durably, when this returns.
    result<bool> take_clean_mark();
    result<void> put_clean_mark();

    // Moves of which no event tells. Each gives what has changed.
    // Those whose time has come are ready; `expired` gets those that were to begin before it.
    result<std::vector<JobChange>> wake(const std::vector<Uuid>& ids, Time now, std::vector<Uuid>& expired);
    result<std::vector<JobChange>> hold(const std::vector<Uuid>& ids);
    // Looks at them again at that time.
    result<std::vector<JobChange>> delay(const std::vector<Uuid>& ids, Time until);
    // The first ones that are held for a key.
    result<std::vector<JobChange>> release(const std::string& queue, const std::string& key, std::size_t count);
    // Those that are held for a key that lets only so many run, as nothing runs: the first of each key.
    result<std::vector<JobChange>> release_all(const std::string& queue, std::size_t of_each_key);

    // At most `limit`, in their order, after that entry.
    result<std::vector<std::pair<Position, ReadyJob>>> ready_after(const std::string& queue, std::uint32_t priority,
                                                                   std::optional<Position> after,
                                                                   std::size_t limit) const;
    result<std::vector<std::pair<WakeKey, bool>>> wakes_after(const std::optional<WakeKey>& after,
                                                              std::size_t limit) const;
    // How many of a queue are ready before this one; at most `most` are counted.
    result<std::uint64_t> count_before(const JobRow& row, std::uint64_t most) const;
    // Whose key it is at, in a queue in order.
    result<std::optional<Uuid>> head_of(const std::string& queue, const std::string& key) const;

    result<std::optional<JobRow>> find(const Uuid& id) const;
    // By queue, state and id. `visit` answers false to end it.
    result<void> visit(const JobVisit& wanted, const std::function<bool(const Uuid&, const JobRow&)>& visit) const;
    // Those that were begun, and have no end.
    result<std::vector<Uuid>> begun() const;
    using Counts = std::map<std::pair<std::string, JobState>, std::uint64_t>;
    Counts count() const;
    std::map<std::string, Time> pauses() const;
    std::map<std::string, QueueLimits> limits() const;
    std::set<std::string> queues() const;
    bool is_in_order(const std::string& queue) const { return in_order_.contains(queue); }

    explicit JobTable(std::unique_ptr<Database> database, std::set<std::string> in_order)
        : database_{std::move(database)}, in_order_{std::move(in_order)}
    {
    }

private:
    class Writing;
    result<void> load();
    result<std::optional<Uuid>> first_held(const std::string& queue, const std::string& key) const;

    const std::unique_ptr<Database> database_;
    const std::set<std::string> in_order_;
    mutable std::mutex mutex_; // over what follows
    Counts counts_;
    std::map<std::string, Time> pauses_;
    std::map<std::string, QueueLimits> limits_;
    Position checkpoint_     = 0;
    Position settings_heard_ = 0;
};

} // namespace eventloom::queues
