// What the person on call does to instances: one, those of a filter, or a whole saga.
#include "commands/consent.hpp"
#include "commands/own_commands.hpp"
#include "commands/sagas/chosen_sagas.hpp"
#include "commands/sagas/saga_shown.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/format.h>

namespace eventloom {

namespace {

// With `only_try` nothing is changed: whether it could be done.
struct Intervention {
    std::string_view name; // "retry"
    std::string_view about;
    std::string_view verb; // "retried"
    bool is_final = false; // it cannot be undone
    bool waits    = false; // until the instance can do nothing now
    std::function<result<void>(Sagas&, const SagaInstance&, bool only_try)> act;
    // On a whole saga, with the instances that are to come; empty: it cannot be.
    std::function<result<void>(Sagas&, const std::string& saga, bool only_try)> act_on_whole = {};
    // What must be typed; empty: nothing more.
    std::function<result<void>()> check_words = {};
};

struct InterventionWords {
    ChosenSagas chosen;
    std::string whole; // saga
    std::string step;
    std::string because;
    std::string until;
    bool dry_run = false;
    bool yes     = false;

    Time pause_until() const { return parse_time(until).value_or(Time::max()); }
};

// A look begins nothing.
result<Service*> opened_for(CommandLine& line, const InterventionWords& words)
{
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    Service& service = open_service->service();
    BOOST_OUTCOME_TRY(words.dry_run ? service.sagas().open() : service.start());
    return &service;
}

// Those of the filter, one after the other; each says what became of it.
result<void> act_on_many(Output& out, Sagas& sagas, const Clock& clock, const Intervention& what,
                         const InterventionWords& words)
{
    BOOST_OUTCOME_TRY(const auto filter, filter_of(words.chosen, clock));
    BOOST_OUTCOME_TRY(const auto instances, sagas.list(filter, words.chosen.limit));
    if (instances.empty()) {
        out.warn("No instance of the saga " + words.chosen.saga + " is as the options say; nothing was " +
                     std::string{what.verb},
                 "nothing_chosen", Json{{"saga", words.chosen.saga}});
    } else if (not words.dry_run) {
        BOOST_OUTCOME_TRY(require_consent(words.yes, fmt::format("{} {} sagas", what.name, instances.size())));
    }
    std::vector<std::vector<Json>> rows;
    std::size_t refused = 0;
    for (const auto& instance : instances) {
        const auto acted = what.act(sagas, instance, words.dry_run);
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
    BOOST_OUTCOME_TRY(auto* const service, opened_for(line, words));
    Sagas& sagas = service->sagas();
    BOOST_OUTCOME_TRY(what.act_on_whole(sagas, words.whole, words.dry_run));
    const auto paused = sagas.paused();
    const auto found  = paused.find(words.whole);
    if (out.json()) {
        auto shown =
            Json{{"saga", words.whole},
                 {"paused", found == paused.end() ? Json(nullptr) : json_of_pause(words.whole, found->second)}};
        if (words.dry_run) shown["would_be"] = what.verb;
        out.properties(shown);
        return done();
    }
    out.say(found == paused.end() ? "The saga " + words.whole + " is not paused"
                                  : sentence_of_pause(words.whole, found->second));
    if (words.dry_run) out.say(fmt::format("It would be {}", what.verb));
    return done();
}

result<void> act_on_one(CommandLine& line, Output& out, const Intervention& what, const InterventionWords& words)
{
    const auto& [saga, key] = std::tie(words.chosen.saga, words.chosen.key);
    if (what.is_final && not words.dry_run) {
        BOOST_OUTCOME_TRY(require_consent(words.yes, fmt::format("{} the saga {}-{}", what.name, saga, key)));
    }
    BOOST_OUTCOME_TRY(auto* const service, opened_for(line, words));
    SagaInstance one;
    one.saga = saga;
    one.key  = key;
    BOOST_OUTCOME_TRY(what.act(service->sagas(), one, words.dry_run));
    if (what.waits && not words.dry_run) {
        BOOST_OUTCOME_TRY(line.let_saga_settle(out, *service, saga, key));
    }
    BOOST_OUTCOME_TRY(show_saga(out, service->sagas(), saga, key));
    if (words.dry_run && not out.json()) out.say(fmt::format("\nIt would be {}", what.verb));
    return done();
}

result<void> act_on(CommandLine& line, Output& out, const Intervention& what, const InterventionWords& words)
{
    if (what.check_words) {
        BOOST_OUTCOME_TRY(what.check_words());
    }
    if (not words.whole.empty()) return act_on_whole(line, out, what, words);
    if (words.chosen.saga.empty()) {
        return fail(
            Failure::invalid, "no-saga-named",
            fmt::format("asked to {} and found no saga named; give the name of one and the key of its instance, "
                        "or --saga NAME for the whole saga",
                        what.name));
    }
    if (not words.chosen.key.empty()) return act_on_one(line, out, what, words);
    BOOST_OUTCOME_TRY(auto* const service, opened_for(line, words));
    return act_on_many(out, service->sagas(), line.runtime().clock, what, words);
}

Command add_intervention(CommandLine& line, Command sagas, const std::shared_ptr<InterventionWords>& words,
                         const Intervention& what)
{
    const auto command = sagas.add_subcommand(std::string{what.name}, std::string{what.about});
    const auto saga    = command.add_option("saga", words->chosen.saga, "The saga's name");
    const auto key =
        command.add_option("key", words->chosen.key, "The instance's key; without one, all that the options choose");
    auto choosing = choose_sagas_by(command, words->chosen);
    choosing.push_back(limit_sagas(command, words->chosen));
    for (const auto& option : choosing) key.excludes(option);
    if (what.act_on_whole) {
        const auto whole = command.add_option("--saga", words->whole,
                                              "The whole saga of this name, with the instances that are to come");
        whole.excludes(saga);
        for (const auto& option : choosing) whole.excludes(option);
    } else {
        saga.required();
    }
    command.add_option("--because", words->because, "The reason, for the instance's history");
    command.add_flag("--dry-run", words->dry_run, "Show what would happen, and change nothing");
    command.add_flag("--yes", words->yes, "Confirm what is done to many, or cannot be undone");
    line.on(command, [&line, words, what](Output& out) { return act_on(line, out, what, *words); });
    return command;
}

using Words = std::shared_ptr<InterventionWords>;

void add_skip_command(CommandLine& line, Command sagas, const Words& words)
{
    const auto skip = add_intervention(
        line, sagas, words,
        {.name        = "skip",
         .about       = "Leave out the step that an instance is at, and go on after it until it waits or ends",
         .verb        = "skipped",
         .is_final    = true,
         .waits       = true,
         .act         = [words](Sagas& of, const SagaInstance& one,
                        bool only_try) { return of.skip(one.saga, one.key, words->step, words->because, only_try); },
         .check_words = [words]() -> result<void> {
             if (not words->step.empty()) return done();
             return fail(Failure::invalid, "no-step-named",
                         "asked to skip a step and found no name of one; give it after the key, or with --the-step");
         }});
    skip.add_option("step", words->step, "The name of that step");
    skip.add_option("--the-step", words->step, "The same, where no key is given");
}

void add_pause_commands(CommandLine& line, Command sagas, const Words& words)
{
    const auto pause =
        add_intervention(line, sagas, words,
                         {.name  = "pause",
                          .about = "Begin no further work of an instance, or of a whole saga, until it is resumed",
                          .verb  = "paused",
                          .act =
                              [words](Sagas& of, const SagaInstance& one, bool only_try) {
                                  return of.pause(one.saga, one.key, words->because, words->pause_until(), only_try);
                              },
                          .act_on_whole =
                              [words](Sagas& of, const std::string& saga, bool only_try) {
                                  return of.pause_all(saga, words->because, words->pause_until(), only_try);
                              }});
    pause.add_option("--until", words->until, "Resume by itself at this time: 2026-12-24T18:00:00Z")
        .check(point_in_time());
    add_intervention(
        line, sagas, words,
        {.name         = "resume",
         .about        = "Go on with an instance, or a whole saga, that is paused",
         .verb         = "resumed",
         .waits        = true,
         .act          = [words](Sagas& of, const SagaInstance& one,
                        bool only_try) { return of.resume(one.saga, one.key, words->because, only_try); },
         .act_on_whole = [words](Sagas& of, const std::string& saga,
                                 bool only_try) { return of.resume_all(saga, words->because, only_try); }});
}

} // namespace

void add_saga_intervention_commands(CommandLine& line, Command sagas)
{
    const auto words = std::make_shared<InterventionWords>();
    add_intervention(line, sagas, words,
                     {.name  = "retry",
                      .about = "Continue an instance that is stuck, and wait until it waits, ends or is stuck again",
                      .verb  = "retried",
                      .waits = true,
                      .act   = [words](Sagas& of, const SagaInstance& one, bool only_try) {
                          return of.retry(one.saga, one.key, words->because, only_try);
                      }});
    add_intervention(line, sagas, words,
                     {.name     = "cancel",
                      .about    = "Undo what an instance has done, and wait until it is undone, or waits",
                      .verb     = "cancelled",
                      .is_final = true,
                      .waits    = true,
                      .act      = [words](Sagas& of, const SagaInstance& one, bool only_try) {
                          return of.cancel(one.saga, one.key, words->because, only_try);
                      }});
    add_skip_command(line, sagas, words);
    add_pause_commands(line, sagas, words);
    add_intervention(line, sagas, words,
                     {.name  = "migrate",
                      .about = "Move an instance to the next version of its saga, as the program says how",
                      .verb  = "migrated",
                      .act   = [words](Sagas& of, const SagaInstance& one, bool only_try) {
                          return of.migrate(one.saga, one.key, words->because, only_try);
                      }});
}

} // namespace eventloom
