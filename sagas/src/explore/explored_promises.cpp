// What the engine promises of every run, read from the log and the calls alone.
#include "engine/active.hpp"
#include "explored_run.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace eventloom {

namespace {

constexpr std::size_t most_actions = 16; // of one step

struct InstanceSeen {
    InstanceKey key;
    Saga saga;
    SagaInstance shown;
    instance::Instance folded;
    std::vector<std::pair<instance::Fact, Position>> facts;
    std::optional<Position> ended; // the last position of that append
};

struct Owner {
    const InstanceSeen* instance;
    Task task;
};

class Promises {
public:
    Promises(const std::vector<Saga>& sagas, const RunTrace& trace, const Explored& run)
        : sagas_{sagas}, trace_{trace}, run_{run}
    {
    }

    // Each throws the sentence.
    void check()
    {
        read_instances();
        find_owners();
        for (const auto& instance : instances_) {
            check_end(instance);
            check_undone(instance);
            check_after_end(instance);
        }
        check_calls();
    }

private:
    template <class T>
    static T value_of(result<T> answer)
    {
        if (not answer) throw answer.error().sentence;
        return std::move(answer.value());
    }

    void read_instances()
    {
        for (const auto& [saga, position] : value_of(run_.sagas.not_begun())) {
            throw fmt::format("the event at position {} has begun no instance of the saga {}", position, saga);
        }
        for (auto& shown : value_of(run_.sagas.list())) {
            InstanceSeen seen{
                .key = {shown.saga, shown.key}, .saga = {}, .shown = shown, .folded = {}, .facts = {}, .ended = {}};
            const auto known = std::find_if(sagas_.begin(), sagas_.end(), [&](const Saga& saga) {
                return saga->name == shown.saga && saga->version == shown.version;
            });
            if (known != sagas_.end()) seen.saga = *known;
            read_history(seen);
            instances_.push_back(std::move(seen));
        }
    }

    void read_history(InstanceSeen& seen) const
    {
        const auto cursor = run_.store.read({.scope = Scope::stream(seen.key.stream())});
        while (const RecordedEvent* event = value_of(cursor->next())) {
            seen.folded     = value_of(evolved(std::move(seen.folded), *event));
            const auto read = detail::with_facts<instance::Instance>(
                *event, "explored", [&](const auto& fact) { seen.facts.emplace_back(fact, event->position); });
            if (not read) throw read.error().sentence;
            const bool ends = event->type == "saga-completed" || event->type == "saga-compensated";
            if (ends) seen.ended = *std::lower_bound(trace_.appends.begin(), trace_.appends.end(), event->position);
        }
    }

    void find_owners()
    {
        for (const auto& instance : instances_) {
            const auto add = [&](const Task& task, const std::string& name) {
                for (std::size_t done = 0; done < most_actions; ++done) {
                    owners_.emplace(id_of_action(instance.key, task, name, done), Owner{&instance, task});
                }
            };
            if (not instance.saga) continue;
            for (std::uint32_t place = 0; place < instance.saga->steps.size(); ++place) {
                add({place, TaskKind::act}, instance.saga->steps[place].name);
                add({place, TaskKind::undo}, instance.saga->steps[place].name);
            }
            add({0, TaskKind::end}, "failed");
            for (const auto& [fact, position] : instance.facts) {
                const auto* handled = std::get_if<instance::Handled>(&fact);
                if (handled == nullptr) continue;
                for (const auto& sent : handled->sent) add({sent.number, TaskKind::act}, sent.name);
            }
        }
    }

    void check_end(const InstanceSeen& seen) const
    {
        if (seen.folded.status != seen.shown.status) {
            throw fmt::format("the saga {} is {} by its row and {} by its history", seen.key.stream(),
                              to_string(seen.shown.status), to_string(seen.folded.status));
        }
        const bool waits = is_open(seen.folded) && (seen.shown.waits_for.starts_with("the event") ||
                                                    seen.shown.waits_for.starts_with("events") ||
                                                    seen.shown.waits_for.starts_with("the answer"));
        if (seen.ended || waits) return;
        throw fmt::format("the saga {} has not ended: it is {} at its step \"{}\"{}{}", seen.key.stream(),
                          to_string(seen.shown.status), seen.shown.step,
                          seen.shown.waits_for.empty() ? "" : ", waiting for ", seen.shown.waits_for);
    }

    void check_undone(const InstanceSeen& seen) const
    {
        std::optional<std::uint32_t> last;
        for (const auto& [fact, position] : seen.facts) {
            const auto* undone = std::get_if<instance::StepUndone>(&fact);
            if (undone == nullptr) continue;
            if (last && undone->index >= *last) {
                throw fmt::format("the saga {} undid its step \"{}\" after an earlier one", seen.key.stream(),
                                  undone->step);
            }
            last = undone->index;
        }
    }

    void check_after_end(const InstanceSeen& seen) const
    {
        if (not seen.ended) return;
        const auto cursor = run_.store.read({.from = *seen.ended + 1});
        while (const RecordedEvent* event = value_of(cursor->next())) {
            const auto& headers = event->metadata.headers;
            const bool is_sent =
                std::find(headers.begin(), headers.end(),
                          std::pair<std::string, std::string>{"saga", seen.key.stream()}) != headers.end();
            const bool is_own = event->stream == seen.key.stream() && event->type != "saga-answered-late";
            if (is_sent || is_own) {
                throw fmt::format("the saga {} had ended, and then wrote {} to {}", seen.key.stream(), event->type,
                                  event->stream);
            }
        }
    }

    void check_calls() const
    {
        std::map<CallKey, const CallMade*> first;
        for (const auto& call : trace_.calls) {
            const auto owner = owners_.find(call.key);
            if (owner == owners_.end()) {
                throw fmt::format("{} {} was called with a key that is of no step", call.name, call.request);
            }
            const auto& [other, is_first] = *first.emplace(call.key, &call).first;
            if (is_first->request != call.request) {
                throw fmt::format("{} was called with {} and then, with the same key, with {}", call.name,
                                  is_first->request, call.request);
            }
            const auto& [instance, task] = owner->second;
            if (instance->ended && call.head >= *instance->ended) {
                throw fmt::format("the saga {} had ended, and then called {} {}", instance->key.stream(), call.name,
                                  call.request);
            }
            if (call.took_effect && task.kind == TaskKind::act) check_was_undone(*instance, task.place, call);
        }
    }

    // What took effect, in an instance that was undone.
    void check_was_undone(const InstanceSeen& seen, std::uint32_t place, const CallMade& call) const
    {
        const bool needs_undo = seen.folded.status == SagaStatus::compensated && seen.saga->handlers.empty() &&
                                seen.saga->steps[place].undo;
        if (not needs_undo) return;
        const bool is_undone = std::any_of(seen.facts.begin(), seen.facts.end(), [&](const auto& one) {
            const auto* undone = std::get_if<instance::StepUndone>(&one.first);
            return undone != nullptr && undone->index == place && one.second > call.head;
        });
        if (not is_undone) {
            throw fmt::format("{} {} took effect, the saga {} was undone, and this step was not", call.name,
                              call.request, seen.key.stream());
        }
    }

    const std::vector<Saga>& sagas_;
    const RunTrace& trace_;
    const Explored& run_;
    std::vector<InstanceSeen> instances_;
    std::map<CallKey, Owner> owners_;
};

} // namespace

std::optional<std::string> broken_promise(const std::vector<Saga>& sagas, const RunTrace& trace, const Explored& run)
{
    try {
        Promises{sagas, trace, run}.check();
        return std::nullopt;
    } catch (const std::string& sentence) {
        return sentence;
    }
}

} // namespace eventloom
