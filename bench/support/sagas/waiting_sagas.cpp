#include "support/sagas/waiting_sagas.hpp"

#include "support/measuring/measure.hpp"
#include "support/sagas/measured_sagas.hpp"

#include <atomic>

namespace bench {

namespace el = eventloom;

namespace {

// The first action of who starts again: another moment than that of the others, which has passed.
el::Time moment_of_last()
{
    return el::Time{} + std::chrono::hours{1};
}

double milliseconds_of(const std::function<void()>& work)
{
    return seconds_of(work) * 1'000;
}

} // namespace

nlohmann::json begin_waiting_sagas(const std::string& directory, std::uint64_t sagas)
{
    SagaMachine machine{directory, waits_and_calls(), [](std::uint64_t) { require(false, "no saga acts yet"); }};
    machine.start();
    const auto first   = el::system_clock().now() + std::chrono::days{3};
    const auto seconds = seconds_of([&] {
        machine.begin_all(sagas, [&](std::uint64_t number) { return first + number * std::chrono::milliseconds{1}; });
    });
    machine.require_all(el::SagaStatus::running, sagas);
    machine.sagas.stop();
    std::atomic<bool> is_there{false};
    machine.begin(sagas, moment_of_last(), [&](const el::result<el::Appended>& appended) {
        require(appended.has_value(), "the last saga's begin event is acknowledged");
        is_there = true;
        machine.executor.wake();
    });
    require(machine.executor.wait_until([&] { return is_there.load(); }, end_of_patience()), "the last one is there");
    return {{"seconds", seconds}};
}

nlohmann::json go_on_with_waiting_sagas(const std::string& directory, std::uint64_t sagas)
{
    std::atomic<std::uint64_t> calls{0};
    std::unique_ptr<SagaMachine> machine;
    const auto first_action = seconds_of([&] {
        machine = std::make_unique<SagaMachine>(directory, waits_and_calls(), [&](std::uint64_t number) {
            require(number == sagas, "only the last saga acts");
            ++calls;
        });
        machine->start();
        require(machine->executor.wait_until([&] { return calls > 0; }, end_of_patience()), "the last saga acts");
    });
    require(machine->sagas.settle(end_of_patience()) && calls == 1, "it acts once");
    std::vector<el::SagaInstance> page;
    const auto list = [&](const el::SagaFilter& filter, std::size_t limit) {
        return milliseconds_of([&] { page = machine->sagas.list(filter, limit).value(); });
    };
    const auto page_by_key = list(
        {.saga = "work", .status = el::SagaStatus::running, .key_prefix = std::to_string(sagas / 2).substr(0, 2)}, 100);
    require(not page.empty() && page.size() <= 100, "a page is found");
    const auto page_by_step = list({.saga = "work", .status = el::SagaStatus::running, .step = "call"}, 100);
    require(page.empty(), "no saga that runs is at its call");
    return {{"first_action", first_action}, {"page_by_key", page_by_key}, {"page_by_step", page_by_step}};
}

} // namespace bench
