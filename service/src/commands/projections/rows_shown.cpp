// What is said of rows that are not up to the log, and how a command waits for them.
#include "command_line_state.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace eventloom {

namespace {

constexpr Duration longest_wait_for_rows = std::chrono::minutes{1};

std::optional<Position> position_of(std::string_view text)
{
    Position position       = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return position;
}

std::string position_or_why_not(std::string& text)
{
    if (text == "head" || position_of(text)) return "";
    return "\"" + printable(text) + "\" is neither a position, a whole number from 0 on, nor the word head";
}

// Why the rows do not move on.
std::string reason_of(const ProjectionStatus& status)
{
    if (status.error) return status.error->sentence;
    if (status.state == ProjectionState::paused) return "the projection is paused";
    if (status.state == ProjectionState::idle) return "no service runs that updates them";
    return "the projection is " + std::string{to_string(status.state)};
}

// Only of rows that lack an event: a projection may lag by events that it does not hear.
result<void> say_behind(Output& out, const Projections& projections, const std::vector<ProjectionStatus>& all,
                        Position head)
{
    std::string sentence;
    auto behind = Json::array();
    for (const auto& status : all) {
        const auto lag = head - std::min(head, status.position);
        if (lag == 0) continue;
        BOOST_OUTCOME_TRY(const auto lacks, projections.next_event(status.name, status.position));
        if (not lacks) continue;
        sentence += (sentence.empty() ? "" : "\n") + ("The rows of " + status.name) + " have reached position " +
                    with_separators(static_cast<std::int64_t>(status.position)) + ", and the log is at " +
                    with_separators(static_cast<std::int64_t>(head)) + ": " + printable(reason_of(status)) +
                    "; --at-least head waits for them";
        behind.push_back({{"projection", status.name},
                          {"position", status.position},
                          {"head", head},
                          {"lag", lag},
                          {"state", to_string(status.state)}});
    }
    if (not behind.empty()) out.warn(sentence, "behind", behind);
    return done();
}

} // namespace

void CommandLine::on_rows(Command command, Names names, Action action)
{
    const auto at_least = std::make_shared<std::string>();
    command
        .add_option("--at-least", *at_least,
                    "Wait until the rows have reached this position, or the end of the log; at most one minute")
        .type_name("POSITION|head")
        .check({position_or_why_not});
    on(
        command,
        [this, at_least, names = std::move(names), action = std::move(action)](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(see_to_rows(*this, out, names(), *at_least));
            return action(out);
        },
        DirectoryUse::reading);
}

void CommandLine::on_rows(Command command, std::vector<std::string> names, Action action)
{
    on_rows(
        command, [names = std::move(names)] { return names; }, std::move(action));
}

result<void> see_to_rows(CommandLine& line, Output& out, const std::vector<std::string>& names,
                         const std::string& at_least)
{
    if (names.empty()) return done(); // nothing is shown, or what does not exist: the command says so
    BOOST_OUTCOME_TRY(auto* const open_service, line.open());
    auto& service = open_service->service();
    if (not at_least.empty()) {
        const auto wanted = at_least == "head" ? service.store().head() : *position_of(at_least);
        if (not line.is_running_service() && wanted > service.store().head()) {
            return fail(Failure::invalid, "position-ahead-of-log",
                        fmt::format("asked for rows of position {} at least and found a log that ends at {}, and no "
                                    "service that appends to it",
                                    wanted, service.store().head()));
        }
        service.projections().start(); // does nothing in a service that runs
        BOOST_OUTCOME_TRY(service.wait_for(
            wanted, line.runtime().clock.now() + longest_wait_for_rows, [&out] { return out.console().go_on(); },
            names));
    }
    std::vector<ProjectionStatus> shown;
    for (auto& status : service.projections().status()) {
        if (std::find(names.begin(), names.end(), status.name) != names.end()) shown.push_back(std::move(status));
    }
    return say_behind(out, service.projections(), shown, service.store().head());
}

} // namespace eventloom
