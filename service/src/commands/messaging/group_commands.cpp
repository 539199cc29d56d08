// The consumer groups that the running service has. What is stopped is known to the running group alone.
#include "commands/own_commands.hpp"

#include <eventloom/messaging/groups.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

struct GroupArguments {
    std::string group;
    std::string stream;
};

result<Groups*> running_groups(CommandLine& line)
{
    if (not line.is_running_service()) {
        return fail(Failure::unavailable, "groups-not-running",
                    fmt::format("asked for the consumer groups in {} and found that no service runs there; they run "
                                "while `serve` does, which tries every stopped stream again when it starts",
                                line.data_directory()));
    }
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    return &open_service->service().groups();
}

Error no_such_group(const Groups& groups, const std::string& name)
{
    std::string names;
    for (const auto& status : groups.status()) names += (names.empty() ? "" : ", ") + status.name;
    return {Failure::invalid, "no-such-group",
            fmt::format("asked for the consumer group {} and found {}", name,
                        names.empty() ? "that the service has none" : "only: " + names)};
}

// That group, or all.
result<std::vector<ConsumerGroupStatus>> status_of(const Groups& groups, const std::string& name)
{
    auto all = groups.status();
    if (name.empty()) return all;
    std::erase_if(all, [&](const auto& status) { return status.name != name; });
    if (all.empty()) return no_such_group(groups, name);
    return all;
}

void list_all(Output& out, const std::vector<ConsumerGroupStatus>& groups)
{
    TableRows rows;
    for (const auto& status : groups) {
        rows.push_back({status.name, status.checkpoint, status.lag, status.members.size(), status.stopped.size(),
                        status.error ? Json(status.error->sentence) : Json(nullptr)});
    }
    out.table({{"group"},
               {"position", Align::right},
               {"lag", Align::right},
               {"members", Align::right},
               {"stopped", Align::right},
               {"error"}},
              rows);
}

void list_stopped(Output& out, const std::vector<ConsumerGroupStatus>& groups)
{
    TableRows rows;
    for (const auto& status : groups) {
        for (const StoppedStream& stopped : status.stopped) {
            rows.push_back({status.name, stopped.stream, stopped.position, stopped.attempts, stopped.error.code,
                            stopped.error.sentence});
        }
    }
    out.table({{"group"}, {"stream"}, {"position", Align::right}, {"attempts", Align::right}, {"code"}, {"error"}},
              rows);
}

result<void> try_again(Output& out, const Groups& groups, const GroupArguments& arguments)
{
    const auto group = groups.find(arguments.group);
    if (group == nullptr) return no_such_group(groups, arguments.group);
    std::size_t retried = 0;
    if (not arguments.stream.empty()) {
        BOOST_OUTCOME_TRY(group->retry(arguments.stream));
        retried = 1;
    } else {
        for (const StoppedStream& stopped : group->status().stopped) {
            if (group->retry(stopped.stream)) ++retried; // else somebody else was faster
        }
    }
    out.properties({{"group", arguments.group}, {"streams tried again", retried}});
    return done();
}

} // namespace

void add_group_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<GroupArguments>();
    const auto groups =
        line.app().add_subcommand("groups", "Consumer groups of the running service: list, stopped, retry");
    groups.require_subcommand();

    const auto list_command = groups.add_subcommand("list", "All groups, and how far each is");
    line.on(
        list_command,
        [&line](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const auto* const running, running_groups(line));
            list_all(out, running->status());
            return done();
        },
        DirectoryUse::reading);

    const auto stopped_command =
        groups.add_subcommand("stopped", "The streams that have stopped, each with the event that keeps failing");
    stopped_command.add_option("group", arguments->group, "Only those of this group");
    line.on(
        stopped_command,
        [&line, arguments](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const auto* const running, running_groups(line));
            BOOST_OUTCOME_TRY(const auto chosen, status_of(*running, arguments->group));
            list_stopped(out, chosen);
            return done();
        },
        DirectoryUse::reading);

    const auto retry_command =
        groups.add_subcommand("retry", "Try a stopped stream again, or every stopped stream of the group");
    retry_command.add_option("group", arguments->group, "The group's name").required();
    retry_command.add_option("stream", arguments->stream, "Only this stream");
    line.on(retry_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const running, running_groups(line));
        return try_again(out, *running, *arguments);
    });
}

} // namespace eventloom
