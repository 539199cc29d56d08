#include "simulated_disk/damage.hpp"

namespace eventloom::testing {

namespace {

bool is_answered_rightly(LevelDbStore& store, StoreModel& model, const AppendRequest& request)
{
    const auto expected = model.expect(request);
    model.take(request);
    return wrong_answer(expected, store.append(request)).empty();
}

// What was sent before, a condition that holds, one that fails, and then everything that is there.
bool answers_rightly(LevelDbStore& store, StoreModel model, const std::vector<AppendRequest>& requests, IdSource& ids)
{
    for (const auto* request : {&requests.front(), &requests[requests.size() / 2], &requests.back()}) {
        if (not is_answered_rightly(store, model, *request)) return false;
    }
    const NewEvent event{.id = ids.next(), .type = "type-1", .data = "", .metadata = {}};
    AppendRequest conditional{.streams   = {{"order-1", ExpectedVersion::after(model.length("order-1")), {event}}},
                              .condition = AppendCondition{{{{.types = {"type-1"}}}}, model.head()}};
    if (not is_answered_rightly(store, model, conditional)) return false;
    conditional.streams.front().expected          = ExpectedVersion::any();
    conditional.streams.front().events.front().id = ids.next();
    if (not is_answered_rightly(store, model, conditional)) return false;
    model.take_times_from(store);
    return difference(store, model).empty();
}

bool gives_wrong_data(const EventStore& store, const StoreModel& model)
{
    for (const auto& scope : {Scope::everything(), Scope::category("order"), Scope::stream("order-1")}) {
        const auto cursor = store.read({.scope = scope});
        for (auto next = cursor->next(); next && next.value() != nullptr; next = cursor->next()) {
            const auto& event = *next.value();
            if (event.position == 0 || event.position > model.head()) return true;
            if (not same_event(event, model.events()[event.position - 1])) return true;
        }
    }
    return false;
}

Outcome outcome_of(LevelDbStore& store, const StoreModel& model, const std::vector<AppendRequest>& requests,
                   IdSource& ids)
{
    const auto report = store.verify();
    if (gives_wrong_data(store, model)) return Outcome::wrong_data;
    if (not report || report.value().findings_total > 0) return Outcome::reported;
    const bool right = difference(store, model).empty() && answers_rightly(store, model, requests, ids);
    return right ? Outcome::harmless : Outcome::unnoticed;
}

} // namespace

Outcome outcome_of_opening(StoreMachine& machine, const StoreModel& model, const std::vector<AppendRequest>& requests)
{
    auto outcome = Outcome::refused;
    if (auto store = machine.open()) outcome = outcome_of(*store.value(), model, requests, machine.runtime().ids);
    machine.process_ends();
    return outcome;
}

} // namespace eventloom::testing
