// What followers could not handle and keep for a person: events of projections, subscriptions and sagas, and jobs of queues.
#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "commands/consent.hpp"
#include "host/dead_letter_life.hpp"
#include "json/limited_json.hpp"
#include "json/value_of_json.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/detail/followers.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace eventloom {

namespace {

struct DeadLetterArguments {
    std::string follower;
    std::string id;
    std::string json;
    std::string because;
    std::string reason;
    std::string older_than;
    std::string by    = "reason";
    std::size_t limit = 1'000'000'000;
    bool all          = false;
    bool yes          = false;
};

const std::vector<Column> letter_columns{{"follower"}, {"kind"},  {"id", Align::right},       {"stream"}, {"type"},
                                         {"code"},     {"error"}, {"attempts", Align::right}, {"first"},  {"last"},
                                         {"edited"}};

Json json_of(const FollowerLetter& letter)
{
    const auto time = [](const std::optional<Time>& at) { return at ? Json(to_string(*at)) : Json(nullptr); };
    return {{"follower", letter.follower},
            {"kind", letter.kind},
            {"id", letter.id},
            {"stream", letter.stream},
            {"type", letter.type},
            {"code", letter.error.code},
            {"error", letter.error.sentence},
            {"attempts", letter.attempts ? Json(*letter.attempts) : Json(nullptr)},
            {"first", time(letter.first)},
            {"last", time(letter.last)},
            {"edited", letter.is_edited}};
}

// Those of the followers and the filters that were typed.
class DeadLetters {
public:
    DeadLetters(CommandLine& line, Output& out, Service& service, const DeadLetterArguments& arguments)
        : line_{line}, out_{out}, service_{service}, arguments_{arguments}
    {
    }

    result<std::vector<FollowerLetter>> chosen() const
    {
        BOOST_OUTCOME_TRY(const auto followers, chosen_followers());
        const auto span   = parse_span(arguments_.older_than);
        const Time before = span ? line_.runtime().clock.now() - *span : Time::max();
        std::vector<FollowerLetter> chosen;
        for (const auto& follower : followers) {
            if (follower.dead_letters == 0) continue;
            BOOST_OUTCOME_TRY(auto letters, service_.followers().kind_of(follower.kind).letters(follower.name));
            if (letters.size() < follower.dead_letters) say_what_is_missing(follower, letters.size());
            for (auto& letter : letters) {
                letter.kind         = follower.kind;
                const bool has_code = arguments_.reason.empty() || letter.error.code == arguments_.reason;
                const bool is_old   = not span || (letter.last && *letter.last <= before);
                const bool has_id   = arguments_.id.empty() || letter.id == arguments_.id;
                if (has_code && is_old && has_id) chosen.push_back(std::move(letter));
            }
        }
        return chosen;
    }

    // Some kinds keep their letters to be looked at alone, also while they have none.
    result<void> check_may_be_handled() const
    {
        if (arguments_.follower.empty()) return done();
        BOOST_OUTCOME_TRY(const auto follower, service_.followers().find(arguments_.follower));
        return service_.followers().kind_of(follower.kind).check_letters_may_be_handled(follower.name);
    }

    void say_how_long_they_live() const { out_.say(life_of_letters(service_.dead_letters_live())); }

    result<FollowerLetter> one() const
    {
        BOOST_OUTCOME_TRY(const auto letters, chosen());
        if (letters.size() == 1) return letters.front();
        return fail(Failure::invalid, "no-such-dead-letter",
                    fmt::format("asked for the dead letter {} of {} and found none; `dead-letters list` shows all",
                                in_quotes(arguments_.id), in_quotes(arguments_.follower)));
    }

    // With the data that its handler is given.
    result<Json> whole(const FollowerLetter& letter) const
    {
        auto json = json_of(letter);
        BOOST_OUTCOME_TRY(const auto data, service_.followers().kind_of(letter.kind).data_of(letter));
        RecordedEvent event;
        event.stream         = letter.stream;
        event.type           = letter.type;
        event.schema_version = data.schema_version;
        event.data           = data.data;
        const auto text      = event_json(line_, event);
        json["data"]         = Json::parse(text).value_or(Json(text));
        return json;
    }

private:
    // A kind lists no more than a memory holds; and some may have gone meanwhile.
    void say_what_is_missing(const FollowerStatus& follower, std::size_t listed) const
    {
        out_.warn(
            fmt::format("{}/{} has {} dead letters, and {} of them are looked at; the others come when these are gone.",
                        follower.kind, follower.name, follower.dead_letters, listed),
            "dead_letters_left_out",
            {{"follower", follower.name}, {"kind", follower.kind}, {"left_out", follower.dead_letters - listed}});
    }

    result<std::vector<FollowerStatus>> chosen_followers() const
    {
        std::vector<FollowerStatus> followers;
        if (arguments_.follower.empty()) {
            BOOST_OUTCOME_TRY(followers, service_.followers().list());
        } else {
            BOOST_OUTCOME_TRY(auto one, service_.followers().find(arguments_.follower));
            followers.push_back(std::move(one));
        }
        std::vector<std::string> projections; // what lags may have more of them
        for (const auto& one : followers) {
            if (one.kind == "projection") projections.push_back(one.name);
        }
        BOOST_OUTCOME_TRY(see_to_rows(line_, out_, projections));
        return followers;
    }

    CommandLine& line_;
    Output& out_;
    Service& service_;
    const DeadLetterArguments& arguments_;
};

void list_letters(Output& out, const std::vector<FollowerLetter>& letters, std::size_t limit)
{
    TableRows rows;
    for (const auto& letter : letters) {
        if (rows.size() == limit) break;
        const Json properties = json_of(letter);
        auto& row             = rows.emplace_back();
        for (const auto& column : letter_columns) row.push_back(properties[column.name]);
    }
    out.table(letter_columns, rows);
    if (letters.size() > rows.size()) {
        out.say(fmt::format("... and {} more; --limit shows them", letters.size() - rows.size()));
    }
}

void count_letters(Output& out, const std::vector<FollowerLetter>& letters, const std::string& by)
{
    struct Counted {
        std::size_t number = 0;
        std::optional<Time> first;
        std::optional<Time> last;
    };
    std::map<std::string, Counted> counts;
    for (const auto& letter : letters) {
        const auto key   = by == "reason" ? letter.error.code
                           : by == "type" ? letter.type
                                          : letter.kind + "/" + letter.follower;
        Counted& counted = counts[key];
        ++counted.number;
        if (letter.first) counted.first = std::min(counted.first.value_or(Time::max()), *letter.first);
        if (letter.last) counted.last = std::max(counted.last.value_or(Time::min()), *letter.last);
    }
    TableRows rows;
    for (const auto& [key, counted] : counts) {
        rows.push_back({key, counted.number, counted.first ? Json(to_string(*counted.first)) : Json(nullptr),
                        counted.last ? Json(to_string(*counted.last)) : Json(nullptr)});
    }
    out.table({{by}, {"dead_letters", Align::right}, {"first"}, {"last"}}, rows);
}

using AnswersOfKind = FollowerKind::Answers (FollowerKind::*)(const std::string&, std::span<const std::string>,
                                                              std::string_view, const FollowerProgress&);

// Those of one follower together: a projection folds the log once for all of them.
result<void> act_on(CommandLine& line, Output& out, const Followers& followers,
                    const std::vector<FollowerLetter>& letters, AnswersOfKind act, const std::string& because)
{
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> ids;
    for (const auto& letter : letters) ids[{letter.kind, letter.follower}].push_back(letter.id);
    TableRows rows;
    std::optional<Error> first;
    std::size_t failed = 0;
    for (const auto& [follower, some] : ids) {
        Progress progress{out.console(), line.runtime().clock, "handling dead letters of " + follower.second};
        const auto answers = (followers.kind_of(follower.first).*act)(
            follower.second, some, because, [&](Position at, Position of) { return progress.at(at, of); });
        progress.finish();
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const auto& answer = answers[i];
            rows.push_back(
                {follower.second, follower.first, some[i], answer ? Json(nullptr) : Json(answer.error().sentence)});
            if (answer) continue;
            ++failed;
            if (not first) first = answer.error();
        }
    }
    out.table({{"follower"}, {"kind"}, {"id", Align::right}, {"error"}}, rows);
    if (not first) return done();
    if (rows.size() == 1) return std::move(*first);
    return fail(first->kind, "dead-letters-not-done",
                fmt::format("asked for {} dead letters and found {} for which it cannot be done (the first: {})",
                            rows.size(), failed, first->sentence));
}

result<void> edit_letter(Output& out, const Followers& followers, const FollowerLetter& letter,
                         const DeadLetterArguments& arguments)
{
    const EventType* const type = type_in_program(letter.type);
    if (type == nullptr) {
        return fail(Failure::invalid, "unknown-event-type",
                    fmt::format("asked to edit an event of the type {} and found that this program does not know it",
                                in_quotes(letter.type)));
    }
    BOOST_OUTCOME_TRY(const auto json, parse_limited_json(arguments.json, typed_json_depth_max));
    BOOST_OUTCOME_TRY(auto data, event_of_json(*type, json));
    BOOST_OUTCOME_TRY(
        followers.kind_of(letter.kind).edit(letter, {type->schema_version, std::move(data)}, arguments.because));
    out.properties({{"follower", letter.follower}, {"id", letter.id}, {"edited", true}});
    return done();
}

Check id_of_a_letter()
{
    return {.why_not = [](std::string& word) -> std::string {
        if (parse_uuid(word) || whole_number(1).why_not(word).empty()) return {};
        return "is neither the position of an event in the log nor the id of a job";
    }};
}

void filter_by(Command command, DeadLetterArguments& arguments)
{
    command.add_option("--reason", arguments.reason, "Only those with this code");
    command
        .add_option("--older-than", arguments.older_than, "Only those whose last attempt is longer ago: 90d, 12h, 30m")
        .check(span_of_time());
}

} // namespace

void add_dead_letter_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<DeadLetterArguments>();
    const auto letters   = line.app().add_subcommand(
        "dead-letters", "What followers could not handle: list, count, show, retry, discard, edit, export");
    letters.require_subcommand();
    const auto add = [&](const char* name, const char* summary, DirectoryUse use, auto action) {
        const auto command = letters.add_subcommand(name, summary);
        const auto act     = [&line, arguments, action](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(auto* const open_service, line.open());
            Service& service = open_service->service();
            return action(out, service, DeadLetters{line, out, service, *arguments}, *arguments);
        };
        line.on(command, act, use);
        return command;
    };
    using Of = const DeadLetterArguments&;

    const auto list_command = add("list", "All of them, or those of one follower", DirectoryUse::reading,
                                  [](Output& out, Service&, const DeadLetters& some, Of of) -> result<void> {
                                      BOOST_OUTCOME_TRY(const auto chosen, some.chosen());
                                      list_letters(out, chosen, of.limit);
                                      some.say_how_long_they_live();
                                      return done();
                                  });
    list_command.add_option("-n,--limit", arguments->limit, "At most this many").check(whole_number());
    const auto count_command = add("count", "How many, by their reason", DirectoryUse::reading,
                                   [](Output& out, Service&, const DeadLetters& some, Of of) -> result<void> {
                                       BOOST_OUTCOME_TRY(const auto chosen, some.chosen());
                                       count_letters(out, chosen, of.by);
                                       some.say_how_long_they_live();
                                       return done();
                                   });
    count_command.add_option("--by", arguments->by, "By what they are counted")
        .check(one_of({"reason", "follower", "type"}));
    const auto export_command =
        add("export", "All of them with their data, one line of JSON each", DirectoryUse::reading,
            [](Output& out, Service&, const DeadLetters& some, Of) -> result<void> {
                BOOST_OUTCOME_TRY(const auto chosen, some.chosen());
                for (const auto& letter : chosen) {
                    BOOST_OUTCOME_TRY(const auto whole, some.whole(letter));
                    out.line(whole);
                }
                return done();
            });
    for (const auto command : {list_command, count_command, export_command}) {
        const auto follower = command.add_option("follower", arguments->follower, "Only those of this follower");
        command.add_option("--follower", arguments->follower, "The same").excludes(follower);
        filter_by(command, *arguments);
    }

    const auto show_command = add("show", "One dead letter, with its data", DirectoryUse::reading,
                                  [](Output& out, Service&, const DeadLetters& some, Of) -> result<void> {
                                      BOOST_OUTCOME_TRY(const auto letter, some.one());
                                      BOOST_OUTCOME_TRY(const auto whole, some.whole(letter));
                                      out.properties(whole);
                                      return done();
                                  });
    const auto edit_command = add("edit", "Have the handler given other data; the log keeps both", DirectoryUse::shared,
                                  [](Output& out, Service& service, const DeadLetters& some, Of of) -> result<void> {
                                      BOOST_OUTCOME_TRY(const auto letter, some.one());
                                      return edit_letter(out, service.followers(), letter, of);
                                  });

    const auto act_on_chosen = [&line](AnswersOfKind act, const char* verb) {
        return [&line, act, verb](Output& out, Service& service, const DeadLetters& some, Of of) -> result<void> {
            if (of.follower.empty() == not of.all) {
                return fail(
                    Failure::invalid, "no-follower-named",
                    fmt::format("asked to {} dead letters and found neither a follower nor --all, or both", verb));
            }
            BOOST_OUTCOME_TRY(some.check_may_be_handled());
            BOOST_OUTCOME_TRY(
                const auto chosen, of.id.empty() ? some.chosen() : [&]() -> result<std::vector<FollowerLetter>> {
                    BOOST_OUTCOME_TRY(const auto one, some.one());
                    return std::vector{one};
                }());
            if (chosen.empty()) {
                out.warn(fmt::format("None was there to {}: `dead-letters list` shows all.", verb), "no_dead_letters",
                         {{"asked", verb}});
            }
            const bool is_final = std::string_view{verb} == "discard" && of.id.empty() && not chosen.empty();
            if (is_final) {
                BOOST_OUTCOME_TRY(require_consent(of.yes, fmt::format("discard {} dead letters", chosen.size()),
                                                  "`dead-letters list` and the same filters"));
            }
            return act_on(line, out, service.followers(), chosen, act, of.because);
        };
    };
    const auto retry_command =
        add("retry", "Handle them again; a projection is folded again with this program's handlers",
            DirectoryUse::shared, act_on_chosen(&FollowerKind::retry, "retry"));
    const auto discard_command = add("discard", "Leave them out for good", DirectoryUse::shared,
                                     act_on_chosen(&FollowerKind::discard, "discard"));

    for (const auto command : {show_command, edit_command, retry_command, discard_command}) {
        const bool is_of_one =
            &command.of_library() == &show_command.of_library() || &command.of_library() == &edit_command.of_library();
        const auto follower = command.add_option("follower", arguments->follower, "Its follower");
        const auto id =
            command.add_option("id", arguments->id, "The event's position in the log, or the id of the job");
        id.check(id_of_a_letter());
        if (is_of_one) {
            follower.required();
            id.required();
        }
    }
    edit_command.add_option("json", arguments->json, "The event: {\"to\": \"ada@example.org\"}").required();
    for (const auto command : {edit_command, retry_command, discard_command}) {
        command.add_option("--because", arguments->because, "The reason, for the history");
    }
    for (const auto command : {retry_command, discard_command}) {
        command.add_flag("--all", arguments->all, "Those of every follower");
        filter_by(command, *arguments);
    }
    discard_command.add_flag("--yes", arguments->yes, "Confirm that many are discarded");
}

} // namespace eventloom
