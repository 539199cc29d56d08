#include "commands/own_commands.hpp"
#include "commands/sagas/saga_shown.hpp"
#include "json/limited_json.hpp"
#include "json/value_of_json.hpp"

#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

namespace {

struct Told {
    std::string saga;
    std::string key;
    std::string event; // JSON
    std::string because;
};

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
        BOOST_OUTCOME_TRY(line.let_saga_settle(out, service, words->saga, words->key));
        return show_saga(out, service.sagas(), words->saga, words->key);
    });
}

} // namespace eventloom
