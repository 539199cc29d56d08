// Commands of one list are on their way together, so that they share the writes of the disk. The last one of a step comes after them:
// it is written together with the step's result (moves.cpp).
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

} // namespace eventloom
