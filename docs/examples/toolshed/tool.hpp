// A tool that is lent to members, and what may happen to it.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/time.hpp>

#include <string>

namespace toolshed {

namespace el = eventloom;

using Day = std::chrono::sys_days;

// Events: what has happened.
struct Added {
    std::string name;
};
struct Lent {
    std::string member;
    Day due;
};
struct Returned {
    std::string member;
};

// Commands: what somebody asks for.
struct Add {
    std::string name;
};
struct Lend {
    std::string member;
    Day today;
    int days = 0;
};
struct Return {};

// State: what the next decision needs to know, and no more.
struct Tool {
    static constexpr auto category = "tool";
    using Events =
        el::events<el::event<"tool-added", Added>, el::event<"tool-lent", Lent>, el::event<"tool-returned", Returned>>;
    bool known = false;
    std::string member; // who has it; empty: it is on the shelf
    Day due;
};
using ToolId = el::id<Tool>;

// evolve: the state after an event.
inline Tool evolve(Tool tool, const Added&)
{
    tool.known = true;
    return tool;
}
inline Tool evolve(Tool tool, const Lent& event)
{
    tool.member = event.member;
    tool.due    = event.due;
    return tool;
}
inline Tool evolve(Tool tool, const Returned&)
{
    tool.member.clear();
    return tool;
}

// decide: the events that a command leads to, or a refusal.
inline el::result<Added> decide(const Add& command, const Tool& tool)
{
    if (tool.known) return el::refuse("tool-known", "There is a tool with this id already.");
    return Added{command.name};
}
inline el::result<Lent> decide(const Lend& command, const Tool& tool)
{
    if (not tool.known) return el::refuse("no-such-tool", "There is no tool with this id; add it first.");
    if (not tool.member.empty()) {
        return el::refuse("tool-lent",
                          "The tool is lent to " + tool.member + " until " + el::time_text(tool.due) + ".");
    }
    return Lent{command.member, command.today + std::chrono::days{command.days}};
}
inline el::result<Returned> decide(const Return&, const Tool& tool)
{
    if (tool.member.empty()) return el::refuse("tool-not-lent", "Nobody has this tool.");
    return Returned{tool.member};
}

// validate: what a command must be, whatever the state. An error ends the command before the log is read.
inline el::result<void> validate(const Lend& command)
{
    if (command.days < 1) return el::refuse("no-days", "A tool is lent for one day or more.");
    return el::done();
}
static_assert(el::aggregate<Tool>);

} // namespace toolshed
