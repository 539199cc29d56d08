// A step's activity is called, and what it answers is recorded.
#include "engine/engine.hpp"

#include <eventloom/framework/log.hpp>

namespace eventloom {

namespace {

// Work with a deadline that takes longer than this is recorded as asked for, so that its time goes on after a restart.
constexpr Duration quick = std::chrono::seconds{1};

} // namespace

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

} // namespace eventloom
