#include "commands/own_commands.hpp"
#include "commands/sagas/saga_shown.hpp"
#include "json/limited_json.hpp"
#include "json/value_of_json.hpp"

#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <algorithm>

namespace eventloom {

namespace {

constexpr Duration longest_wait      = std::chrono::minutes{10};
constexpr Duration between_questions = std::chrono::milliseconds{100};

struct Told {
    std::string saga;
    std::string key;
    std::string event; // JSON
    std::string because;
};

// What is told an event may wait for the next one for days.
result<void> wait_until_it_waits(CommandLine& line, Output& out, Service& service, const Told& told)
{
    const auto deadline   = line.runtime().clock.now() + longest_wait;
    const auto is_waiting = [&] {
        const auto found = service.sagas().find(told.saga, told.key);
        if (not found || not found.value()) return true;
        const auto status      = found.value()->status;
        const bool is_open_one = status == SagaStatus::running || status == SagaStatus::compensating;
        return not is_open_one || not found.value()->waits_for.empty();
    };
    const Clock& clock = line.runtime().clock;
    while (not line.runtime().executor.wait_until(is_waiting, std::min(deadline, clock.now() + between_questions))) {
        if (auto error = service.sagas().error()) return *error;
        if (clock.now() >= deadline) return done(); // it goes on
        BOOST_OUTCOME_TRY(out.console().go_on());
    }
    return done();
}

// {"order-approved": {"by": "Ada"}}: an event that the instance hears now.
result<SagaSignal> signal_of(const Sagas& sagas, const Told& told)
{
    BOOST_OUTCOME_TRY(const auto json, parse_limited_json(told.event, typed_json_depth_max));
    if (not json.is_object() || json.size() != 1) {
        return fail(Failure::invalid, "no-event",
                    "asked to tell a saga an event and found no JSON object with one member, the name of the event; "
                    "write it so: {\"order-approved\": {\"by\": \"Ada\"}}");
    }
    const auto item = *json.items().begin();
    BOOST_OUTCOME_TRY(const auto heard, sagas.heard_by(told.saga, told.key));
    for (const EventType* type : heard) {
        if (type->name != item.name) continue;
        BOOST_OUTCOME_TRY(auto bytes, event_of_json(*type, item.value));
        return SagaSignal{item.name, type->schema_version, std::move(bytes)};
    }
    return SagaSignal{item.name, 1, {}}; // the instance says what it waits for
}

} // namespace

void add_saga_signal_command(CommandLine& line, Command sagas)
{
    const auto words   = std::make_shared<Told>();
    const auto command = sagas.add_subcommand(
        "signal", "Say an event to one instance, as if it came from the log, and wait until it ends or waits again");
    command.add_option("saga", words->saga, "The saga's name").required();
    command.add_option("key", words->key, "The instance's key").required();
    command.add_option("event", words->event, "The event as JSON: {\"order-approved\": {\"by\": \"Ada\"}}").required();
    command.add_option("--because", words->because, "The reason, for the instance's history").required();
    line.on(command, [&line, words](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        Service& service = open_service->service();
        BOOST_OUTCOME_TRY(service.start());
        BOOST_OUTCOME_TRY(const auto signal, signal_of(service.sagas(), *words));
        BOOST_OUTCOME_TRY(service.sagas().signal(words->saga, words->key, signal, words->because));
        BOOST_OUTCOME_TRY(wait_until_it_waits(line, out, service, *words));
        return show_saga(out, service.sagas(), words->saga, words->key);
    });
}

} // namespace eventloom
