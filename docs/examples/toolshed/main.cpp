#include "toolshed.hpp"

#include <eventloom/service/command_line.hpp>

#include <algorithm>

namespace toolshed {

namespace {

// Sends a command, and waits until the rows show what it changed.
template <class Command>
el::result<void> send(Toolshed& shed, const std::string& tool, const Command& command, el::Output& out)
{
    auto& service = shed.service();
    BOOST_OUTCOME_TRY(service.start());
    BOOST_OUTCOME_TRY(const auto receipt, service.commands().send(ToolId{tool}, command));
    const auto deadline = service.runtime().clock.now() + std::chrono::minutes{1};
    return service.wait_for(receipt.position, deadline, [&out] { return out.console().go_on(); });
}

void add_add(el::CommandLine& line)
{
    struct Arguments {
        std::string tool;
        std::string name;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto command   = line.app().add_subcommand("add", "Put a new tool on the shelf");
    command.add_option("tool", arguments->tool, "Its id").required().check(el::identifier());
    command.add_option("name", arguments->name, "What it is").required();
    line.on(command, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shed, line.open<Toolshed>(true));
        BOOST_OUTCOME_TRY(send(*shed, arguments->tool, Add{arguments->name}, out));
        out.say(arguments->tool + " is on the shelf.");
        return el::done();
    });
}

// A check of our own. A member is written in small letters, so that nobody is two members.
el::Check member_name()
{
    return {[](const std::string& word) -> std::string {
        const bool is_small = std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
        return is_small ? "" : "\"" + word + "\" is not the name of a member: use the letters a to z";
    }};
}

void add_lend(el::CommandLine& line)
{
    struct Arguments {
        std::string tool;
        std::string member;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto command   = line.app().add_subcommand("lend", "Lend a tool to a member");
    command.add_option("tool", arguments->tool, "Its id").required().check(el::identifier());
    command.add_option("member", arguments->member, "Who takes it").required().check(member_name());
    line.on(command, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shed, line.open<Toolshed>());
        const auto today = std::chrono::floor<std::chrono::days>(line.runtime().clock.now());
        BOOST_OUTCOME_TRY(send(*shed, arguments->tool, Lend{arguments->member, today, shed->loan_days}, out));
        out.say(arguments->tool + " is lent to " + arguments->member + ".");
        return el::done();
    });
}

void add_return(el::CommandLine& line)
{
    const auto tool    = std::make_shared<std::string>();
    const auto command = line.app().add_subcommand("return", "Take a tool back");
    command.add_option("tool", *tool, "Its id").required().check(el::identifier());
    line.on(command, [&line, tool](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shed, line.open<Toolshed>());
        BOOST_OUTCOME_TRY(send(*shed, *tool, Return{}, out));
        out.say(*tool + " is on the shelf.");
        return el::done();
    });
}

void add_list(el::CommandLine& line)
{
    const auto member  = std::make_shared<std::string>();
    const auto command = line.app().add_subcommand("list", "All tools, or those that a member has");
    command.add_option("--member", *member, "Only what this member has").check(member_name());
    line.on_rows(command, {"tools"}, [&line, member](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shed, line.open<Toolshed>());
        BOOST_OUTCOME_TRY(const auto page, member->empty() ? shed->tools->all() : shed->tools->by("member", *member));
        el::TableRows rows;
        for (const auto& [tool, row] : page.rows) {
            const auto due = row.member.empty() ? "" : el::time_text(row.due);
            rows.push_back({tool.value, row.name, row.member, due, row.loans});
        }
        out.table({{"tool"}, {"name"}, {"member"}, {"due"}, {"loans", el::Align::right}}, rows);
        return el::done();
    });
}

void set_up(el::CommandLine& line)
{
    const auto settings = std::make_shared<Settings>();
    line.opens([settings](const el::Runtime& runtime, const std::string& directory,
                          bool create_if_missing) -> el::result<std::unique_ptr<el::OpenService>> {
        BOOST_OUTCOME_TRY(auto shed, Toolshed::open(runtime, directory, *settings, create_if_missing));
        return std::unique_ptr<el::OpenService>{std::move(shed)};
    });
    line.knows(el::event_types<Tool>()); // for `events show`
    const auto days = line.app().add_option("--loan-days", settings->loan_days, "How long a loan is (default 14)");
    line.used_when_opening(days.check(el::whole_number(1, 365)));
    add_add(line);
    add_lend(line);
    add_return(line);
    add_list(line);
}

} // namespace

} // namespace toolshed

int main(int argc, char** argv)
{
    return eventloom::run({"toolshed", "Tools that are lent to members.", toolshed::set_up}, argc, argv);
}
