// Which steps an instance is at, by their names.
#include "program/program.hpp"

namespace eventloom {

using namespace instance;

std::vector<std::uint32_t> open_steps(const SagaDefinition& saga, const Instance& instance)
{
    std::vector<std::uint32_t> places;
    const auto first = instance.first_open();
    for (std::uint32_t place = first; place < saga.steps.size(); ++place) {
        if (saga.steps[place].group != saga.steps[first].group) break;
        if (instance.progress_of(place).state == StepState::open) places.push_back(place);
    }
    return places;
}

namespace {

std::vector<std::string> names_of_open_steps(const SagaDefinition& saga, const Instance& instance)
{
    std::vector<std::string> names;
    if (not saga.handlers.empty()) {
        for (const auto& entry : instance.outbox.entries) names.push_back(entry.outgoing.name);
        return names;
    }
    for (const std::uint32_t place : open_steps(saga, instance)) names.push_back(saga.steps[place].name);
    return names;
}

} // namespace

std::vector<std::string> names_of_present_steps(const SagaDefinition* saga, const Instance& instance)
{
    switch (instance.status) {
    case SagaStatus::stuck:
        return {instance.stuck.step};
    case SagaStatus::running:
        return saga == nullptr ? std::vector<std::string>{} : names_of_open_steps(*saga, instance);
    case SagaStatus::compensating: {
        const auto place = saga == nullptr ? std::nullopt : next_to_undo(*saga, instance);
        return {place ? saga->steps[*place].name : "failed"};
    }
    case SagaStatus::completed:
    case SagaStatus::compensated:
        break;
    }
    return {};
}

} // namespace eventloom
