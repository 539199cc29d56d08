#include "append/commit_path.hpp"

#include "append/commit_group.hpp"
#include "append/submission.hpp"

#include <algorithm>

namespace eventloom {

struct CommitPath::Tasks {
    std::shared_mutex mutex; // shared by the tasks that run
    CommitPath* path = nullptr;
};

namespace {

constexpr unsigned groups_led_max = 8;

} // namespace

// The lead, held by somebody who has nothing to append.
class CommitPath::Held final : public HeldAppends {
public:
    explicit Held(CommitPath& path) : path_{path} {}
    ~Held() override { path_.let_go(); }
    Held(const Held&)            = delete;
    Held& operator=(const Held&) = delete;

private:
    CommitPath& path_;
};

CommitPath::CommitPath(const Runtime& runtime, Database& database, EventIndex& index, LogReader& log, LogRows& rows,
                       Observers& observers, Options options, const LogEnd& end, AfterGroup after_group)
    : runtime_{runtime}, database_{database}, index_{index}, log_{log}, rows_{rows}, observers_{observers},
      options_{options}, after_group_{std::move(after_group)}, end_{end}, tasks_{std::make_shared<Tasks>()}
{
    tasks_->path = this;
}

CommitPath::~CommitPath()
{
    finish();
    const std::unique_lock no_task_runs{tasks_->mutex};
    tasks_->path = nullptr;
}

result<Appended> CommitPath::append(const AppendRequest& request)
{
    Submission submission{request};
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(&submission);
        if (holders_ == 0 && not std::exchange(is_led_, true)) submission.call(Submission::Call::lead);
    }
    while (submission.wait_for_call() == Submission::Call::lead) lead(&submission);
    return submission.take_answer();
}

void CommitPath::append(AppendRequest request, AppendCompletion completion)
{
    auto submission = std::make_unique<Submission>(std::move(request), std::move(completion));
    std::vector<std::unique_ptr<Submission>> spent; // is destroyed after the lock is released
    const std::lock_guard lock{mutex_};
    spent.swap(spent_);
    queue_.push_back(submission.release());
    if (not is_led_ && not drain_is_sent_) drain();
}

// Has the queue emptied by a task, for callers who do not wait. Called with the lock held.
void CommitPath::drain()
{
    drain_is_sent_ = true;
    runtime_.executor.post([tasks = tasks_] {
        const std::shared_lock lock{tasks->mutex};
        CommitPath* path = tasks->path;
        if (path == nullptr) return;
        {
            const std::lock_guard queue_lock{path->mutex_};
            path->drain_is_sent_ = false;
            if (path->queue_.empty() || std::exchange(path->is_led_, true)) return;
        }
        path->lead(nullptr);
    });
}

bool CommitPath::is_closed() const
{
    return database_.is_closed_by_fault() || index_.database().is_closed_by_fault();
}

std::string CommitPath::fault() const
{
    const auto& closed = database_.is_closed_by_fault() ? database_ : index_.database();
    return closed.fault();
}

Error CommitPath::closed_by_fault() const
{
    return {Failure::unavailable, "store-closed-by-fault",
            "append to the event store in " + database_.directory() + " and found it closed by an earlier fault (" +
                fault() + "); this append was not written; remove the cause and open the store again"};
}

Error CommitPath::outcome_unknown() const
{
    return {
        Failure::unknown, "append-outcome-unknown",
        "append to the event store in " + database_.directory() + " and found: " + fault() +
            "; it is not known whether it was written; remove the cause, open the store again and send the same ids"};
}

// What is sent again may have been written the first time: only the log can say so, when it is opened again.
Error CommitPath::answer_when_closed(const AppendRequest& request) const
{
    const auto is_in_doubt = [&](const Uuid& id) {
        return std::find(in_doubt_.begin(), in_doubt_.end(), id) != in_doubt_.end();
    };
    bool was_sent_before = request.command && is_in_doubt(request.command->id);
    for (const StreamAppend& append : request.streams) {
        for (const NewEvent& event : append.events) was_sent_before = was_sent_before || is_in_doubt(event.id);
    }
    return was_sent_before ? outcome_unknown() : closed_by_fault();
}

void CommitPath::keep_in_doubt(const Submissions& submissions, std::size_t taken)
{
    for (std::size_t i = 0; i < taken; ++i) {
        const AppendRequest& request = submissions[i]->request();
        if (request.command) in_doubt_.push_back(request.command->id);
        for (const StreamAppend& append : request.streams) {
            for (const NewEvent& event : append.events) in_doubt_.push_back(event.id);
        }
    }
}

CommitPath::Submissions CommitPath::take_group()
{
    const std::lock_guard lock{mutex_};
    Submissions group;
    group.reserve(queue_.size());
    std::size_t bytes = 0;
    while (not queue_.empty() && bytes < options_.group_bytes) {
        bytes += queue_.front()->bodies().bytes.size();
        group.push_back(queue_.front());
        queue_.pop_front();
    }
    return group;
}

// Whoever leads goes on for some groups while there is something to write: the next write begins sooner than somebody else
// would have woken up, and he himself is late by these groups only once in a while. A task leads one group: the tasks that are
// ready come before its next one, and what they append is in that group. An exception here is memory that has run
// out: the process ends, since others wait for what was begun.
void CommitPath::lead(Submission* own) noexcept
{
    for (unsigned group = 1;; ++group) {
        const auto submissions = write_one_group();
        bool goes_on           = own != nullptr && group < groups_led_max;
        {
            const std::lock_guard lock{mutex_};
            goes_on = goes_on && not queue_.empty() && holders_ == 0;
            if (not goes_on) hand_on();
        }
        // When he does not go on, nothing of this path is touched after the answers: the last one may destroy it.
        answer(submissions, own);
        if (not goes_on) return;
    }
}

CommitPath::Submissions CommitPath::write_one_group()
{
    auto submissions   = take_group();
    std::size_t taken  = 0;
    const auto written = write(submissions, taken);
    if (not written) {
        if (written.error().kind == Failure::unknown) keep_in_doubt(submissions, taken);
        for (std::size_t i = 0; i < submissions.size(); ++i) {
            Submission& one = *submissions[i];
            one.keep(i < taken || not is_closed() ? written.error() : answer_when_closed(one.request()));
        }
        taken = submissions.size();
    }
    after_group_(end_);
    keep_index_small();
    put_back(submissions, taken);
    return submissions;
}

// Decides one after the other, and writes what is accepted of those that it has taken.
result<void> CommitPath::write(const Submissions& submissions, std::size_t& taken)
{
    if (is_closed()) return closed_by_fault();
    Group group{*this, runtime_.clock.now()};
    while (taken < submissions.size() && group.take(*submissions[taken])) ++taken;
    return group.write();
}

// Those that were not taken wait for the next group.
void CommitPath::put_back(Submissions& submissions, std::size_t taken)
{
    const auto first = submissions.begin() + static_cast<std::ptrdiff_t>(taken);
    {
        const std::lock_guard lock{mutex_};
        queue_.insert(queue_.begin(), first, submissions.end());
    }
    submissions.erase(first, submissions.end());
}

// Callers that wait are woken as a tree, each by the one before him: so the waking is shared among the cores, and the one
// who leads goes on with the next write meanwhile.
void CommitPath::answer(const Submissions& submissions, Submission* own)
{
    Submissions waiting;
    std::vector<std::unique_ptr<Submission>> spent;
    for (Submission* submission : submissions) {
        if (submission == own)
            own->call(Submission::Call::answered);
        else if (submission->waits())
            waiting.push_back(submission);
        else
            spent.emplace_back(submission);
    }
    for (std::size_t i = waiting.size(); i-- > 1;) waiting[(i - 1) / 2]->wakes(waiting[i]);
    if (not waiting.empty()) waiting.front()->call(Submission::Call::answered);
    for (const auto& submission : spent) submission->complete();
    if (spent.empty()) return;
    // Whoever appends next clears them away: he has more time for it than the one who leads.
    const std::lock_guard lock{mutex_};
    spent_.swap(spent);
}

// The lead goes to somebody who holds the appends, to one who waits, to a task, or to nobody. Called with the lock held.
void CommitPath::hand_on()
{
    if (holders_ > 0) {
        is_led_ = false;
        idle_.notify_all();
        return;
    }
    for (Submission* waiting : queue_) {
        if (not waiting->waits()) continue;
        waiting->call(Submission::Call::lead);
        return;
    }
    if (not queue_.empty() && not drain_is_sent_) drain();
    is_led_ = false;
    if (queue_.empty()) idle_.notify_all();
}

void CommitPath::finish()
{
    for (;;) {
        {
            std::unique_lock lock{mutex_};
            idle_.wait(lock, [&] { return not is_led_; });
            if (queue_.empty()) return;
            is_led_ = true;
        }
        lead(nullptr);
    }
}

std::unique_ptr<HeldAppends> CommitPath::hold()
{
    auto held = std::unique_ptr<Held>{new Held{*this}};
    std::unique_lock lock{mutex_};
    ++holders_;
    idle_.wait(lock, [&] { return not is_led_; });
    --holders_;
    is_led_ = true;
    return held;
}

void CommitPath::let_go()
{
    const std::lock_guard lock{mutex_};
    hand_on();
}

void CommitPath::keep_index_small()
{
    if (is_closed() || not index_.is_due(end_.checksum_of_position, options_.index_events)) return;
    // Twice as much as should be: whoever writes has to wait for the index.
    if (index_.newest().events() >= options_.index_events) {
        static_cast<void>(index_.flush());
        return;
    }
    runtime_.executor.post([tasks = tasks_, &index = index_] {
        const std::shared_lock lock{tasks->mutex};
        if (tasks->path == nullptr) return;
        static_cast<void>(index.flush());
    });
}

} // namespace eventloom
