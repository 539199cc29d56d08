#include "queues_machine.hpp"

#include "queues/job_table.hpp"

#include <eventloom/eventstore/engines.hpp>

#include <algorithm>

namespace eventloom::testing {

using namespace std::chrono_literals;

QueuesMachine::QueuesMachine(std::uint64_t seed, QueuesLog log, DirectoryModel model)
    : simulated_{seed}, disk_{seed, model},
      files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
      runtime_{simulated_, simulated_, simulated_, files_}, log_{log}
{
    if (log_ == QueuesLog::in_memory) memory_ = open_memory_store(runtime_);
}

QueuesMachine::~QueuesMachine()
{
    cut_power(Tail::dropped);
}

bool QueuesMachine::start()
{
    if (log_ == QueuesLog::on_the_disk) {
        auto opened = LevelDbStore::open(runtime_, {.directory = "/log"});
        if (not opened) return false;
        leveldb_ = std::move(opened.value());
    }
    commands_ = std::make_unique<CommandBus>(runtime_, store());
    bus_      = std::make_unique<EventBus>(runtime_, store());
    queues_   = std::make_unique<Queues>(runtime_, store(), *commands_, *bus_, "/queues");
    queues_->add<Mailing>(
        options, [this](const SendMail& mail, JobContext& job) { return work(mail, job); },
        [](const WriteStatement&, JobContext&) -> result<void> { return done(); });
    return queues_->start().has_value();
}

void QueuesMachine::stop_in_order()
{
    queues_.reset();
    bus_.reset();
    commands_.reset();
    leveldb_.reset();
    run_background_work();
    simulated_.drop_everything();
}

void QueuesMachine::cut_power(Tail tail)
{
    if (not disk_.crashed()) disk_.crash_at(disk_.operations() + 1); // nothing is closed in peace
    stop_in_order();
    disk_.power_cut(tail);
    in_work_.clear();
}

bool QueuesMachine::enqueue(const std::string& name, JobOptions job)
{
    const bool is_unique = job.unique.has_value();
    job.id               = simulated_.next();
    asked_.emplace(job.id, job);
    const auto enqueued = queues_->enqueue<Mailing>(SendMail{name, "x"}, job);
    if (not enqueued) return false;
    if (is_unique && enqueued.value().stood_before) return true;
    acknowledged_.push_back({enqueued.value().id, name, job});
    return true;
}

result<JobDone> QueuesMachine::work(const SendMail& mail, JobContext& job)
{
    ++begun_[mail.to];
    const auto name = mail.to + " (" + to_string(job.id()) + ")";
    if (not in_work_.insert(job.id()).second) note(name + " is worked on twice at a time");
    const auto& asked = asked_[job.id()];
    if (asked.not_before && simulated_.now() < *asked.not_before) note(name + " was begun before its time");
    const bool is_acknowledged =
        std::any_of(acknowledged_.begin(), acknowledged_.end(), [&](const auto& one) { return one.id == job.id(); });
    if (options.in_order_per_key && is_acknowledged && not asked.key.empty()) {
        for (const auto& earlier : acknowledged_) {
            if (earlier.id == job.id()) break;
            if (earlier.options.key == asked.key && not retried_.contains(earlier.id) && is_open(earlier.id)) {
                note(name + " was begun before " + earlier.name + " of its key has ended");
            }
        }
    }
    auto now = deed ? deed(mail.to, job.attempt()) : std::nullopt;
    if (is_draining_) now = Deed::done;
    if (not now) now = static_cast<Deed>(simulated_.draw(14));
    simulated_.draw(2) == 0 ? job.progress(1, 2, "halves") : void();
    in_work_.erase(job.id());
    switch (*now) {
    case Deed::refused:
        return refuse("not-wanted", "No.");
    case Deed::fault:
        return provider_is_down();
    case Deed::thrown:
        throw std::runtime_error{"oops"};
    case Deed::again:
        return job_again_at(simulated_.now() + 3s);
    case Deed::given_back:
        return job_given_back();
    case Deed::power_cut:
        disk_.crash_at(disk_.operations() + 1 + simulated_.draw(3));
        return provider_is_down();
    case Deed::cancelled: // by somebody else, of whom nobody here has heard
        static_cast<void>(queues_->cancel(job.id(), "not wanted"));
        return job_done().append(id<Counter>{to_string(job.id())}, ExpectedVersion::any(), Added{1});
    case Deed::child:
        if (mail.to.size() < 12) {
            return job_done()
                .append(id<Counter>{to_string(job.id())}, ExpectedVersion::any(), Added{1})
                .enqueue<Mailing>(SendMail{mail.to + "+", "x"});
        }
        [[fallthrough]];
    default:
        return job_done().append(id<Counter>{to_string(job.id())}, ExpectedVersion::any(), Added{1});
    }
}

bool QueuesMachine::is_open(const Uuid& id)
{
    const auto cursor =
        store().read({.scope = Scope::stream("job-" + to_string(id)), .direction = Direction::backwards, .limit = 1});
    const auto last = cursor->next();
    if (not last || last.value() == nullptr) return false; // the power is gone
    static const std::set<std::string> ends{"job-completed", "job-cancelled", "job-expired", "job-died",
                                            "job-discarded"};
    return not ends.contains(last.value()->type);
}

std::vector<Uuid> QueuesMachine::acknowledged_in(JobState state)
{
    std::vector<Uuid> ids;
    const auto found = queues_->list({.queue = "mail", .state = state});
    for (const auto& job : found ? found.value() : std::vector<JobStatus>{}) ids.push_back(job.id);
    return ids;
}

// What somebody else was faster with is refused; every other error is the end of the power.
namespace {

bool is_alive(const result<void>& answer)
{
    return answer || answer.error().kind == Failure::refused;
}

} // namespace

bool QueuesMachine::cancel_some()
{
    const auto ids = acknowledged_in(JobState::waiting);
    return ids.empty() || is_alive(queues_->cancel(ids[simulated_.draw(ids.size())], "not wanted"));
}

bool QueuesMachine::retry_some()
{
    const auto ids = acknowledged_in(JobState::dead);
    if (ids.empty()) return true;
    const auto& id = ids[simulated_.draw(ids.size())];
    retried_.insert(id); // it goes after the one whose turn it is now
    return is_alive(simulated_.draw(3) == 0 ? queues_->discard(id, "enough") : queues_->retry(id, "again"));
}

bool QueuesMachine::pause(bool is_paused)
{
    return is_alive(is_paused ? queues_->pause("mail", "a while", simulated_.now() + 10s)
                              : queues_->resume("mail", "enough"));
}

bool QueuesMachine::drain()
{
    is_draining_ = true;
    for (int turn = 0; turn < 50; ++turn) {
        simulated_.advance(10min);
        if (not queues_->settle(simulated_.now() + 1min)) continue;
        const auto counted = queues_->list_queues();
        if (not counted) return false;
        std::uint64_t open = 0;
        for (const auto& queue : counted.value()) {
            for (const auto state : {JobState::waiting, JobState::scheduled}) {
                const auto number = queue.jobs.find(state);
                if (number != queue.jobs.end()) open += number->second;
            }
        }
        if (open == 0) {
            is_draining_ = false;
            return true;
        }
    }
    return false;
}

// A second opinion on the history of each job, which shares nothing with the engine.
std::string QueuesMachine::history_broken()
{
    enum class State : std::uint8_t { none, open, dead, ended };
    struct Seen {
        State state    = State::none;
        bool completed = false;
        std::string tag;
    };
    std::map<std::string, Seen> jobs;
    std::map<std::string, int> effects;
    std::map<std::string, std::set<std::string>> open_unique;
    for (const auto& event : read_all(store(), {})) {
        if (event.stream.starts_with("counter-")) ++effects["job-" + event.stream.substr(8)];
        if (not event.stream.starts_with("job-") || event.stream.starts_with("job-queue-")) continue;
        Seen& job          = jobs[event.stream];
        const auto becomes = [&](State from, State now) {
            if (job.state != from) return false;
            job.state = now;
            if (job.tag.empty()) return true;
            auto& open = open_unique[job.tag];
            now == State::open ? static_cast<void>(open.insert(event.stream))
                               : static_cast<void>(open.erase(event.stream));
            return open.size() <= 1;
        };
        bool fits = false;
        if (event.version == 0) {
            for (const auto& tag : event.metadata.tags) job.tag = tag;
            fits = becomes(State::none, State::open);
        } else if (event.type == "job-completed") {
            fits          = becomes(State::open, State::ended);
            job.completed = true;
        } else if (event.type == "job-cancelled" || event.type == "job-expired") {
            fits = becomes(State::open, State::ended);
        } else if (event.type == "job-died") {
            fits = becomes(State::open, State::dead);
        } else if (event.type == "job-retried") {
            fits = becomes(State::dead, State::open);
        } else if (event.type == "job-discarded") {
            fits = becomes(State::dead, State::ended);
        } else {
            fits = job.state == State::open;
        }
        if (not fits) return event.stream + " version " + std::to_string(event.version) + " cannot be " + event.type;
    }
    for (const auto& [stream, job] : jobs) {
        if (effects[stream] != (job.completed ? 1 : 0))
            return stream + " has its effect " + std::to_string(effects[stream]) + " times";
    }
    for (const auto& asked : acknowledged_) {
        if (not jobs.contains("job-" + to_string(asked.id))) return asked.name + " was acknowledged, and is lost";
    }
    return {};
}

// The table is what the fold of the whole log gives.
std::string QueuesMachine::table_broken()
{
    auto fresh = queues::JobTable::open(
        runtime_, "/check", options.in_order_per_key ? std::set<std::string>{"mail"} : std::set<std::string>{});
    if (not fresh) return "the second table does not open";
    const auto events = read_all(store(), {.scope = Scope::category("job")});
    const auto folded = fresh.value()->fold(events, store().head());
    if (not folded) return folded.error().sentence;
    const auto counted = queues_->list_queues();
    if (not counted) return counted.error().sentence;
    // Whether its time has come is a move of the table alone.
    const auto plain = [](JobState state) { return state == JobState::scheduled ? JobState::waiting : state; };
    std::map<JobState, std::uint64_t> wanted;
    std::map<JobState, std::uint64_t> found;
    for (const auto& [queue_and_state, number] : fresh.value()->count()) {
        if (number > 0) wanted[plain(queue_and_state.second)] += number;
    }
    for (const auto& queue : counted.value()) {
        for (const auto& [state, number] : queue.jobs) found[plain(state)] += number;
    }
    if (found != wanted) return "the table counts other jobs than the log has";
    const auto listed = queues_->list({.queue = "mail"}, 100'000);
    if (not listed) return listed.error().sentence;
    for (const auto& job : listed.value()) {
        const auto row = fresh.value()->find(job.id);
        if (not row || not row.value() || row.value()->job.state != plain(job.state))
            return "the table has another state of a job";
    }
    fresh.value().reset();
    return remove_database(runtime_, "/check") ? "" : "the second table does not go";
}

std::string QueuesMachine::broken()
{
    if (not broken_.empty()) return broken_;
    if (auto history = history_broken(); not history.empty()) return history;
    return table_broken();
}

unsigned QueuesMachine::begun(const std::string& name) const
{
    const auto found = begun_.find(name);
    return found == begun_.end() ? 0 : found->second;
}

std::map<std::string, std::string> QueuesMachine::ends()
{
    std::map<std::string, std::string> ends;
    for (const auto& asked : acknowledged_) {
        const auto events = read_all(store(), {.scope = Scope::stream("job-" + to_string(asked.id))});
        if (not events.empty()) ends[asked.name] = events.back().type;
    }
    return ends;
}

} // namespace eventloom::testing
