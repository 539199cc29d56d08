#include "commit_path.hpp"

#include "key_spaces.hpp"
#include "query_walk.hpp"
#include "submission.hpp"

namespace eventloom {

struct CommitPath::Tasks {
    std::shared_mutex mutex; // shared by the tasks that run
    CommitPath* path = nullptr;
};

namespace {

constexpr unsigned groups_led_max = 8;

// The log as the next request of a group must see it: with what the group has staged.
class StagedLog final : public LogView {
public:
    StagedLog(const EventIndex& index, const LogReader& log) : index_{index}, log_{log}, view_{index.view()} {}

    result<std::uint64_t> length_of(const std::string& stream) const override
    {
        return index_.length_of(view_, stream, std::numeric_limits<Position>::max());
    }
    result<std::optional<Position>> position_of(const Uuid& id) const override
    {
        if (index_.surely_new(id)) return std::optional<Position>{};
        auto found = index_.position_of(view_, id);
        if (found && found.value() && *found.value() > log_.head()) met_staged_ = true;
        return found;
    }
    result<RecordedEvent> event_at(Position position) const override { return log_.event_at(position); }
    result<std::optional<CommandRecord>> command(const Uuid& id) const override
    {
        auto found = index_.command(view_, id);
        if (found && found.value() && staged_commands_.contains(id)) met_staged_ = true;
        return found;
    }
    result<std::optional<Position>> find_match(const EventQuery& query, Position after) const override
    {
        if (after >= head()) return std::optional<Position>{};
        BOOST_OUTCOME_TRY(const auto found, QueryWalk(index_, view_, query).find(after + 1, Direction::forwards));
        return found;
    }
    Position head() const override { return index_.newest().last(); }

    void stage(const CommandRecord& command) { staged_commands_.insert({command.id, true}); }

    // Something that the group itself has staged was asked for: only when it is durable is there an answer.
    bool met_staged() const { return std::exchange(met_staged_, false); }

private:
    const EventIndex& index_;
    const LogReader& log_;
    const IndexView view_;
    std::unordered_map<Uuid, bool, UuidHash> staged_commands_;
    mutable bool met_staged_ = false;
};

} // namespace

// What one write carries.
class CommitPath::Group {
public:
    Group(CommitPath& path, Time now) : path_{path}, staged_{path.index_, path.log_}, end_{path.end_}, now_{now}
    {
        end_.recorded_at = std::max(end_.recorded_at, now); // a clock that goes back does not reorder the log
        path_.batch_.clear();
        path_.writer_.begin(end_.position + 1, end_.recorded_at, end_.checksum);
    }

    // False: the request asks for what this group has staged, and must wait for the next one.
    bool take(Submission& submission)
    {
        auto decision           = decide_append(submission.request(), staged_, now_);
        const bool asked_staged = staged_.met_staged();
        if (asked_staged) return false;
        if (not decision) {
            submission.keep(std::move(decision.error()));
        } else if (decision.value().repeated) {
            submission.keep(std::move(*decision.value().repeated));
        } else {
            stage(submission, decision.value());
        }
        return true;
    }

    // Writes what was staged, and shows it to everybody.
    result<void> write()
    {
        close_record();
        if (records_.empty()) return done();
        BOOST_OUTCOME_TRY(path_.database_.write(path_.batch_, path_.options_.durability));
        for (auto& [first, last, bytes] : records_) path_.log_.recent().add(first, last, std::move(bytes));
        path_.end_ = end_;
        path_.log_.move_head(end_.position);
        if (not events_->empty()) path_.observers_.tell(std::move(events_));
        return done();
    }

private:
    void stage(Submission& submission, const AppendDecision& decision)
    {
        const AppendRequest& request = submission.request();
        auto answer                  = answer_of(request, decision, end_.position);
        auto& newest                 = path_.index_.newest();
        {
            const std::unique_lock lock{newest.mutex()};
            std::size_t body = 0;
            for (std::size_t i = 0; i < request.streams.size(); ++i) {
                stage(request.streams[i], answer.streams[i].first_version, submission.bodies(), body, newest);
            }
            if (answer.command) newest.add(*answer.command);
        }
        if (answer.command) {
            path_.writer_.add(*answer.command);
            staged_.stage(*answer.command);
        }
        if (not path_.observers_.empty()) record_events(request, answer, end_.recorded_at, *events_);
        submission.keep(std::move(answer));
    }

    void stage(const StreamAppend& append, Version version, const EventBodies& bodies, std::size_t& body,
               IndexTail& newest)
    {
        path_.writer_.enter_stream(append.stream, version);
        for (const NewEvent& event : append.events) {
            if (path_.writer_.bytes() >= path_.options_.record_bytes) {
                close_record();
                path_.writer_.enter_stream(append.stream, version);
            }
            path_.writer_.add(bodies.bytes_of(body), bodies.bodies[body].checksum);
            newest.add(
                IndexedEvent{event.id, append.stream, version, ++end_.position, event.type, event.metadata.tags});
            ++version;
            ++body;
        }
    }

    void close_record()
    {
        RecordWriter& writer = path_.writer_;
        if (writer.empty()) return;
        auto bytes       = path_.log_.recent().spare();
        const auto count = writer.events();
        end_.checksum    = writer.finish(bytes);
        end_.ordinal     = count == 0 ? end_.ordinal + 1 : 0;
        path_.batch_.put(key_spaces::of_record(end_.position, end_.ordinal), bytes);
        records_.emplace_back(end_.position - count + 1, end_.position, std::move(bytes));
        if (count > 0) end_.checksum_of_position = end_.checksum;
        writer.begin(end_.position + 1, end_.recorded_at, end_.checksum);
    }

    CommitPath& path_;
    StagedLog staged_;
    LogEnd end_;
    const Time now_;
    std::vector<std::tuple<Position, Position, std::string>> records_;
    std::shared_ptr<std::vector<RecordedEvent>> events_ = std::make_shared<std::vector<RecordedEvent>>();
};

CommitPath::CommitPath(const Runtime& runtime, Database& database, EventIndex& index, LogReader& log,
                       Observers& observers, Options options, const LogEnd& end, AfterGroup after_group)
    : runtime_{runtime}, database_{database}, index_{index}, log_{log}, observers_{observers}, options_{options},
      after_group_{std::move(after_group)}, end_{end}, tasks_{std::make_shared<Tasks>()}
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
        if (not std::exchange(is_led_, true)) submission.call(Submission::Call::lead);
    }
    while (submission.wait_for_call() == Submission::Call::lead) lead(&submission);
    return submission.take_answer();
}

void CommitPath::append(AppendRequest request, AppendCompletion completion)
{
    auto submission = std::make_unique<Submission>(std::move(request), std::move(completion));
    std::vector<std::unique_ptr<Submission>> spent; // goes behind the lock
    const std::lock_guard lock{mutex_};
    spent.swap(spent_);
    queue_.push_back(submission.release());
    if (is_led_ || std::exchange(drain_is_sent_, true)) return;
    drain();
}

// Has the queue emptied by a task, for callers who do not wait. Called with the lock held.
void CommitPath::drain()
{
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

Error CommitPath::closed_by_fault() const
{
    return {Failure::unavailable, "store-closed-by-fault",
            "append to the event store in " + database_.directory() +
                " and found it closed by an earlier fault; nothing was written; open it again"};
}

std::vector<CommitPath::Submission*> CommitPath::take_group()
{
    const std::lock_guard lock{mutex_};
    std::vector<Submission*> group;
    std::size_t bytes = 0;
    while (not queue_.empty() && bytes < options_.group_bytes) {
        bytes += queue_.front()->bodies().bytes.size();
        group.push_back(queue_.front());
        queue_.pop_front();
    }
    return group;
}

// Whoever leads goes on for some groups while there is something to write: the next write begins sooner than somebody else
// would have woken up, and he himself is late by these groups only once in a while.
void CommitPath::lead(Submission* own)
{
    for (unsigned group = 1;; ++group) {
        const auto submissions = write_one_group();
        bool goes_on           = group < groups_led_max;
        {
            const std::lock_guard lock{mutex_};
            goes_on = goes_on && not queue_.empty();
            if (not goes_on) hand_on();
        }
        // When he does not go on, nothing of this path is touched behind the answers: the last one may let it go.
        answer(submissions, own);
        if (not goes_on) return;
    }
}

std::vector<CommitPath::Submission*> CommitPath::write_one_group()
{
    auto submissions  = take_group();
    std::size_t taken = 0;
    auto written      = is_closed() ? result<void>{closed_by_fault()} : done();
    if (written) {
        Group group{*this, runtime_.clock.now()};
        while (taken < submissions.size() && group.take(*submissions[taken])) ++taken;
        written = group.write();
    }
    if (not written) {
        for (std::size_t i = 0; i < submissions.size(); ++i) {
            submissions[i]->keep(i < taken ? written.error() : closed_by_fault());
        }
        taken = submissions.size();
    }
    after_group_(end_);
    keep_index_small();

    const std::lock_guard lock{mutex_};
    queue_.insert(queue_.begin(), submissions.begin() + static_cast<std::ptrdiff_t>(taken), submissions.end());
    submissions.resize(taken);
    return submissions;
}

// Callers that wait are woken as a tree, each by the one before him: so the waking is shared among the cores, and the one
// who leads goes on with the next write meanwhile.
void CommitPath::answer(const std::vector<Submission*>& submissions, Submission* own)
{
    std::vector<Submission*> waiting;
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

// The lead goes to somebody who waits, or to a task, or to nobody. Called with the lock held.
void CommitPath::hand_on()
{
    for (Submission* waiting : queue_) {
        if (not waiting->waits()) continue;
        waiting->call(Submission::Call::lead);
        return;
    }
    is_led_ = false;
    if (queue_.empty()) {
        idle_.notify_all();
    } else if (not std::exchange(drain_is_sent_, true)) {
        drain();
    }
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
        if (tasks->path != nullptr) static_cast<void>(index.flush());
    });
}

} // namespace eventloom
