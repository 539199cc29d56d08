// Subscriptions with a name. Their dead letters are among those of all followers (dead_letter_commands.cpp).
#include "commands/messaging/follower_commands.hpp"
#include "commands/own_commands.hpp"
#include "commands/watching.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/messaging/subscriptions.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

namespace {

struct SubscriptionArguments {
    std::string subscription;
    std::string because;
    std::string until;
    std::uint64_t event = 0;
};

Json json_of(const SubscriptionStatus& status)
{
    const auto seconds = std::chrono::round<std::chrono::seconds>(status.behind.value_or(Duration{0})).count();
    // Where it begins is found out when it starts for the first time.
    const auto known = [&](auto figure) { return status.has_begun ? Json(figure) : Json(nullptr); };
    return {{"subscription", status.name},
            {"topic", status.topic.empty() ? Json(nullptr) : Json(status.topic)},
            {"promise", to_string(status.promise)},
            {"state", to_string(status.state)},
            {"position", known(status.position)},
            {"lag", known(status.lag)},
            {"seconds_behind", known(seconds)},
            {"events_per_second", static_cast<std::int64_t>(status.events_per_second + 0.5)},
            {"dead_letters", status.dead_letters},
            {"lost", status.lost},
            {"at", status.at ? Json(*status.at) : Json(nullptr)},
            {"attempts", status.attempts},
            {"next_attempt", status.next_attempt ? Json(to_string(*status.next_attempt)) : Json(nullptr)},
            {"paused", json_of_pause(status.paused_until)},
            {"because", status.because.empty() ? Json(nullptr) : Json(status.because)},
            {"in_doubt",
             status.in_doubt ? Json{{"from", status.in_doubt->first}, {"to", status.in_doubt->second}} : Json(nullptr)},
            {"error", status.error ? Json(status.error->sentence) : Json(nullptr)}};
}

result<Subscriptions*> subscriptions_of(CommandLine& line)
{
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    Subscriptions& subscriptions = open_service->service().subscriptions();
    BOOST_OUTCOME_TRY(subscriptions.open());
    return &subscriptions;
}

result<void> show_subscription(Output& out, const Subscriptions& subscriptions, const std::string& name)
{
    BOOST_OUTCOME_TRY(const auto status, subscriptions.status(name));
    out.properties(json_of(status));
    return done();
}

void list_subscriptions(Output& out, const Subscriptions& subscriptions)
{
    const std::vector<Column> columns{{"subscription"},
                                      {"promise"},
                                      {"state"},
                                      {"position", Align::right},
                                      {"lag", Align::right},
                                      {"seconds_behind", Align::right},
                                      {"dead_letters", Align::right},
                                      {"lost", Align::right},
                                      {"paused"},
                                      {"error"}};
    TableRows rows;
    for (const auto& status : subscriptions.status()) {
        const Json properties = json_of(status);
        auto& row             = rows.emplace_back();
        for (const auto& column : columns) row.push_back(properties[column.name]);
    }
    out.table(columns, rows);
}

} // namespace

void add_subscription_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<SubscriptionArguments>();
    const auto subscriptions =
        line.app().add_subcommand("subscriptions", "Subscriptions with a name: list, show, pause, resume, skip");
    subscriptions.require_subcommand();

    const auto list_command =
        subscriptions.add_subcommand("list", "All of them, what each promises, and how far it is");
    add_watched(line, list_command, [&line](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const opened, subscriptions_of(line));
        list_subscriptions(out, *opened);
        return done();
    });
    const auto show_command = subscriptions.add_subcommand("show", "One of them");
    show_command.add_option("subscription", arguments->subscription, "Its name").required();
    add_watched(line, show_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const opened, subscriptions_of(line));
        return show_subscription(out, *opened, arguments->subscription);
    });

    const auto add_act = [&](const char* name, const char* about, auto act) {
        const auto command = subscriptions.add_subcommand(name, about);
        command.add_option("subscription", arguments->subscription, "Its name").required();
        command.add_option("--because", arguments->because, "The reason, for the history");
        line.on(command, [&line, arguments, act](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(auto* const opened, subscriptions_of(line));
            BOOST_OUTCOME_TRY(act(*opened));
            return show_subscription(out, *opened, arguments->subscription);
        });
        return command;
    };
    add_act("pause", "Hand its handler no more events, also after a restart",
            [arguments](Subscriptions& of) {
                const Time until = parse_time(arguments->until).value_or(Time::max());
                return of.pause(arguments->subscription, arguments->because, until);
            })
        .add_option("--until", arguments->until, "Resume by itself at this time: 2026-12-24T18:00:00Z")
        .check(point_in_time());
    add_act("resume", "Go on with one that is paused, waits or has stopped at an event",
            [arguments](Subscriptions& of) { return of.resume(arguments->subscription, arguments->because); });
    add_act("skip", "Pass over the event at which it waits or has stopped",
            [arguments](Subscriptions& of) {
                return of.skip(arguments->subscription, arguments->event, arguments->because);
            })
        .add_option("event", arguments->event, "The event's position in the log, so that no other one is skipped")
        .required()
        .check(whole_number(1));
}

} // namespace eventloom
