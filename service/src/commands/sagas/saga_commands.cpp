#include "commands/own_commands.hpp"
#include "commands/sagas/chosen_sagas.hpp"
#include "commands/sagas/saga_shown.hpp"

#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <map>

namespace eventloom {

namespace {

result<void> list_sagas(Output& out, const Sagas& sagas, const SagaFilter& filter, std::size_t limit)
{
    BOOST_OUTCOME_TRY(const auto instances, sagas.list(filter, limit));
    std::vector<std::vector<Json>> rows;
    for (const auto& instance : instances) rows.push_back(saga_row_of(instance));
    out.table(saga_columns(), rows);
    return done();
}

// How many, by what tells them apart.
result<void> count_sagas(Output& out, const Sagas& sagas, const SagaFilter& filter)
{
    std::map<std::vector<std::string>, std::uint64_t> numbers;
    BOOST_OUTCOME_TRY(const auto instances, sagas.list(filter));
    for (const auto& one : instances) {
        ++numbers[{one.saga, std::string{to_string(one.status)}, one.step, one.why ? one.why->code : std::string{}}];
    }
    std::vector<std::vector<Json>> rows;
    for (const auto& [what, number] : numbers) rows.push_back({what[0], what[1], what[2], what[3], number});
    out.table({{"saga"}, {"status"}, {"step"}, {"code"}, {"number", Align::right}}, rows);
    return done();
}

// An instance that is not there may be one that has not been begun.
result<void> say_what_is_not_begun(Output& out, const Sagas& sagas)
{
    say_what_sagas_are_paused(out, sagas);
    BOOST_OUTCOME_TRY(auto firsts, sagas.not_begun());
    for (const auto& [saga, pause] : sagas.paused()) firsts.erase(saga); // which has been said
    if (firsts.empty()) return done();
    std::string sentence;
    auto json = Json::array();
    for (const auto& [saga, first] : firsts) {
        sentence += (sentence.empty() ? "" : "\n") + ("The saga " + saga) +
                    " has not begun for the event at position " + with_separators(static_cast<std::int64_t>(first)) +
                    " and later events yet; a running service, or a command that writes, begins it";
        json.push_back({{"saga", saga}, {"first", first}});
    }
    out.warn(sentence, "not_begun", json);
    return done();
}

void add_list_commands(CommandLine& line, Command sagas)
{
    const auto chosen = std::make_shared<ChosenSagas>();
    const auto add    = [&](const char* name, const char* about, auto show_them) {
        const auto command = sagas.add_subcommand(name, about);
        choose_sagas_by(command, *chosen);
        command.add_option("--saga", chosen->saga, "Of this saga");
        line.on(
            command,
            [&line, chosen, show_them](Output& out) -> result<void> {
                BOOST_OUTCOME_TRY(auto* const open_service, line.open());
                Sagas& opened = open_service->service().sagas();
                BOOST_OUTCOME_TRY(opened.open());
                BOOST_OUTCOME_TRY(say_what_is_not_begun(out, opened));
                BOOST_OUTCOME_TRY(const auto filter, filter_of(*chosen, line.runtime().clock));
                return show_them(out, opened, filter, chosen->limit);
            },
            DirectoryUse::reading);
        return command;
    };
    const auto list = add("list", "All instances, or those with these properties", &list_sagas);
    limit_sagas(list, *chosen);
    add("count", "How many, by status, step and error",
        [](Output& out, const Sagas& opened, const SagaFilter& filter, std::size_t) {
            return count_sagas(out, opened, filter);
        });

    const auto show_command = sagas.add_subcommand("show", "One instance, with its history");
    show_command.add_option("saga", chosen->saga, "The saga's name").required();
    show_command.add_option("key", chosen->key, "The instance's key").required();
    const auto entries = std::make_shared<std::size_t>(1'000);
    show_command.add_option("--limit", *entries, "The last entries of its history, at most so many (default 1000)")
        .check(whole_number(1));
    line.on(
        show_command,
        [&line, chosen, entries](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(auto* const open_service, line.open());
            BOOST_OUTCOME_TRY(open_service->service().sagas().open());
            BOOST_OUTCOME_TRY(say_what_is_not_begun(out, open_service->service().sagas()));
            return show_saga(out, open_service->service().sagas(), chosen->saga, chosen->key, *entries);
        },
        DirectoryUse::reading);

    const auto parked = sagas.add_subcommand(
        "parked", "Events that came for instances that are not there, or have ended, and were kept");
    parked.add_option("saga", chosen->saga, "The saga's name").required();
    line.on(
        parked,
        [&line, chosen](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(auto* const open_service, line.open());
            BOOST_OUTCOME_TRY(const auto events, open_service->service().sagas().parked(chosen->saga));
            std::vector<std::vector<Json>> rows;
            for (const auto& event : events) {
                rows.push_back({event.key, event.event, event.position, event.why, to_string(event.at)});
            }
            out.table({{"key"}, {"event"}, {"position", Align::right}, {"why"}, {"parked at"}}, rows);
            return done();
        },
        DirectoryUse::reading);
}

} // namespace

void add_saga_commands(CommandLine& line)
{
    const auto sagas = line.app().add_subcommand(
        "sagas", "Sagas: list, count, show, parked, signal, retry, cancel, skip, pause, resume, migrate");
    sagas.require_subcommand();
    add_list_commands(line, sagas);
    add_saga_signal_command(line, sagas);
    add_saga_intervention_commands(line, sagas);
}

} // namespace eventloom
