#include "program/open_steps.hpp"

#include <algorithm>

namespace eventloom {

using namespace instance;

bool is_open_step(const Instance& instance, std::uint32_t place)
{
    return instance.progress_of(place).state == StepState::open;
}

std::vector<std::uint32_t> open_steps(const SagaDefinition& saga, const Instance& instance)
{
    std::vector<std::uint32_t> places;
    const auto first = instance.first_open();
    for (std::uint32_t place = first; place < saga.steps.size(); ++place) {
        if (saga.steps[place].group != saga.steps[first].group) break;
        if (is_open_step(instance, place)) places.push_back(place);
    }
    return places;
}

bool others_are_open(const SagaDefinition& saga, const Instance& instance, std::uint32_t place)
{
    const auto places = open_steps(saga, instance);
    return std::any_of(places.begin(), places.end(), [&](std::uint32_t other) { return other != place; });
}

std::vector<std::uint32_t> places_to_undo(const SagaDefinition& saga, const Instance& instance, const Asked& asked)
{
    std::vector<std::uint32_t> places;
    for (const std::uint32_t place : open_steps(saga, instance)) {
        if (saga.steps[place].act && asked.may_have_acted(instance, place)) places.push_back(place);
    }
    return places;
}

const Outgoing* outgoing_of(const Instance& instance, const Task& task)
{
    for (const auto& entry : instance.outbox.entries) {
        if (entry.outgoing.number == task.place) return &entry.outgoing;
    }
    return nullptr;
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
