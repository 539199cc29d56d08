#include "commands/own_commands.hpp"

#include "command_line_state.hpp"

#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

struct DeadLetterArguments {
    std::string name;
    Position position = 0;
    std::size_t limit = 1'000'000'000;
};

std::vector<Column> shown_columns()
{
    return {{"projection"}, {"position", Align::right}, {"stream"}, {"type"}, {"code"}, {"error"}};
}

std::vector<Json> row_of(const std::string& projection, const DeadLetter& letter)
{
    return {projection, letter.position, letter.stream, letter.type, letter.error.code, letter.error.sentence};
}

// One projection, or all.
std::vector<std::string> chosen(const Projections& projections, const DeadLetterArguments& arguments)
{
    if (not arguments.name.empty()) return {arguments.name};
    std::vector<std::string> names;
    for (const auto& status : projections.status()) names.push_back(status.name);
    return names;
}

result<void> list_letters(Output& out, const Projections& projections, const std::vector<std::string>& names,
                          const DeadLetterArguments& arguments)
{
    TableRows rows;
    for (const auto& one : names) {
        BOOST_OUTCOME_TRY(const auto letters, projections.dead_letters(one));
        for (const DeadLetter& letter : letters) rows.push_back(row_of(one, letter));
    }
    const auto more = rows.size() - std::min(rows.size(), arguments.limit);
    rows.resize(rows.size() - more);
    out.table(shown_columns(), rows);
    if (more > 0) out.say(fmt::format("... and {} more; --limit shows them", more));
    return done();
}

result<DeadLetter> find(const Projections& projections, const DeadLetterArguments& arguments)
{
    BOOST_OUTCOME_TRY(const auto letters, projections.dead_letters(arguments.name));
    for (const DeadLetter& letter : letters) {
        if (letter.position == arguments.position) return letter;
    }
    return fail(
        Failure::invalid, "no-such-dead-letter",
        fmt::format("asked for the dead letter of {} at position {} and found none; `dead-letters list` shows all",
                    arguments.name, arguments.position));
}

result<RecordedEvent> event_at(const EventStore& store, Position position)
{
    const auto cursor = store.read({.from = position, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* const event, cursor->next());
    if (event != nullptr && event->position == position) return *event;
    if (position <= store.head()) {
        return fail(Failure::invalid, "event-is-gone",
                    fmt::format("looked for the event at position {}, which is a dead letter, and found that a "
                                "scavenge has removed it; discard the dead letter",
                                position));
    }
    return fail(Failure::corrupt, "log-behind-read-model",
                fmt::format("looked for the event at position {}, which is a dead letter, and found a log that ends "
                            "before it; the log was restored: rebuild",
                            position));
}

// Retrying one out of its place would give rows that no fold of the log gives: all of them are folded again.
result<void> fold_again(Output& out, Projections& projections, const Clock& clock, const std::string& name)
{
    BOOST_OUTCOME_TRY(const auto before, projections.dead_letters(name));
    Progress progress{out.console(), clock, "folding " + name + " again"};
    BOOST_OUTCOME_TRY(projections.rebuild(name, [&](Position at, Position head) { return progress.at(at, head); }));
    progress.finish();
    BOOST_OUTCOME_TRY(const auto after, projections.dead_letters(name));
    out.properties({{"projection", name}, {"dead letters before", before.size()}, {"dead letters now", after.size()}});
    return done();
}

} // namespace

void add_dead_letter_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<DeadLetterArguments>();
    const auto letters   = line.app().add_subcommand(
        "dead-letters", "Events that projections could not handle and skipped: list, show, retry, discard");
    letters.require_subcommand();
    const auto add = [&](const char* name, const char* summary, auto action) {
        const auto command = letters.add_subcommand(name, summary);
        line.on(
            command,
            [&line, arguments, action](Output& out) -> result<void> {
                BOOST_OUTCOME_TRY(auto* const open_service, line.open());
                return action(out, open_service->service(), *arguments);
            },
            std::string_view{name} == "list" || std::string_view{name} == "show" ? DirectoryUse::reading
                                                                                 : DirectoryUse::shared);
        return command;
    };
    const auto list_command =
        add("list", "All of them, or those of one projection",
            [&line](Output& out, Service& service, const DeadLetterArguments& of) -> result<void> {
                const auto names = chosen(service.projections(), of);
                BOOST_OUTCOME_TRY(see_to_rows(line, out, names)); // what lags may have more of them
                return list_letters(out, service.projections(), names, of);
            });
    list_command.add_option("projection", arguments->name, "The projection");
    list_command.add_option("--limit", arguments->limit, "At most this many").check(whole_number());

    const auto show_command =
        add("show", "One dead letter, with its event",
            [&line](Output& out, Service& service, const DeadLetterArguments& of) -> result<void> {
                BOOST_OUTCOME_TRY(const auto letter, find(service.projections(), of));
                BOOST_OUTCOME_TRY(const auto event, event_at(service.plaintext_store(), of.position));
                const auto cells = row_of(of.name, letter);
                Json properties;
                for (std::size_t i = 0; i < cells.size(); ++i) properties[shown_columns()[i].name] = cells[i];
                properties["data"] = Json::parse(event_json(line, event));
                out.properties(properties);
                return done();
            });
    const auto retry_command =
        add("retry",
            "Fold the projection again with this program's handlers; an event that fails again stays a dead letter",
            [&line](Output& out, Service& service, const DeadLetterArguments& of) {
                return fold_again(out, service.projections(), line.runtime().clock, of.name);
            });
    const auto discard_command =
        add("discard", "Leave an event out for good, also when the projection is rebuilt",
            [&line](Output& out, Service& service, const DeadLetterArguments& of) -> result<void> {
                Progress progress{out.console(), line.runtime().clock, "folding " + of.name + " again"};
                BOOST_OUTCOME_TRY(service.projections().discard_dead_letter(
                    of.name, of.position, [&](Position at, Position head) { return progress.at(at, head); }));
                progress.finish();
                out.properties({{"projection", of.name}, {"position", of.position}, {"discarded", true}});
                return done();
            });
    for (const auto command : {show_command, retry_command, discard_command}) {
        command.add_option("projection", arguments->name, "The projection").required();
    }
    for (const auto command : {show_command, discard_command}) {
        command.add_option("position", arguments->position, "The event's position in the log")
            .required()
            .check(whole_number(1));
    }
}

} // namespace eventloom
