#include "commands/own_commands.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

namespace {

// How long a command waits for sagas to settle; what is not done by then goes on in the next run.
constexpr Duration longest_wait_for_sagas = std::chrono::minutes{10};

const std::vector<Column> columns{{"saga"}, {"key"},   {"status"}, {"step"}, {"attempts", Align::right},
                                  {"why"},  {"began"}, {"changed"}};

std::vector<Json> row_of(const SagaInstance& instance)
{
    return {instance.saga,
            instance.key,
            to_string(instance.status),
            instance.step,
            instance.attempts,
            instance.why ? Json(instance.why->step + ": " + instance.why->reason) : Json(nullptr),
            to_string(instance.began),
            to_string(instance.changed)};
}

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

result<void> list(Output& out, const Sagas& sagas, const std::string& status, std::size_t limit)
{
    BOOST_OUTCOME_TRY(const auto wanted, parse_status(status));
    BOOST_OUTCOME_TRY(const auto instances, sagas.list(wanted, limit));
    std::vector<std::vector<Json>> rows;
    for (const auto& instance : instances) rows.push_back(row_of(instance));
    out.table(columns, rows);
    return done();
}

result<void> show(Output& out, const Sagas& sagas, const std::string& saga, const std::string& key)
{
    BOOST_OUTCOME_TRY(const auto details, sagas.show(saga, key));
    auto properties = Json::object();
    const auto row  = row_of(details.instance);
    for (std::size_t i = 0; i < columns.size(); ++i) properties[columns[i].name] = row[i];
    properties["state"] = Json::parse(details.state_json).value_or(details.state_json);

    std::vector<std::vector<Json>> history;
    auto history_json = Json::array();
    for (const auto& entry : details.history) {
        history.push_back({to_string(entry.at), entry.what, entry.step, entry.detail});
        history_json.push_back(
            {{"at", to_string(entry.at)}, {"what", entry.what}, {"step", entry.step}, {"detail", entry.detail}});
    }
    if (out.json()) properties["history"] = history_json;
    out.properties(properties);
    if (not out.json()) {
        out.say("");
        out.table({{"at"}, {"what"}, {"step"}, {"detail"}}, history);
    }
    return done();
}

// An instance that is not there may be one that has not been begun.
result<void> say_what_is_not_begun(Output& out, const Sagas& sagas)
{
    BOOST_OUTCOME_TRY(const auto firsts, sagas.not_begun());
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

} // namespace

void add_saga_commands(CommandLine& line)
{
    struct Arguments {
        std::string status;
        std::size_t limit = 1'000'000;
        std::string saga;
        std::string key;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto sagas     = line.app().add_subcommand("sagas", "Sagas: list, show, retry");
    sagas.require_subcommand();

    const auto list_command = sagas.add_subcommand("list", "All instances, or those with one status");
    list_command.add_option("--status", arguments->status, "running, compensating, completed, compensated or stuck");
    list_command.add_option("--limit", arguments->limit, "At most this many").check(whole_number());
    line.on(
        list_command,
        [&line, arguments](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(auto* const open_service, line.open());
            BOOST_OUTCOME_TRY(open_service->service().sagas().open());
            BOOST_OUTCOME_TRY(say_what_is_not_begun(out, open_service->service().sagas()));
            return list(out, open_service->service().sagas(), arguments->status, arguments->limit);
        },
        DirectoryUse::reading);

    const auto show_command = sagas.add_subcommand("show", "One instance, with its history");
    show_command.add_option("saga", arguments->saga, "The saga's name").required();
    show_command.add_option("key", arguments->key, "The instance's key").required();
    line.on(
        show_command,
        [&line, arguments](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(auto* const open_service, line.open());
            BOOST_OUTCOME_TRY(open_service->service().sagas().open());
            BOOST_OUTCOME_TRY(say_what_is_not_begun(out, open_service->service().sagas()));
            return show(out, open_service->service().sagas(), arguments->saga, arguments->key);
        },
        DirectoryUse::reading);

    const auto retry_command =
        sagas.add_subcommand("retry", "Continue an instance that is stuck, and wait until it ends or is stuck again");
    retry_command.add_option("saga", arguments->saga, "The saga's name").required();
    retry_command.add_option("key", arguments->key, "The instance's key").required();
    line.on(retry_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        Service& service = open_service->service();
        BOOST_OUTCOME_TRY(service.start());
        BOOST_OUTCOME_TRY(service.sagas().retry(arguments->saga, arguments->key));
        const auto deadline = line.runtime().clock.now() + longest_wait_for_sagas;
        const auto go_on    = [&out] { return out.console().go_on(); };
        // A service that runs always has sagas at work.
        BOOST_OUTCOME_TRY(line.is_running_service()
                              ? service.finish_saga(arguments->saga, arguments->key, deadline, go_on)
                              : service.finish(deadline, go_on));
        return show(out, service.sagas(), arguments->saga, arguments->key);
    });
}

} // namespace eventloom
