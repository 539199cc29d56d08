// The way of appends into the log: in groups that share one write and one sync.
//
// Each append puts a submission into the queue. The first caller that finds no writer becomes the leader: it takes what is in
// the queue, up to a limit of bytes, decides one request after the other against the log and the earlier requests, writes
// everything that is accepted in one batch, calls the observers, gives the answers, and after some groups passes the lead on.
// No append waits for others to join, and a waiting caller does the work itself, so no other thread is needed. What a group
// has staged is in the newest index before it is durable; readers only see what is not after the head.
#pragma once

#include "append/append_rules.hpp"
#include "read/log_end.hpp"
#include "read/log_reader.hpp"
#include "read/log_rows.hpp"

#include <eventloom/framework/observers.hpp>

#include <boost/container/small_vector.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace eventloom {

class CommitPath {
public:
    struct Options {
        Durability durability;
        std::size_t record_bytes; // a record is closed when its bodies reach this
        std::size_t group_bytes;
        Position index_events; // kept in memory before they go to the index on disk
    };

    // Called after each group by its leader, while no one else writes.
    using AfterGroup = std::function<void(const LogEnd&)>;

    CommitPath(const Runtime& runtime, Database& database, EventIndex& index, LogReader& log, LogRows& rows,
               Observers& observers, Options options, const LogEnd& end, AfterGroup after_group);
    ~CommitPath();

    // Failure::unknown when the write failed; after that every append is refused.
    result<Appended> append(const AppendRequest& request);
    void append(AppendRequest request, AppendCompletion completion);

    // A write of the log or of the index has failed.
    bool is_closed() const;
    // The error of that write; call it only then.
    std::string fault() const;

    // The end of what is durable. Call it while no append runs.
    const LogEnd& end() const { return end_; }

    // Returns when nothing is queued or being written.
    void finish();

    // Takes the lead without a group to write: earlier appends are done when it returns, later ones wait.
    std::unique_ptr<HeldAppends> hold();

private:
    class Submission;
    class Group;
    class Held;
    struct Tasks;

    // Most groups are small enough to need no memory of their own.
    using Submissions = boost::container::small_vector<Submission*, 64>;

    Submissions take_group();
    // `own`: the submission of the leading caller, if it waits for an answer.
    void lead(Submission* own) noexcept;
    Submissions write_one_group();
    result<void> write(const Submissions& submissions, std::size_t& taken);
    void put_back(Submissions& submissions, std::size_t taken);
    void answer(const Submissions& submissions, Submission* own);
    void hand_on();
    void let_go();
    void drain();
    Error closed_by_fault() const;
    Error outcome_unknown() const;
    Error answer_when_closed(const AppendRequest& request) const;
    void keep_in_doubt(const Submissions& submissions, std::size_t taken);
    void keep_index_small();

    const Runtime runtime_;
    Database& database_;
    EventIndex& index_;
    LogReader& log_;
    LogRows& rows_;
    Observers& observers_;
    const Options options_;
    const AfterGroup after_group_;
    LogEnd end_; // only the leader uses it
    const FindStored find_row_ = [this](const std::string& key) { return rows_.find(key); };
    RecordWriter writer_; // these two only for their memory
    Batch batch_;
    std::vector<Uuid> in_doubt_; // of the events and commands whose write has failed; touched by the leader alone

    std::mutex mutex_;
    std::deque<Submission*> queue_;
    std::vector<std::unique_ptr<Submission>> spent_; // answered, and not cleared away
    bool is_led_        = false;
    unsigned holders_   = 0; // how many callers wait to hold the appends
    bool drain_is_sent_ = false;
    std::condition_variable idle_;
    std::shared_ptr<Tasks> tasks_; // lets tasks that run too late find that there is nothing left to do
};

} // namespace eventloom
