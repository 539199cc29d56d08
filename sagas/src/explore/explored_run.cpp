#include "explored_run.hpp"

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/storage/memory_files.hpp>
#include <eventloom/storage/system_files.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>

namespace eventloom {

namespace {

using namespace std::chrono_literals;

// In the sentence of every error that is made here.
constexpr std::string_view made_here = "the exploration has made this fail";
// After so long nothing is expected any more.
constexpr Duration long_enough     = 24h * 400;
constexpr Duration late            = 5h;
constexpr unsigned a_long_time     = 100;    // calls
constexpr std::size_t endless      = 10'000; // points
constexpr unsigned retries_by_hand = 20;

enum class Fate : std::uint8_t { done, refused, fails_once, fails_long, answer_lost, answered_late, throws };

constexpr std::array<std::string_view, 7> words_of_fates{
    "done",
    "refused",
    "fails once",
    "fails for a long time",
    "done, but its answer is lost",
    "done, but answered hours later",
    "throws",
};
constexpr std::array first_call{Fate::done,        Fate::refused,       Fate::fails_once, Fate::fails_long,
                                Fate::answer_lost, Fate::answered_late, Fate::throws};
// What has been done is not refused.
constexpr std::array later_call{Fate::done,        Fate::fails_once,    Fate::fails_long,
                                Fate::answer_lost, Fate::answered_late, Fate::throws};
constexpr std::array command_fates{Fate::done, Fate::refused, Fate::fails_once};

Error refused_here()
{
    return {Failure::refused, "explored-refusal", std::string{made_here}};
}
Error failed_here()
{
    return {Failure::unavailable, "explored-fault", std::string{made_here}};
}

class Run final : public detail::ExploredCalls {
public:
    Run(const detail::ExplorationPlan& plan, const std::vector<Deviation>& script) : plan_{plan}, script_{script} {}

    RunTrace make();
    void call(detail::ExploredCall call) override;

private:
    std::uint32_t choose(std::string what, std::vector<std::string_view> options);
    template <std::size_t count>
    Fate choose_fate(std::string what, const std::array<Fate, count>& fates);
    void wrong(std::string what);

    void open();
    void die(bool with_table);
    void note_appended(const std::vector<RecordedEvent>& events);
    std::optional<Error> fate_of_command(const CommandContext& context);
    void choose_at_this_place();
    void happen(const detail::ExplorationPlan::Named& named);
    void go_on();
    void retry_what_is_stuck();
    void check_end();
    std::uint64_t fingerprint() const;

    Explored now() { return {*store_, *commands_, *sagas_}; }

    const detail::ExplorationPlan& plan_;
    const std::vector<Deviation>& script_;
    std::size_t next_deviation_ = 0;
    RunTrace trace_;

    SimulatedExecutor simulated_{1};
    std::unique_ptr<MemoryFiles> files_ = std::make_unique<MemoryFiles>();
    std::unique_ptr<EventStore> store_;
    Observation observation_;
    std::unique_ptr<CommandBus> commands_;
    std::unique_ptr<EventBus> bus_;
    std::unique_ptr<Sagas> sagas_;

    std::string place_;     // after which append or call it is
    bool moved_    = false; // since the last place
    bool is_dying_ = false;
    std::vector<const detail::ExplorationPlan::Named*> may_happen_;
    std::set<CallKey> took_effect_;
    std::map<CallKey, unsigned> failing_; // calls with this key, so many more times
};

RunTrace Run::make()
{
    plan_.reset();
    for (const auto& happening : plan_.happenings) may_happen_.push_back(&happening);
    store_       = plan_.open_store({simulated_, simulated_, simulated_, system_files()});
    observation_ = store_->observe([this](const auto& events) { note_appended(*events); });
    open();
    for (const auto& beginning : plan_.beginnings) {
        if (trace_.mistake) break;
        happen(beginning);
        choose_at_this_place();
    }
    go_on();
    retry_what_is_stuck();
    if (not trace_.mistake) check_end();
    trace_.fingerprint = fingerprint();
    is_dying_          = true;
    sagas_.reset();
    bus_.reset();
    commands_.reset();
    simulated_.drop_everything();
    observation_.reset();
    return std::move(trace_);
}

void Run::wrong(std::string what)
{
    if (not trace_.mistake) trace_.mistake = std::move(what);
}

std::uint32_t Run::choose(std::string what, std::vector<std::string_view> options)
{
    const auto number    = static_cast<std::uint32_t>(trace_.points.size());
    std::uint32_t chosen = 0;
    if (next_deviation_ != script_.size() && script_[next_deviation_].point == number) {
        chosen = script_[next_deviation_++].option;
        if (chosen >= options.size()) {
            wrong(fmt::format("point {} has no option {}: the saga is not the one of this path any more", number,
                              chosen));
            chosen = 0;
        }
    }
    if (number == endless) wrong("the run does not come to an end");
    if (chosen > 0) trace_.history.push_back(fmt::format("  point {}: {}: {}", number, what, options[chosen]));
    trace_.points.push_back({std::move(what), std::move(options), chosen});
    return chosen;
}

template <std::size_t count>
Fate Run::choose_fate(std::string what, const std::array<Fate, count>& fates)
{
    std::vector<std::string_view> options;
    for (const Fate fate : fates) options.push_back(words_of_fates[static_cast<std::size_t>(fate)]);
    return fates[choose(std::move(what), std::move(options))];
}

// ---- the process

void Run::open()
{
    const Runtime runtime{simulated_, simulated_, simulated_, *files_};
    commands_ = std::make_unique<CommandBus>(runtime, *store_);
    commands_->use([this](CommandContext& context, const CommandStep& next, CommandDone done) {
        if (auto error = fate_of_command(context)) return done(std::move(*error));
        next(context, std::move(done));
    });
    bus_   = std::make_unique<EventBus>(runtime, *store_);
    sagas_ = std::make_unique<Sagas>(runtime, *store_, *commands_, *bus_, "sagas");
    for (const Saga& saga : plan_.sagas) sagas_->add(saga);
    for (const auto& add : plan_.activities) add(*sagas_, *this);
    const auto started = sagas_->start();
    if (not started) wrong("the engine did not start: " + started.error().sentence);
}

void Run::die(bool with_table)
{
    is_dying_ = true;
    files_->freeze();
    sagas_.reset();
    bus_.reset();
    commands_.reset();
    simulated_.drop_everything();
    files_->thaw();
    if (not with_table) files_ = std::make_unique<MemoryFiles>();
    is_dying_ = false;
    open();
}

void Run::note_appended(const std::vector<RecordedEvent>& events)
{
    std::string what;
    for (const auto& event : events)
        what += fmt::format("{}{} in {}", what.empty() ? "" : ", ", event.type, event.stream);
    trace_.history.push_back(
        fmt::format("{} {}: {}", events.back().position, to_string(events.back().recorded_at), what));
    trace_.appends.push_back(events.back().position);
    place_ = std::move(what);
    moved_ = true;
}

std::optional<Error> Run::fate_of_command(const CommandContext& context)
{
    if (is_dying_) return failed_here();
    const auto& headers = context.options.headers;
    const auto saga = std::find_if(headers.begin(), headers.end(), [](const auto& one) { return one.first == "saga"; });
    if (saga == headers.end()) return std::nullopt;
    // One that took effect is recognised, whoever decides.
    const auto recorded = store_->find_command(context.options.command_id);
    if (recorded && recorded.value()) return std::nullopt;
    const auto fate =
        choose_fate(fmt::format("{} to {} for {}", context.command, context.stream, saga->second), command_fates);
    if (fate == Fate::done) return std::nullopt;
    return fate == Fate::refused ? refused_here() : failed_here();
}

// ---- calls

void Run::call(detail::ExploredCall call)
{
    if (is_dying_) return;
    auto what     = fmt::format("{} {}", call.name, call.request);
    moved_        = true;
    place_        = "the call " + what;
    auto& made    = trace_.calls.emplace_back(CallMade{std::string{call.name}, call.request, call.key, store_->head()});
    const auto it = failing_.find(call.key);
    if (it != failing_.end() && it->second > 0) {
        --it->second;
        return call.answer(failed_here());
    }
    const auto fate = took_effect_.contains(call.key) ? choose_fate(what, later_call) : choose_fate(what, first_call);
    trace_.history.push_back(fmt::format("call {}: {}", what, words_of_fates[static_cast<std::size_t>(fate)]));
    if (fate == Fate::refused) return call.answer(refused_here());
    if (fate == Fate::fails_once) return call.answer(failed_here());
    if (fate == Fate::throws) throw std::runtime_error(std::string{made_here});
    if (fate == Fate::fails_long) {
        failing_[call.key] = a_long_time;
        return call.answer(failed_here());
    }
    made.took_effect = call.act();
    if (made.took_effect) took_effect_.insert(call.key);
    if (fate == Fate::answer_lost) return call.answer(failed_here());
    if (fate == Fate::done) return call.answer(std::nullopt);
    simulated_.post_at(simulated_.now() + late, [answer = call.answer] { answer(std::nullopt); });
}

// ---- the run

void Run::happen(const detail::ExplorationPlan::Named& named)
{
    trace_.history.push_back("  " + named.name);
    place_   = named.name;
    auto run = now();
    named.happens(run);
    moved_ = false;
}

void Run::choose_at_this_place()
{
    while (not trace_.mistake) {
        std::vector<std::string_view> options{"nothing happens", "the process dies",
                                              "the process dies, and its table is lost"};
        const auto deaths = options.size() - 1;
        for (const auto* one : may_happen_) options.push_back(one->name);
        moved_            = false;
        const auto chosen = choose("after " + place_, std::move(options));
        if (chosen == 0) return;
        if (chosen <= deaths) {
            die(chosen == 1);
        } else {
            const auto place = may_happen_.begin() + static_cast<std::ptrdiff_t>(chosen - deaths - 1);
            const auto& one  = **place;
            may_happen_.erase(place);
            happen(one);
        }
    }
}

void Run::go_on()
{
    const Time end = simulated_.now() + long_enough;
    while (not trace_.mistake && simulated_.wait_until([this] { return moved_; }, end)) choose_at_this_place();
    if (const auto error = sagas_->error()) wrong("the engine stopped: " + error->sentence);
}

// A person does, when all that failed works again.
void Run::retry_what_is_stuck()
{
    for (unsigned tried = 0; not trace_.mistake; ++tried) {
        const auto stuck = sagas_->list({.status = SagaStatus::stuck});
        if (not stuck) return wrong("the instances could not be listed: " + stuck.error().sentence);
        if (stuck.value().empty()) return;
        failing_.clear();
        for (const auto& one : stuck.value()) {
            const auto& why       = *one.why;
            const bool is_of_this = why.reason.find(made_here) != std::string::npos ||
                                    (why.code == "deadline-passed" && not script_.empty());
            if (not is_of_this || tried == retries_by_hand) {
                return wrong(fmt::format("the saga {} of {} is stuck at its step \"{}\": {}", one.saga, one.key,
                                         why.step, why.reason));
            }
            const auto retried = sagas_->retry(one.saga, one.key, "what failed works again");
            if (not retried) return wrong("what was stuck could not be tried again: " + retried.error().sentence);
            trace_.history.push_back("  a person tries " + one.key + " again");
        }
        moved_ = false;
        go_on();
    }
}

void Run::check_end()
{
    auto run = now();
    if (auto broken = broken_promise(plan_.sagas, trace_, run)) return wrong(std::move(*broken));
    for (const auto& invariant : plan_.invariants) {
        if (not invariant.holds(run)) return wrong("it does not hold that " + invariant.name);
    }
}

std::uint64_t Run::fingerprint() const
{
    std::uint64_t mixed = 0;
    const auto mix      = [&](std::string_view text) {
        mixed = (mixed ^ std::hash<std::string_view>{}(text)) * 0x9e3779b97f4a7c15;
    };
    const auto cursor = store_->read({});
    for (;;) {
        const auto event = cursor->next();
        if (not event || event.value() == nullptr) break;
        mix(event.value()->stream);
        mix(event.value()->type);
    }
    for (const auto& call : trace_.calls) {
        mix(call.request);
        mix(call.took_effect ? "took effect" : "");
    }
    for (const auto& point : trace_.points) mix(point.what);
    return mixed;
}

} // namespace

RunTrace explored_run(const detail::ExplorationPlan& plan, const std::vector<Deviation>& script)
{
    return Run{plan, script}.make();
}

} // namespace eventloom
