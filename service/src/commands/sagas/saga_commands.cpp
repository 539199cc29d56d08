#include "commands/consent.hpp"
#include "commands/own_commands.hpp"
#include "commands/sagas/saga_shown.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/format.h>

#include <map>

namespace eventloom {

namespace {

// How long a command waits for sagas to settle; what is not done by then goes on in the next run.
constexpr Duration longest_wait_for_sagas = std::chrono::minutes{10};

result<std::optional<SagaStatus>> parse_status(const std::string& word)
{
    if (word.empty()) return std::optional<SagaStatus>{};
    for (const auto status : {SagaStatus::running, SagaStatus::compensating, SagaStatus::completed,
                              SagaStatus::compensated, SagaStatus::stuck}) {
        if (to_string(status) == word) return std::optional{status};
    }
    return fail(Failure::invalid, "no-such-status",
                "asked for sagas that are \"" + word +
                    "\" and found no such status; it is running, compensating, completed, compensated or stuck");
}

// What is typed to choose instances.
struct Chosen {
    std::string saga;
    std::string key;
    std::string status;
    std::string step;
    std::string error;
    std::string key_prefix;
    std::string older_than;
    std::size_t limit = 1'000'000;
};

result<SagaFilter> filter_of(const Chosen& chosen, const Clock& clock)
{
    SagaFilter filter;
    if (not chosen.saga.empty()) filter.saga = chosen.saga;
    BOOST_OUTCOME_TRY(filter.status, parse_status(chosen.status));
    filter.step       = chosen.step;
    filter.error_code = chosen.error;
    filter.key_prefix = chosen.key_prefix;
    if (const auto age = parse_span(chosen.older_than)) filter.began_before = clock.now() - *age;
    return filter;
}

result<void> list(Output& out, const Sagas& sagas, const SagaFilter& filter, std::size_t limit)
{
    BOOST_OUTCOME_TRY(const auto instances, sagas.list(filter, limit));
    std::vector<std::vector<Json>> rows;
    for (const auto& instance : instances) rows.push_back(saga_row_of(instance));
    out.table(saga_columns(), rows);
    return done();
}

// How many, by what tells them apart.
result<void> count(Output& out, const Sagas& sagas, const SagaFilter& filter)
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

void choose_by(Command command, Chosen& chosen)
{
    command.add_option("--status", chosen.status, "running, compensating, completed, compensated or stuck");
    command.add_option("--step", chosen.step, "The step that they are at");
    command.add_option("--error", chosen.error, "The code of the error that they are stuck with, or undone for");
    command.add_option("--key-prefix", chosen.key_prefix, "Keys that begin with this");
    command.add_option("--older-than", chosen.older_than, "Begun so long ago: 90d, 12h, 30m").check(span_of_time());
    command.add_option("--limit", chosen.limit, "At most this many").check(whole_number());
}

// What is done to one instance, or to many.
struct Intervention {
    std::string_view name; // "retry"
    std::string_view about;
    std::string_view verb; // "retried"
    bool is_final = false; // it cannot be undone
    std::function<result<void>(Sagas&, const SagaInstance&)> act;
    // On a whole saga, with the instances that are to come; empty: it cannot be.
    std::function<result<void>(Sagas&, const std::string& saga)> act_on_whole = {};
    // Whether it could be done; empty: that is seen only when it is done.
    std::function<result<void>(Sagas&, const SagaInstance&)> check = {};
};

struct InterventionWords {
    Chosen chosen;
    std::string whole; // saga
    std::string step;
    std::string because;
    std::string until;
    bool dry_run = false;
    bool yes     = false;
};

// Those of the filter, one after the other; each says what became of it.
result<void> act_on_many(Output& out, Sagas& sagas, const Clock& clock, const Intervention& what,
                         const InterventionWords& words)
{
    BOOST_OUTCOME_TRY(const auto filter, filter_of(words.chosen, clock));
    BOOST_OUTCOME_TRY(const auto instances, sagas.list(filter, words.chosen.limit));
    if (not words.dry_run) {
        BOOST_OUTCOME_TRY(require_consent(words.yes, fmt::format("{} {} sagas", what.name, instances.size())));
    }
    std::vector<std::vector<Json>> rows;
    std::size_t refused = 0;
    for (const auto& instance : instances) {
        const auto checked = words.dry_run && what.check ? what.check(sagas, instance) : result<void>{done()};
        const auto acted   = words.dry_run ? checked : what.act(sagas, instance);
        if (not acted) ++refused;
        rows.push_back({instance.saga, instance.key, to_string(instance.status), instance.step,
                        not acted       ? acted.error().sentence
                        : words.dry_run ? "would be " + std::string{what.verb}
                                        : std::string{what.verb}});
    }
    out.table({{"saga"}, {"key"}, {"status"}, {"step"}, {"result"}}, rows);
    if (refused == 0) return done();
    return fail(
        Failure::refused, "not-all-sagas",
        fmt::format("asked to {} {} sagas and found that {} of them cannot be; the table has the reason of each",
                    what.name, instances.size(), refused));
}

result<void> act_on_whole(CommandLine& line, Output& out, const Intervention& what, const InterventionWords& words)
{
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    BOOST_OUTCOME_TRY(open_service->service().start());
    Sagas& sagas = open_service->service().sagas();
    if (not words.dry_run) {
        BOOST_OUTCOME_TRY(what.act_on_whole(sagas, words.whole));
    }
    const auto paused = sagas.paused();
    const auto found  = paused.find(words.whole);
    if (out.json()) {
        out.properties({{"saga", words.whole},
                        {"paused", found == paused.end() ? Json(nullptr) : json_of_pause(words.whole, found->second)}});
    } else {
        out.say(found == paused.end() ? "The saga " + words.whole + " is not paused"
                                      : sentence_of_pause(words.whole, found->second));
    }
    return done();
}

result<void> act_on(CommandLine& line, Output& out, const Intervention& what, const InterventionWords& words,
                    const std::function<result<void>(Service&)>& then)
{
    if (not words.whole.empty()) return act_on_whole(line, out, what, words);
    if (words.chosen.saga.empty()) {
        return fail(
            Failure::invalid, "no-saga-named",
            fmt::format("asked to {} and found no saga named; give the name of one and the key of its instance, "
                        "or --saga NAME for the whole saga",
                        what.name));
    }
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    Service& service   = open_service->service();
    const Clock& clock = line.runtime().clock;
    if (words.chosen.key.empty()) {
        BOOST_OUTCOME_TRY(service.start());
        return act_on_many(out, service.sagas(), clock, what, words);
    }
    if (what.is_final && not words.yes && not words.dry_run) {
        BOOST_OUTCOME_TRY(
            require_consent(false, fmt::format("{} the saga {}-{}", what.name, words.chosen.saga, words.chosen.key)));
    }
    BOOST_OUTCOME_TRY(service.start());
    SagaInstance one;
    one.saga = words.chosen.saga;
    one.key  = words.chosen.key;
    if (not words.dry_run) {
        BOOST_OUTCOME_TRY(what.act(service.sagas(), one));
        BOOST_OUTCOME_TRY(then(service));
    } else if (what.check) {
        BOOST_OUTCOME_TRY(what.check(service.sagas(), one));
    }
    return show_saga(out, service.sagas(), words.chosen.saga, words.chosen.key);
}

result<void> wait_for(CommandLine& line, Output& out, Service& service, const Chosen& chosen)
{
    const auto deadline = line.runtime().clock.now() + longest_wait_for_sagas;
    const auto go_on    = [&out] { return out.console().go_on(); };
    // A service that runs always has sagas at work.
    return line.is_running_service() ? service.finish_saga(chosen.saga, chosen.key, deadline, go_on)
                                     : service.finish(deadline, go_on);
}

void add_list_commands(CommandLine& line, Command sagas)
{
    const auto chosen = std::make_shared<Chosen>();
    const auto add    = [&](const char* name, const char* about, auto show_them) {
        const auto command = sagas.add_subcommand(name, about);
        choose_by(command, *chosen);
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
    };
    add("list", "All instances, or those with these properties", &list);
    add("count", "How many, by status, step and error",
        [](Output& out, const Sagas& opened, const SagaFilter& filter, std::size_t) {
            return count(out, opened, filter);
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

Command add_intervention(CommandLine& line, Command sagas, const std::shared_ptr<InterventionWords>& words,
                         Intervention what, bool waits)
{
    const auto command = sagas.add_subcommand(std::string{what.name}, std::string{what.about});
    const auto saga    = command.add_option("saga", words->chosen.saga, "The saga's name");
    if (not what.act_on_whole) {
        saga.required();
    } else {
        command.add_option("--saga", words->whole, "The whole saga of this name, with the instances that are to come")
            .excludes(saga);
    }
    command.add_option("key", words->chosen.key, "The instance's key; without one, all that the options choose");
    choose_by(command, words->chosen);
    command.add_option("--because", words->because, "The reason, for the instance's history");
    command.add_flag("--dry-run", words->dry_run, "Show what would happen, and change nothing");
    command.add_flag("--yes", words->yes, "Confirm what is done to many, or cannot be undone");
    line.on(command, [&line, words, what, waits](Output& out) {
        return act_on(line, out, what, *words, [&](Service& service) -> result<void> {
            return waits ? wait_for(line, out, service, words->chosen) : done();
        });
    });
    return command;
}

} // namespace

void add_saga_commands(CommandLine& line)
{
    const auto sagas = line.app().add_subcommand(
        "sagas", "Sagas: list, count, show, parked, signal, retry, cancel, skip, pause, resume, migrate");
    sagas.require_subcommand();
    add_list_commands(line, sagas);
    add_saga_signal_command(line, sagas);

    const auto words = std::make_shared<InterventionWords>();
    add_intervention(
        line, sagas, words,
        {.name  = "retry",
         .about = "Continue an instance that is stuck, and wait until it ends or is stuck again",
         .verb  = "retried",
         .act   = [words](Sagas& of, const SagaInstance& one) { return of.retry(one.saga, one.key, words->because); }},
        true);
    add_intervention(
        line, sagas, words,
        {.name     = "cancel",
         .about    = "Undo what an instance has done, and wait until it is undone",
         .verb     = "cancelled",
         .is_final = true,
         .act = [words](Sagas& of, const SagaInstance& one) { return of.cancel(one.saga, one.key, words->because); }},
        true);
    const auto skip = add_intervention(
        line, sagas, words,
        {.name     = "skip",
         .about    = "Leave out the step that an instance is at, and go on after it",
         .verb     = "skipped",
         .is_final = true,
         .act      = [words](Sagas& of, const SagaInstance& one) -> result<void> {
             if (not words->step.empty()) return of.skip(one.saga, one.key, words->step, words->because);
             return fail(Failure::invalid, "no-step-named",
                              "asked to skip a step and found no name of one; give it after the key, or with --the-step");
         }},
        true);
    skip.add_option("step", words->step, "The name of that step");
    skip.add_option("--the-step", words->step, "The same, where no key is given");
    const auto pause = add_intervention(
        line, sagas, words,
        {.name  = "pause",
         .about = "Begin no further work of an instance, or of a whole saga, until it is resumed",
         .verb  = "paused",
         .act =
             [words](Sagas& of, const SagaInstance& one) {
                 return of.pause(one.saga, one.key, words->because, parse_time(words->until).value_or(Time::max()));
             },
         .act_on_whole =
             [words](Sagas& of, const std::string& saga) {
                 return of.pause_all(saga, words->because, parse_time(words->until).value_or(Time::max()));
             }},
        false);
    pause.add_option("--until", words->until, "Resume by itself at this time: 2026-12-24T18:00:00Z")
        .check({.why_not = [](std::string& word) {
            return parse_time(word) ? std::string{} : "is not a time such as 2026-12-24T18:00:00Z";
        }});
    add_intervention(
        line, sagas, words,
        {.name  = "resume",
         .about = "Go on with an instance, or a whole saga, that is paused",
         .verb  = "resumed",
         .act   = [words](Sagas& of, const SagaInstance& one) { return of.resume(one.saga, one.key, words->because); },
         .act_on_whole = [words](Sagas& of, const std::string& saga) { return of.resume_all(saga, words->because); }},
        false);
    add_intervention(
        line, sagas, words,
        {.name  = "migrate",
         .about = "Move an instance to the next version of its saga, as the program says how",
         .verb  = "migrated",
         .act   = [words](Sagas& of, const SagaInstance& one) { return of.migrate(one.saga, one.key, words->because); },
         .check = [words](Sagas& of,
                          const SagaInstance& one) { return of.migrate(one.saga, one.key, words->because, true); }},
        false);
}

} // namespace eventloom
