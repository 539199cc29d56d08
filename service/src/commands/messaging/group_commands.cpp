// The consumer groups that the running service has. What is stopped is known to the running group alone.
#include "commands/own_commands.hpp"
#include "commands/serving/worker_process.hpp"
#include "commands/watching.hpp"
#include "workers/group_work.hpp"

#include <eventloom/framework/time.hpp>
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

// That group, or all.
result<std::vector<ConsumerGroupStatus>> status_of(const Groups& groups, const std::string& name)
{
    auto all = groups.status();
    if (name.empty()) return all;
    std::erase_if(all, [&](const auto& status) { return status.name != name; });
    if (all.empty()) return groups.no_such_group(name);
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

// One group: how far it is, and its members: where each is, how many streams it has, and for how long it is there unheard.
Json json_of_group(const ConsumerGroupStatus& status)
{
    auto members = Json::array();
    for (const MemberStatus& member : status.members) {
        members.push_back({{"member", member.name},
                           {"where", member.is_elsewhere ? "another process" : "the service"},
                           {"streams", member.streams},
                           {"in hand", member.in_flight},
                           {"lease ends", member.lease_ends ? Json(to_string(*member.lease_ends)) : Json(nullptr)}});
    }
    return {{"group", status.name},
            {"position", status.checkpoint},
            {"lag", status.lag},
            {"open", status.open},
            {"in hand", status.in_flight},
            {"stopped", status.stopped.size()},
            {"error", status.error ? Json(status.error->sentence) : Json(nullptr)},
            {"members", members}};
}

void show_group(Output& out, const ConsumerGroupStatus& status)
{
    Json properties = json_of_group(status);
    if (out.json()) return out.properties(properties);
    const std::vector<Column> columns{
        {"member"}, {"where"}, {"streams", Align::right}, {"in hand", Align::right}, {"lease ends"}};
    TableRows rows;
    for (const Json& member : properties["members"].elements()) {
        auto& row = rows.emplace_back();
        for (const auto& column : columns) row.push_back(member[column.name]);
    }
    properties["members"] = rows.size();
    out.properties(properties);
    if (rows.empty()) return;
    out.say("");
    out.table(columns, rows);
}

result<std::unique_ptr<const work::Work>> work_of_group(OpenService& program, const Runtime& runtime,
                                                        WorkArguments& arguments)
{
    BOOST_OUTCOME_TRY(auto group, program.service().groups().handler_of(arguments.of));
    if (arguments.threads == 0) arguments.threads = group.members;
    if (not arguments.lease) arguments.lease = group.lease;
    std::vector<Uuid> ids;
    for (std::uint32_t i = 0; i < arguments.threads; ++i) ids.push_back(runtime.ids.next());
    return work::events_of(arguments.of, std::move(group.handle), {arguments.name, *arguments.lease}, std::move(ids));
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
    if (group == nullptr) return groups.no_such_group(arguments.group);
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
        line.app().add_subcommand("groups", "Consumer groups of the running service: list, show, stopped, retry, work");
    groups.require_subcommand();

    const auto list_command = groups.add_subcommand("list", "All groups, and how far each is");
    add_watched(line, list_command, [&line](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const running, running_groups(line));
        list_all(out, running->status());
        return done();
    });

    const auto show_command =
        groups.add_subcommand("show", "One group, and its members: where they are and what they have");
    show_command.add_option("group", arguments->group, "The group's name").required();
    add_watched(line, show_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const running, running_groups(line));
        BOOST_OUTCOME_TRY(const auto chosen, status_of(*running, arguments->group));
        show_group(out, chosen.front());
        return done();
    });

    const auto stopped_command =
        groups.add_subcommand("stopped", "The streams that have stopped, each with the event that keeps failing");
    stopped_command.add_option("group", arguments->group, "Only those of this group");
    add_watched(line, stopped_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const running, running_groups(line));
        BOOST_OUTCOME_TRY(const auto chosen, status_of(*running, arguments->group));
        list_stopped(out, chosen);
        return done();
    });

    const auto retry_command =
        groups.add_subcommand("retry", "Try a stopped stream again, or every stopped stream of the group");
    retry_command.add_option("group", arguments->group, "The group's name").required();
    retry_command.add_option("stream", arguments->stream, "Only this stream");
    line.on(retry_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const running, running_groups(line));
        return try_again(out, *running, *arguments);
    });

    const auto work_arguments = std::make_shared<WorkArguments>();
    const auto work_command   = groups.add_subcommand(
        "work", "Handle events of a group in this process, for the service that runs, until Ctrl-C or SIGTERM");
    work_command.add_option("group", work_arguments->of, "The group's name").required();
    add_work_options(work_command, work_arguments, "Members, each with a thread (default: as the program says)");
    line.on(
        work_command,
        [&line, work_arguments](Output& out) {
            const auto work_in = [&line](OpenService& program, WorkArguments& of) {
                return work_of_group(program, line.runtime(), of);
            };
            return work_until_stopped(line, out, *work_arguments, "group", work_in);
        },
        DirectoryUse::none);
}

} // namespace eventloom
