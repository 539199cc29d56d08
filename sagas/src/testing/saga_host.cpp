#include <eventloom/sagas/detail/saga_host.hpp>

#include <eventloom/storage/memory_files.hpp>
#include <eventloom/storage/system_files.hpp>

#include <stdexcept>

namespace eventloom::testing {

namespace {

constexpr Duration longest = std::chrono::days{400};

} // namespace

struct SagaHost::Process {
    Process(std::function<void(Sagas&)> with, std::uint64_t seed) : simulated{seed}, set_up{std::move(with)} {}
    ~Process() { die(); }

    void start();
    void die();

    SimulatedExecutor simulated;
    std::unique_ptr<MemoryFiles> files = std::make_unique<MemoryFiles>();
    const std::function<void(Sagas&)> set_up;
    std::unique_ptr<EventStore> store;
    std::unique_ptr<CommandBus> commands;
    std::unique_ptr<EventBus> bus;
    std::unique_ptr<Sagas> sagas;
};

void SagaHost::Process::start()
{
    const Runtime runtime{simulated, simulated, simulated, *files};
    commands = std::make_unique<CommandBus>(runtime, *store);
    bus      = std::make_unique<EventBus>(runtime, *store);
    sagas    = std::make_unique<Sagas>(runtime, *store, *commands, *bus, "sagas");
    set_up(*sagas);
    if (const auto started = sagas->start(); not started) not_given(started.error());
}

void SagaHost::Process::die()
{
    files->freeze(); // what is not there yet is not written any more
    sagas.reset();
    bus.reset();
    commands.reset();
    simulated.drop_everything();
    files->thaw();
}

SagaHost::SagaHost(std::function<std::unique_ptr<EventStore>(const Runtime&)> open_store,
                   std::function<void(Sagas&)> set_up, std::uint64_t seed)
    : process_{std::make_unique<Process>(std::move(set_up), seed)}
{
    auto& simulated = process_->simulated;
    process_->store = open_store({simulated, simulated, simulated, system_files()});
    process_->start();
}

SagaHost::~SagaHost() = default;

CommandBus& SagaHost::commands()
{
    return *process_->commands;
}

EventStore& SagaHost::store()
{
    return *process_->store;
}

Sagas& SagaHost::sagas()
{
    return *process_->sagas;
}

Time SagaHost::now() const
{
    return process_->simulated.now();
}

void SagaHost::advance(Duration span)
{
    process_->simulated.advance(span);
}

void SagaHost::settle()
{
    process_->simulated.run_until_idle();
    if (const auto error = sagas().error()) not_given(*error);
}

void SagaHost::restart(bool with_table)
{
    process_->die();
    if (not with_table) process_->files = std::make_unique<MemoryFiles>();
    process_->start();
}

SagaInstance SagaHost::instance(std::string_view saga, std::string_view key)
{
    auto found = taken(sagas().find(saga, key));
    if (found) return std::move(*found);
    throw std::runtime_error{"asked for the saga " + std::string{saga} + "-" + std::string{key} +
                             " and found no such instance"};
}

SagaInstance SagaHost::finished(std::string_view saga, std::string_view key)
{
    const auto is_over = [&] {
        const auto found = sagas().find(saga, key);
        if (not found || not found.value()) return false;
        const auto status = found.value()->status;
        return status != SagaStatus::running && status != SagaStatus::compensating;
    };
    process_->simulated.wait_until(is_over, now() + longest);
    auto found = instance(saga, key);
    if (is_over()) return found;
    throw std::runtime_error{"waited for the saga " + std::string{saga} + "-" + std::string{key} +
                             " and found it at the step \"" + found.step + "\" after 400 days; it waits for " +
                             found.waits_for};
}

void SagaHost::not_given(const Error& error)
{
    throw std::runtime_error{error.code + ": " + error.sentence};
}

} // namespace eventloom::testing
