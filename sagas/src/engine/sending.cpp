// A step's command is sent, and what comes back is recorded.
#include "engine/engine.hpp"

namespace eventloom {

namespace {

SendOptions options_of(const Active& active, const Work& work)
{
    return {.command_id  = id_of(active.key, work),
            .correlation = parse_uuid(active.instance.began.correlation).value_or(Uuid{}),
            .causation   = parse_uuid(active.instance.began.event).value_or(Uuid{}),
            .headers     = {{"saga", active.key.stream()}, {"saga-step", work.name}}};
}

} // namespace

// The last command of a step is written together with the step's result.
void SagaEngine::send(const std::shared_ptr<Active>& active, const std::shared_ptr<Work>& work)
{
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
    commands_.send(*action.type, action.stream, action.command, options_of(*active, *work), std::move(beside),
                   [weak  = weak_from_this(), active, work, head,
                    after = std::make_shared<std::optional<Active>>(std::move(after))](result<Receipt> receipt) {
                       const auto engine = weak.lock();
                       if (not engine) return;
                       engine->post_for(active,
                                        [active, work, head, after, receipt = std::move(receipt)](SagaEngine& self) {
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
