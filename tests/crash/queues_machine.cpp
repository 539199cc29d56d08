#include "queues_machine.hpp"

#include "jobs_history.hpp"
#include "queues/job_table.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/event_codec.hpp>

#include <algorithm>

namespace eventloom::testing {

using namespace std::chrono_literals;

QueuesMachine::QueuesMachine(std::uint64_t seed, QueuesLog log, DirectoryModel model)
    : simulated_{seed}, disk_{seed, model},
      files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
      runtime_{simulated_, simulated_, simulated_, files_, &lines_}, log_{log}
{
    expect_elsewhere();
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
    commands_            = std::make_unique<CommandBus>(runtime_, store());
    bus_                 = std::make_unique<EventBus>(runtime_, store());
    queues_              = std::make_unique<Queues>(runtime_, store(), *commands_, *bus_, "/queues");
    const auto statement = [](const WriteStatement&, JobContext&) -> result<void> { return done(); };
    if (takes_batches) {
        queues_->add<Mailing>(
            options,
            [this](const std::vector<SendMail>& mails, const JobContexts& jobs) { return work_together(mails, jobs); },
            statement);
    } else {
        queues_->add<Mailing>(
            options, [this](const SendMail& mail, JobContext& job) { return work(mail, job); }, statement);
    }
    ledger_.restart();
    ledger_.limits = options;
    if (not queues_->start()) return false;
    if (auto broken = limits_broken(); not broken.empty()) note(broken);
    elsewhere_.ask_again(*queues_);
    return true;
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

// Somebody, here or elsewhere, is given a job.
void QueuesMachine::begin(const std::string& name, const Uuid& id, unsigned attempt, Time until)
{
    ++begun_[name];
    const auto who    = name + " (" + to_string(id) + ") ";
    const auto& asked = asked_[id];
    const Time now    = simulated_.now();
    if (const auto broken = ledger_.begin(id, asked.key, now, until); not broken.empty()) note(who + broken);
    if (asked.not_before && now < *asked.not_before) note(who + "begins before its time");
    if (attempt > (asked.attempts == 0 ? options.attempts : asked.attempts))
        note(who + "has more attempts than it may");
    const auto job = queues::read_job(store(), id);
    if (job && job.value().is_open() && now < job.value().due) note(who + "begins before its next attempt may");
    const bool is_acknowledged =
        std::any_of(acknowledged_.begin(), acknowledged_.end(), [&](const auto& one) { return one.id == id; });
    if (not options.in_order_per_key || not is_acknowledged || asked.key.empty()) return;
    for (const auto& earlier : acknowledged_) {
        if (earlier.id == id) break;
        if (earlier.options.key == asked.key && not retried_.contains(earlier.id) && is_open(earlier.id)) {
            note(who + "begins before " + earlier.name + " of its key has ended");
        }
    }
}

QueuesMachine::Deed QueuesMachine::decide(const std::string& name, JobContext& job)
{
    auto now = deed ? deed(name, job.attempt()) : std::nullopt;
    if (is_draining_) now = Deed::done;
    if (not now) now = static_cast<Deed>(simulated_.draw(14));
    simulated_.draw(2) == 0 ? job.progress(1, 2, "halves") : void();
    return *now;
}

result<JobDone> QueuesMachine::work(const SendMail& mail, JobContext& job)
{
    begin(mail.to, job.id(), job.attempt());
    const auto now = decide(mail.to, job);
    ledger_.end(job.id());
    return act(now, mail.to, job.id());
}

JobAnswers QueuesMachine::work_together(const std::vector<SendMail>& mails, const JobContexts& jobs)
{
    if (mails.size() > options.batch) note("a batch has more jobs than it may");
    biggest_batch = std::max(biggest_batch, mails.size());
    for (std::size_t i = 0; i < mails.size(); ++i) begin(mails[i].to, jobs[i]->id(), jobs[i]->attempt());
    std::vector<Deed> deeds;
    for (std::size_t i = 0; i < mails.size(); ++i) deeds.push_back(decide(mails[i].to, *jobs[i]));
    for (const auto* job : jobs) ledger_.end(job->id());
    JobAnswers answers;
    for (std::size_t i = 0; i < mails.size(); ++i) answers.push_back(act(deeds[i], mails[i].to, jobs[i]->id()));
    return answers;
}

result<JobDone> QueuesMachine::act(Deed deed, const std::string& name, const Uuid& id)
{
    const auto counted = [&] {
        return job_done().append(eventloom::id<Counter>{to_string(id)}, ExpectedVersion::any(), Added{1});
    };
    switch (deed) {
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
        static_cast<void>(queues_->cancel(id, "not wanted"));
        return counted();
    case Deed::child:
        if (name.size() < 12) return counted().enqueue<Mailing>(SendMail{name + "+", "x"});
        [[fallthrough]];
    default:
        return counted();
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

bool QueuesMachine::limit(const QueueLimits& to)
{
    // What is not given stays, and without any all end.
    auto limits = to;
    if (limits != QueueLimits{}) {
        if (not limits.workers) limits.workers = limited_.workers;
        if (not limits.per_second) limits.per_second = limited_.per_second;
    }
    being_limited_     = limits;
    const auto limited = queues_->limit("mail", to, "the provider says so");
    if (not limited) return limited.error().kind == Failure::refused;
    limited_ = limits;
    being_limited_.reset();
    // They are heard of a little later.
    const auto before         = ledger_.limits.per_second;
    const auto after          = limits.per_second.value_or(options.per_second);
    ledger_.limits.per_second = before == 0 || after == 0 ? 0 : before + after;
    simulated_.run_until_idle();
    ledger_.restart();
    ledger_.limits.per_second = after;
    return not disk_.crashed();
}

// What was said about limits is there after a restart; what was being said may be.
std::string QueuesMachine::limits_broken()
{
    const auto queues = queues_->list_queues();
    if (not queues) return {};
    for (const auto& queue : queues.value()) {
        if (queue.name != "mail") continue;
        if (queue.limits != limited_ && queue.limits != being_limited_) return "a limit that was set is lost";
        limited_                  = queue.limits;
        ledger_.limits.per_second = limited_.per_second.value_or(options.per_second);
    }
    being_limited_.reset();
    return {};
}

void QueuesMachine::expect_elsewhere()
{
    elsewhere_.begun = [this](const LeasedJob& job) {
        std::string name;
        const auto read = detail::with_facts<Mailing::Jobs>(job.first, "job", [&](const auto& fact) {
            if constexpr (std::is_same_v<std::decay_t<decltype(fact)>, SendMail>) name = fact.to;
        });
        if (not read) note("what a worker elsewhere is given is no job: " + read.error().sentence);
        begin(name, job.lease.of, job.attempt, simulated_.now() + WorkersElsewhere::lease);
    };
    elsewhere_.keeps = [this](const Uuid& job, std::optional<Time> until) {
        until ? ledger_.extend(job, *until) : ledger_.end(job);
    };
    elsewhere_.lost = [this](const Lease& lease) {
        if (disk_.crashed() || not ledger_.has(lease.of, simulated_.now())) return;
        const auto job = queues::read_job(store(), lease.of);
        if (job && job.value().tried.begun && job.value().lease.fence == lease.fence)
            note(to_string(lease.of) + " is taken away although its lease goes on");
    };
}

bool QueuesMachine::pull_elsewhere(std::size_t most, Duration wait)
{
    elsewhere_.pull(*queues_, most, wait);
    simulated_.run_until_idle();
    return not disk_.crashed();
}

bool QueuesMachine::extend_elsewhere()
{
    elsewhere_.extend(*queues_);
    simulated_.run_until_idle();
    return not disk_.crashed();
}

bool QueuesMachine::answer_elsewhere(std::optional<WorkersElsewhere::Answer> answer)
{
    elsewhere_.answer(*queues_, answer);
    simulated_.run_until_idle();
    return not disk_.crashed();
}

bool QueuesMachine::drain()
{
    is_draining_ = true;
    if (not limit({})) return false;
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
    std::set<Uuid> there;
    for (const auto& asked : acknowledged_) there.insert(asked.id);
    if (auto history = broken_history(read_all(store(), {}), there, elsewhere_.completed()); not history.empty())
        return history;
    for (const auto& line : lines_.lines(LogLevel::error)) {
        if (line.find("job-history-lost") != std::string::npos) return "it is reported that history is lost: " + line;
    }
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
