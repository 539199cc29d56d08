// What an instance does: its work is sent or called, and what becomes of it is recorded.
#include "engine/engine.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>

#include <algorithm>

namespace eventloom {

Uuid id_of_action(const InstanceKey& key, const Task& task, const std::string& name, std::size_t done)
{
    const std::string_view word = task.kind == TaskKind::act ? "act" : task.kind == TaskKind::undo ? "undo" : "fail";
    const auto place            = task.kind == TaskKind::end ? 0 : task.place;
    return derived_uuid({"saga", key.saga, key.key, std::to_string(place), name, word, std::to_string(done)});
}

Error answered_later_not_last(const std::string& step)
{
    return {Failure::invalid, "answered-later-not-last",
            "called an activity that is answered from elsewhere, and found that the step \"" + step +
                "\" has more work after it, which nobody would do; put the call last, or into a step of its own"};
}

namespace {

// So long an instance that is to be undone waits for work that was asked for, and has no limit of its own.
constexpr Duration longest_wait_for_answer = std::chrono::minutes{1};
// Work with a deadline that takes longer than this is recorded as asked for, so that its time goes on after a restart.
constexpr Duration quick = std::chrono::seconds{1};

Uuid id_of(const InstanceKey& key, const Work& work)
{
    return id_of_action(key, work.task, work.name, work.done);
}

bool acts(const std::shared_ptr<Work>& work)
{
    return work->task.kind == TaskKind::act && work->is_called();
}

} // namespace

// What follows from what is known now. Ends with the instance at rest, or with something on its way that brings it back here.
void SagaEngine::go_on(const std::shared_ptr<Active>& active)
{
    for (;;) {
        if (withdraw_works(*active)) continue;
        Next next             = look(*active);
        const bool is_running = active->instance.status == SagaStatus::running && active->saga && active->state;
        if (active->may_have_missed && is_running && hear_missed(*active)) continue;
        if (next.timer != nullptr) {
            hear_timer(*active, *next.timer);
            continue;
        }
        if (withdraw_works(*active)) continue; // what it has just found may be that it is to be undone
        if (drop_works_that_are_over(*active, next)) continue;
        if (not begin_works(*active, next.tasks)) continue; // something followed at once
        if (not active->unrecorded.empty() && not make_writable(*active)) continue;
        const auto sends = std::find_if(active->works.begin(), active->works.end(), [](const auto& work) {
            return not work->is_called() && not work->calls_next();
        });
        // What is known is in the log before a command that is not written together with it.
        const bool is_one_append = sends != active->works.end() && (*sends)->done + 1 == (*sends)->actions.size() &&
                                   &commands_.store() == &store_;
        if (sends != active->works.end() && (active->unrecorded.empty() || is_one_append)) return send(active, *sends);
        if (not active->unrecorded.empty()) return record(active, [this](const auto& again) { go_on(again); });
        for (const auto& work : std::vector{active->works}) {
            if (not work->is_called()) call(active, work);
        }
        see_to_runs(*active);
        if (active->is_known()) keep(*active, next);
        return take_next(active);
    }
}

// What is to be done and waited for, after all that follows by itself.
Next SagaEngine::look(Active& active)
{
    if (not active.is_known() || not is_open(active.instance)) return {};
    if (has_no_state_yet(active.instance)) {
        begin_again(active);
    } else if (not active.saga || not active.state) {
        if (const auto found = find_definition(active); not found) park(active, {}, found.error());
    }
    if (not is_open(active.instance)) return {};
    active.asked.saga_paused_until = paused_until(active.key.saga);
    active.asked.may_act           = std::any_of(active.works.begin(), active.works.end(), acts);
    auto next = next_of(*active.saga, active.instance, active.state, active.asked, runtime_.clock.now());
    if (not next) {
        park(active, {}, next.error());
        return {};
    }
    for (auto& fact : next.value().facts) active.unrecorded.push_back(std::move(fact));
    return std::move(next.value());
}

void SagaEngine::hear_timer(Active& active, const detail::InnerType& timer)
{
    auto fact = fact_of_timer(*active.saga, active.instance, active.state, active.key.key, timer, runtime_.clock.now());
    if (not fact) return park(active, std::string{timer.short_name}, fact.error());
    active.add(std::move(fact.value()));
}

// False: work without an action was done by that.
bool SagaEngine::begin_works(Active& active, const std::vector<Task>& tasks)
{
    for (const Task& task : tasks) {
        if (active.work_for(task)) continue;
        auto made = new_work(active, task);
        if (not made) {
            park(active, name_of(*active.saga, active.instance, task), made.error());
            return false;
        }
        if (begin_run(active, *made.value())) return false;
        if (made.value()->actions.empty()) {
            succeed(active, *made.value(), nullptr);
            return false;
        }
        active.works.push_back(std::move(made.value()));
    }
    return true;
}

result<std::shared_ptr<Work>> SagaEngine::new_work(Active& active, const Task& task)
{
    auto work = std::make_shared<Work>();
    BOOST_OUTCOME_TRY(work->actions, work_of_task(*active.saga, active.instance, active.state, task));
    work->task = task;
    work->name = name_of(*active.saga, active.instance, task);
    return work;
}

// Of an instance that is being undone, what still waits for its turn is not asked for any more. What was asked for is undone, too;
// that it was comes to be known here a moment later than it is. True: something has changed.
bool SagaEngine::withdraw_works(Active& active)
{
    if (active.instance.status != SagaStatus::compensating) return false;
    bool has_changed =
        std::erase_if(active.works, [](const auto& work) { return acts(work) && work->call->withdraw(); }) > 0;
    for (const auto& work : active.works) {
        const auto place           = work->task.place;
        const bool is_of_open_step = acts(work) && active.saga->handlers.empty() &&
                                     active.instance.progress_of(place).state == instance::StepState::open;
        if (not is_of_open_step) continue;
        active.add(instance::WorkAsked{work->name, place, {}, false, runtime_.clock.now()});
        has_changed = true;
    }
    return has_changed;
}

// An instance that is being undone waits for the answers to what it has asked for, but not for ever, and not for what was too late.
// True: now it does not wait for them any more.
bool SagaEngine::drop_works_that_are_over(Active& active, Next& next)
{
    if (not is_open(active.instance)) active.drop_all();
    std::erase_if(active.works, [&](const auto& work) {
        const bool is_due = std::find(next.tasks.begin(), next.tasks.end(), work->task) != next.tasks.end();
        return not is_due && (not work->is_called() || work->call->withdraw());
    });
    const bool is_undone = active.instance.status == SagaStatus::compensating;
    if (not is_undone || std::none_of(active.works.begin(), active.works.end(), acts)) {
        active.answers_until.reset();
        return false;
    }
    const Time now = runtime_.clock.now();
    if (not active.answers_until) active.answers_until = now + longest_wait_for_answer;
    const bool is_late = active.instance.failed.code == "deadline-passed" || now >= *active.answers_until;
    if (not is_late) {
        next.tasks.clear();
        return false;
    }
    for (const auto& work : active.works) {
        if (acts(work)) work->call->give_up();
    }
    std::erase_if(active.works, acts);
    active.answers_until.reset();
    return true;
}

void SagaEngine::park(Active& active, const std::string& step, const Error& error)
{
    active.drop_all();
    active.add(instance::Stuck{step, error.code, error.sentence, runtime_.clock.now()});
}

// The last command of a step is written together with the step's result.
void SagaEngine::send(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work)
{
    if (const auto count = sent_together(*work); count > 1) return send_together(active, work, count);
    const auto& action = std::get<SendAction>(work->actions[work->done]);
    std::optional<Active> after;
    std::optional<StreamAppend> beside;
    if (work->done + 1 == work->actions.size() && &commands_.store() == &store_) {
        auto& then      = after.emplace(active->key);
        then.instance   = active->instance;
        then.unrecorded = active->unrecorded;
        then.saga       = active->saga;
        then.state      = active->state;
        succeed(then, *work, work->answer.get());
        auto next = next_of(*then.saga, then.instance, then.state, active->asked, runtime_.clock.now());
        if (next) {
            for (auto& fact : next.value().facts) then.unrecorded.push_back(std::move(fact));
            beside = append_of(then);
        } else {
            after.reset();
        }
    }
    if (work->task.kind == TaskKind::act) active->asked.since.try_emplace(work->task.place, runtime_.clock.now());
    const auto head = table_->begin_write(store_.head());
    commands_.send(
        *action.type, action.stream, action.command, options_of_action(*active, *work, work->done), std::move(beside),
        [weak  = weak_from_this(), active, work, head,
         after = std::make_shared<std::optional<Active>>(std::move(after))](result<Receipt> receipt) {
            const auto engine = weak.lock();
            if (not engine) return;
            engine->post_for(active, [active, work, head, after, receipt = std::move(receipt)](SagaEngine& self) {
                self.sent(active, work, receipt, std::move(*after), head);
            });
        });
}

void SagaEngine::sent(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work,
                      const result<Receipt>& receipt, std::optional<Active> after, Position head)
{
    const bool is_recorded = receipt && after && not receipt.value().repeated;
    if (is_recorded) {
        active->instance   = std::move(after->instance);
        active->unrecorded = std::move(after->unrecorded);
        active->drop(*work);
        recorded(*active, receipt.value().position);
    }
    table_->end_write(head);
    if (not is_recorded && not receipt) {
        const auto& code = receipt.error().code;
        if (code == "beside-changed" || code == "stream-tombstoned") return look_again(active);
        fail_work(*active, *work, receipt.error());
    } else if (not is_recorded && ++work->done == work->actions.size()) {
        succeed(*active, *work, work->answer.get());
    }
    go_on(active);
}

void SagaEngine::call(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work)
{
    const auto& action = std::get<CallAction>(work->actions[work->done]);
    if (not activities_.knows(*action.type)) {
        const Error error{Failure::unavailable, "no-such-activity",
                          "asked for an activity that answers " + std::string{action.name} +
                              " and found none; add it with sagas.perform<" + std::string{action.name} + ">(...)"};
        return tell(active->key, [this, work, error](const auto& again) { answered(again, work, error, false); });
    }
    note_call(*active, id_of(active->key, *work));
    const auto weak = weak_from_this();
    const auto key  = active->key;
    ActivityCall call{.type     = *action.type,
                      .request  = action.request,
                      .key      = id_of(active->key, *work),
                      .asked    = {},
                      .answered = {},
                      .owner    = active->key.stream(),
                      .step     = work->name,
                      .attempt  = active->instance.progress_of(work->task.place).failed + 1};
    call.asked = [weak, key, work] {
        if (const auto engine = weak.lock()) {
            engine->tell(key, [self = engine.get(), work](const auto& again) { self->asked(again, work); });
        }
    };
    call.answered = [weak, key, work](result<AnyAnswer> answer, bool late) {
        if (const auto engine = weak.lock()) {
            engine->tell(key, [self = engine.get(), work, answer = std::move(answer), late](const auto& again) {
                self->answered(again, work, answer, late);
            });
        }
    };
    work->call = activities_.call(std::move(call));
}

// The time of a step begins with the first call that is really made.
void SagaEngine::asked(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work)
{
    const bool is_present = active->work_for(work->task) == work;
    if (not is_present || work->task.kind != TaskKind::act) return go_on(active);
    const Time now           = runtime_.clock.now();
    const auto [_, is_first] = active->asked.since.try_emplace(work->task.place, now);
    const bool is_noted      = active->instance.progress_of(work->task.place).asked != Time{};
    // What counts after a restart, too.
    const bool is_of_step = active->saga->handlers.empty();
    const auto* step      = is_of_step ? &active->saga->steps[work->task.place] : nullptr;
    const bool matters    = step != nullptr && (step->deadline || step->when);
    if (is_first && not is_noted && matters) {
        runtime_.executor.post_at(now + quick, [weak = weak_from_this(), key = active->key, work, now] {
            const auto engine = weak.lock();
            if (not engine || engine->stopped()) return;
            engine->tell(key,
                         [self = engine.get(), work, now](const auto& again) { self->note_asked(again, work, now); });
        });
    }
    go_on(active);
}

void SagaEngine::note_asked(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work, Time when)
{
    if (active->work_for(work->task) == work) {
        active->add(instance::WorkAsked{work->name, work->task.place, {}, false, when});
    }
    go_on(active);
}

void SagaEngine::answered(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work,
                          const result<AnyAnswer>& answer, bool late)
{
    const auto present = active->work_for(work->task);
    if (present != work || late) return answered_late(active, work, answer);
    // Nobody waits for an answer from elsewhere to a step that is being undone.
    const bool is_undone = work->task.kind == TaskKind::act && active->instance.status != SagaStatus::running;
    if (not answer && is_answered_later(answer.error()) && not is_undone && work->done + 1 < work->actions.size()) {
        park(*active, work->name, answered_later_not_last(work->name));
    } else if (not answer && is_answered_later(answer.error()) && not is_undone) {
        active->drop(*work);
        active->add(instance::WorkAsked{work->name, work->task.place, to_string(id_of(active->key, *work)), true,
                                        runtime_.clock.now()});
    } else if (not answer) {
        fail_work(*active, *work, answer.error());
    } else {
        ++work->done;
        work->call.reset();
        work->answer = answer.value();
        if (work->is_done()) succeed(*active, *work, work->answer.get());
    }
    go_on(active);
}

// Its attempt was given up. It is taken all the same when the step still waits.
void SagaEngine::answered_late(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work,
                               const result<AnyAnswer>& answer)
{
    if (not answer && is_answered_later(answer.error())) return go_on(active); // it was, before it said so
    const auto place      = work->task.place;
    const bool is_running = active->instance.status == SagaStatus::running && active->saga && active->state;
    // What a handler has sent is gone when it is done; a step stays, and says so.
    const bool is_to_be_done =
        is_running &&
        (active->saga->handlers.empty() ? active->instance.progress_of(place).state == instance::StepState::open
                                        : sent_type_of(active->instance, work->task) != nullptr);
    const bool is_wanted = answer && work->task.kind == TaskKind::act && is_to_be_done;
    write_to(runtime_.log, LogLevel::warning, "saga-answer-late",
             {{"saga", active->key.saga},
              {"key", active->key.key},
              {"step", work->name},
              {"taken", is_wanted ? "yes" : "no"},
              {"answer", answer ? "success" : answer.error().code}});
    if (is_wanted) {
        std::erase_if(active->works, [&](const auto& one) { return one->task == work->task; });
        succeed(*active, *work, answer.value().get());
    } else if (active->is_known()) {
        active->add(instance::AnsweredLate{work->name, place, answer ? std::string{} : answer.error().code,
                                           runtime_.clock.now()});
    }
    go_on(active);
}

// A handler hears the answer to a call.
result<instance::Fact> SagaEngine::fact_of_work(const Active& active, SagaState& state, const Work& work,
                                                const void* answer) const
{
    const Time now         = runtime_.clock.now();
    const auto* const call = work.actions.empty() ? nullptr : std::get_if<CallAction>(&work.actions.back());
    if (answer != nullptr && call != nullptr && call->kept != nullptr && not active.saga->handlers.empty()) {
        return fact_of_answer(*active.saga, active.instance, state, active.key.key, work.task.place, *call->kept,
                              answer, now);
    }
    return fact_of_success(*active.saga, active.instance, state, work.task, answer, now);
}

void SagaEngine::succeed(Active& active, const Work& work, const void* answer)
{
    const bool is_late = not is_open(active.instance);
    auto state         = active.state;
    auto fact          = fact_of_work(active, state, work, answer);
    active.drop(work);
    if (is_late) return;
    // The step's work is done; taken up again it is asked for again, by the same ids.
    if (not fact) return park(active, work.name, fact.error());
    active.state = std::move(state);
    active.add(std::move(fact.value()));
}

void SagaEngine::fail_work(Active& active, const Work& work, const Error& error)
{
    const bool something_was_done = work.done > 0;
    const auto task               = work.task;
    const auto name               = work.name;
    active.drop(work);
    // Of a saga that is being undone: whether it was done or not, it is undone, too.
    if (task.kind == TaskKind::act && active.instance.status != SagaStatus::running) return;
    active.add(fact_of_failure(*active.saga, active.instance, active.asked, task, error, something_was_done,
                               runtime_.clock.now()));
}

} // namespace eventloom
