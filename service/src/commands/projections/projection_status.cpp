#include "commands/projections/projection_status.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr const char* left_behind_error = "this program has no such projection; `projections drop` removes its rows";

Json building_in(const ProjectionStatus& status)
{
    if (not status.building) return nullptr;
    return {{"version", status.building->version},
            {"position", status.building->position},
            {"rows", status.building->rows}};
}

result<Json> unknown_in(const Projections& projections, const std::string& name)
{
    BOOST_OUTCOME_TRY(const auto unknown, projections.unknown_events(name));
    auto json = Json::array();
    for (const auto& [type, category, first] : unknown) {
        json.push_back({{"type", type}, {"category", category}, {"first", first}});
    }
    return json;
}

Json left_behind(const std::string& name)
{
    const auto members = json_of(ProjectionStatus{});
    auto json          = Json::object();
    for (const auto& [member, value] : members.items()) json[member] = nullptr;
    json["projection"]     = name;
    json["state"]          = "left behind";
    json["error"]          = left_behind_error;
    json["unknown_events"] = nullptr;
    return json;
}

std::string number(Position position)
{
    return with_separators(static_cast<std::int64_t>(position));
}

} // namespace

void say_what_is_built(Output& out, const ProjectionStatus& status)
{
    if (status.notice) out.say(status.name + ": " + printable(*status.notice) + ".");
    if (not status.building) return;
    const auto& [version, position, rows] = *status.building;
    const bool moves                      = version == status.version;
    out.say(fmt::format(
        "{}: version {} answers{}, as it stood at position {}, while {}; that has come to position {} of {}.",
        status.name, status.version, moves ? " from its old place" : "", number(status.position),
        moves ? "it is built in its new place" : fmt::format("version {} is built", version), number(position),
        number(status.position + status.lag)));
}

std::int64_t seconds_behind(const ProjectionStatus& status)
{
    return std::chrono::round<std::chrono::seconds>(status.behind.value_or(Duration{0})).count();
}

std::int64_t whole(double rate)
{
    return static_cast<std::int64_t>(rate + 0.5);
}

Json json_of(const ProjectionStatus& status)
{
    return {{"projection", status.name},
            {"version", status.version},
            {"state", to_string(status.state)},
            {"position", status.position},
            {"lag", status.lag},
            {"seconds_behind", seconds_behind(status)},
            {"events_per_second", whole(status.events_per_second)},
            {"rows", status.rows},
            {"dead_letters", status.dead_letters},
            {"building", building_in(status)},
            {"notice", status.notice ? Json(*status.notice) : Json(nullptr)},
            {"error", status.error ? Json(status.error->sentence) : Json(nullptr)}};
}

result<Json> json_of(const Projections& projections, const ProjectionStatus& status)
{
    auto json = json_of(status);
    BOOST_OUTCOME_TRY(json["unknown_events"], unknown_in(projections, status.name));
    return json;
}

result<void> say_what_is_unknown(Output& out, const Projections& projections, const std::vector<std::string>& names)
{
    for (const auto& name : names) {
        BOOST_OUTCOME_TRY(const auto unknown, projections.unknown_events(name));
        if (not unknown.empty()) out.say(name + ": " + to_sentence(unknown) + ".");
    }
    return done();
}

result<void> show_status(Output& out, const Projections& projections)
{
    const auto all = projections.status();
    std::vector<Json> objects;
    std::vector<std::string> names;
    for (const auto& status : all) {
        BOOST_OUTCOME_TRY(auto object, json_of(projections, status));
        objects.push_back(std::move(object));
        names.push_back(status.name);
    }
    BOOST_OUTCOME_TRY(const auto others, projections.left_behind());
    for (const auto& name : others) objects.push_back(left_behind(name));

    // For programs all members; for people those that fit beside each other.
    std::vector<Column> columns;
    TableRows rows(objects.size());
    const auto show = [&](const std::string& member, std::string heading, Align align) {
        columns.push_back({out.json() ? member : std::move(heading), align});
        for (std::size_t i = 0; i < objects.size(); ++i) rows[i].push_back(objects[i][member]);
    };
    show("projection", "projection", Align::left);
    show("version", "version", Align::right);
    show("state", "state", Align::left);
    show("position", "position", Align::right);
    show("lag", "lag", Align::right);
    show("seconds_behind", "seconds behind", Align::right);
    show("events_per_second", "events/s", Align::right);
    show("rows", "rows", Align::right);
    show("dead_letters", "dead letters", Align::right);
    if (out.json()) show("building", "", Align::left);
    if (out.json()) show("notice", "", Align::left);
    if (out.json()) show("unknown_events", "", Align::left);
    show("error", "error", Align::left);
    out.table(columns, rows);
    for (const auto& status : all) say_what_is_built(out, status);
    return say_what_is_unknown(out, projections, names);
}

} // namespace eventloom
