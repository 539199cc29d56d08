// Everything that follows the log: projections, sagas, groups, queues, subscriptions. What is of one kind alone has commands of
// its own.
#include "commands/messaging/follower_commands.hpp"
#include "commands/own_commands.hpp"
#include "commands/watching.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

Json json_of_pause(const std::optional<Time>& until)
{
    if (not until) return nullptr;
    return *until == Time::max() ? Json("until resumed") : Json(to_string(*until));
}

Json json_of(const FollowerStatus& follower)
{
    const auto seconds = std::chrono::round<std::chrono::seconds>(follower.behind.value_or(Duration{0})).count();
    const auto rate    = follower.events_per_second;
    const auto known   = [&](auto figure) { return follower.has_begun ? Json(figure) : Json(nullptr); };
    return {{"follower", follower.name},
            {"kind", follower.kind},
            {"state", follower.state},
            {"position", known(follower.position)},
            {"lag", known(follower.lag)},
            {"seconds_behind", known(seconds)},
            {"events_per_second", rate ? Json(static_cast<std::int64_t>(*rate + 0.5)) : Json(nullptr)},
            {"dead_letters", follower.dead_letters},
            {"paused", json_of_pause(follower.paused_until)},
            {"error", follower.error ? Json(follower.error->sentence) : Json(nullptr)}};
}

namespace {

struct FollowerArguments {
    std::string follower;
    std::string kind;
    std::string because;
    std::string until;
};

const std::vector<Column> follower_columns{{"follower"},
                                           {"kind"},
                                           {"state"},
                                           {"position", Align::right},
                                           {"lag", Align::right},
                                           {"seconds_behind", Align::right},
                                           {"events_per_second", Align::right},
                                           {"dead_letters", Align::right},
                                           {"paused"},
                                           {"error"}};

result<Followers*> followers_of(CommandLine& line)
{
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    return &open_service->service().followers();
}

result<void> list_followers(Output& out, const Followers& followers, const std::string& kind)
{
    BOOST_OUTCOME_TRY(const auto all, followers.list());
    TableRows rows;
    for (const auto& one : all) {
        if (not kind.empty() && one.kind != kind) continue;
        const Json properties = json_of(one);
        auto& row             = rows.emplace_back();
        for (const auto& column : follower_columns) row.push_back(properties[column.name]);
    }
    out.table(follower_columns, rows);
    return done();
}

result<void> show_follower(Output& out, const Followers& followers, const std::string& name)
{
    BOOST_OUTCOME_TRY(const auto found, followers.find(name));
    out.properties(json_of(found));
    return done();
}

} // namespace

void add_follower_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<FollowerArguments>();
    const auto followers =
        line.app().add_subcommand("followers", "Everything that follows the log: list, show, pause, resume");
    followers.require_subcommand();

    const auto list_command = followers.add_subcommand("list", "All of them, and how far each is");
    list_command.add_option("--kind", arguments->kind, "Only this kind")
        .check(one_of({"projection", "saga", "group", "queue", "subscription"}));
    add_watched(line, list_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const all, followers_of(line));
        return list_followers(out, *all, arguments->kind);
    });

    const auto show_command = followers.add_subcommand("show", "One of them");
    add_watched(line, show_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const all, followers_of(line));
        return show_follower(out, *all, arguments->follower);
    });

    const auto pause_command = followers.add_subcommand("pause", "Hand it no more events, also after a restart");
    pause_command.add_option("--until", arguments->until, "Resume by itself at this time: 2026-12-24T18:00:00Z")
        .check(point_in_time());
    line.on(pause_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const all, followers_of(line));
        BOOST_OUTCOME_TRY(const auto found, all->find(arguments->follower));
        const Time until = parse_time(arguments->until).value_or(Time::max());
        BOOST_OUTCOME_TRY(all->pause(arguments->follower, arguments->because, until));
        out.properties({{"follower", found.name}, {"kind", found.kind}, {"paused", json_of_pause(until)}});
        return done();
    });

    const auto resume_command = followers.add_subcommand("resume", "Go on with one that is paused");
    line.on(resume_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const all, followers_of(line));
        BOOST_OUTCOME_TRY(const auto found, all->find(arguments->follower));
        BOOST_OUTCOME_TRY(all->resume(arguments->follower, arguments->because));
        out.properties({{"follower", found.name}, {"kind", found.kind}, {"paused", nullptr}});
        return done();
    });
    for (const auto command : {show_command, pause_command, resume_command}) {
        command.add_option("follower", arguments->follower, "Its name, or subscription/NAME").required();
    }
    for (const auto command : {pause_command, resume_command}) {
        command.add_option("--because", arguments->because, "The reason, for the history");
    }
}

} // namespace eventloom
