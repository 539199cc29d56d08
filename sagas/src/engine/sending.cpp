// A step's commands are sent, and what comes back is recorded. Those of one list are on their way together, so that they share the
// writes of the disk. The last one of a step comes after them: it is written together with the step's result.
#include "engine/engine.hpp"

#include <algorithm>

namespace eventloom {

namespace {

// Of one instance. With more of them the next ones follow when these are answered.
constexpr std::size_t commands_together_max = 256;

struct AnswersTogether {
    explicit AnswersTogether(std::size_t count) : left{count}, answers(count, Receipt{}) {}

    std::atomic<std::size_t> left;
    std::vector<result<Receipt>> answers; // each is written by the one that gives it
};

} // namespace

SendOptions options_of_action(const Active& active, const Work& work, std::size_t place)
{
    return {.command_id  = id_of_action(active.key, work.task, work.name, place),
            .correlation = parse_uuid(active.instance.began.correlation).value_or(Uuid{}),
            .causation   = parse_uuid(active.instance.began.event).value_or(Uuid{}),
            .headers     = {{"saga", active.key.stream()}, {"saga-step", work.name}}};
}

// How many of the next commands go together, without the last one of the step.
std::size_t SagaEngine::sent_together(const Work& work)
{
    const auto is_in_list = [&](std::size_t place) {
        const auto* const send = std::get_if<SendAction>(&work.actions[place]);
        return send != nullptr && send->kept == nullptr;
    };
    if (not is_in_list(work.done)) return 1;
    std::size_t count = 1;
    while (count < commands_together_max && work.done + count + 1 < work.actions.size() &&
           is_in_list(work.done + count)) {
        ++count;
    }
    return count;
}

// Those to one aggregate are decided in their order.
void SagaEngine::send_together(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work,
                               std::size_t count)
{
    if (work->task.kind == TaskKind::act) active->asked.since.try_emplace(work->task.place, runtime_.clock.now());
    const auto head    = table_->begin_write(store_.head());
    const auto answers = std::make_shared<AnswersTogether>(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto place   = work->done + i;
        const auto& action = std::get<SendAction>(work->actions[place]);
        commands_.send(*action.type, action.stream, action.command, options_of_action(*active, *work, place),
                       std::nullopt,
                       [weak = weak_from_this(), active, work, answers, head, i](result<Receipt> receipt) {
                           answers->answers[i] = std::move(receipt);
                           if (--answers->left > 0) return;
                           const auto engine = weak.lock();
                           if (not engine) return;
                           engine->post_for(active, [active, work, answers, head](SagaEngine& self) {
                               self.answered_together(active, work, answers->answers, head);
                           });
                       });
    }
}

// What was refused is refused again, so that counts, and not what may succeed later. What took effect is undone with the step, or is
// recognised when it is sent again.
void SagaEngine::answered_together(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work,
                                   const std::vector<result<Receipt>>& answers, Position head)
{
    table_->end_write(head);
    const auto failed  = [](const result<Receipt>& answer) { return not answer; };
    const auto refused = [](const result<Receipt>& answer) {
        return not answer && (answer.error().kind == Failure::refused || answer.error().kind == Failure::invalid);
    };
    const auto count = std::count_if(answers.begin(), answers.end(), failed);
    work->done += answers.size() - static_cast<std::size_t>(count);
    if (count > 0) {
        auto why = std::find_if(answers.begin(), answers.end(), refused);
        if (why == answers.end()) why = std::find_if(answers.begin(), answers.end(), failed);
        fail_work(*active, *work, why->error());
    }
    go_on(active);
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

} // namespace eventloom
