#include "door/command_request.hpp"

#include "json/limited_json.hpp"

namespace eventloom {

namespace {

constexpr std::size_t arguments_max = 4'096;

Error wrong(std::string_view found)
{
    return {Failure::invalid, "wrong-command-request",
            "read a command and found " + std::string{found} + "; send {\"arguments\": [\"orders\", \"list\"]}"};
}

} // namespace

std::string to_json(const CommandRequest& request)
{
    auto arguments = Json::array();
    for (const auto& argument : request.arguments) arguments.push_back(json_of_bytes(argument));
    return Json{{"arguments", arguments},
                {"working_directory", json_of_bytes(request.working_directory)},
                {"data_directory", json_of_bytes(request.data_directory)},
                {"out_is_terminal", request.shape.out_is_terminal},
                {"err_is_terminal", request.shape.err_is_terminal},
                {"width", request.shape.width},
                {"table_width", request.shape.table_width}}
        .dump();
}

result<CommandRequest> command_request_of(std::string_view text)
{
    BOOST_OUTCOME_TRY(const auto json, parse_limited_json(text, door_json_depth_max));
    if (not json.is_object() || not json.contains("arguments") || not json["arguments"].is_array()) {
        return wrong("no list of arguments");
    }
    if (json["arguments"].size() > arguments_max) return wrong("more than 4,096 arguments");
    const auto member_or = [&](const char* name, const char* otherwise) {
        return json.contains(name) ? json[name] : Json(otherwise);
    };
    CommandRequest request;
    for (const Json& argument : json["arguments"].elements()) {
        BOOST_OUTCOME_TRY(auto word, bytes_of_json(argument));
        if (word.find('\0') != std::string::npos) return wrong("an argument with a zero byte");
        request.arguments.push_back(std::move(word));
    }
    BOOST_OUTCOME_TRY(request.working_directory, bytes_of_json(member_or("working_directory", "/")));
    BOOST_OUTCOME_TRY(request.data_directory, bytes_of_json(member_or("data_directory", "")));
    const auto flag               = [&](const char* name) { return json[name].boolean(); };
    request.shape.out_is_terminal = flag("out_is_terminal");
    request.shape.err_is_terminal = flag("err_is_terminal");
    const auto width              = [&](const char* name, std::size_t otherwise) {
        if (not json[name].is_unsigned() || json[name] == 0) return otherwise;
        return std::clamp<std::size_t>(json[name].unsigned_whole(), ConsoleShape::width_min, ConsoleShape::width_max);
    };
    request.shape.width       = width("width", request.shape.width);
    request.shape.table_width = width("table_width", 0);
    return request;
}

std::string to_line(const Reply& reply)
{
    Json json;
    if (const auto* out = std::get_if<SaidOut>(&reply)) json["out"] = json_of_bytes(out->text);
    if (const auto* err = std::get_if<SaidErr>(&reply)) json["err"] = json_of_bytes(err->text);
    if (const auto* ended = std::get_if<Ended>(&reply)) json["exit"] = ended->exit_code;
    return json.dump() + "\n";
}

result<Reply> reply_of(std::string_view line)
{
    BOOST_OUTCOME_TRY(const auto json, parse_limited_json(line, door_json_depth_max));
    if (json.contains("out")) {
        BOOST_OUTCOME_TRY(auto text, bytes_of_json(json["out"]));
        return Reply{SaidOut{std::move(text)}};
    }
    if (json.contains("err")) {
        BOOST_OUTCOME_TRY(auto text, bytes_of_json(json["err"]));
        return Reply{SaidErr{std::move(text)}};
    }
    if (json["exit"].is_whole()) return Reply{Ended{static_cast<int>(json["exit"].whole())}};
    return fail(Failure::invalid, "wrong-reply",
                "read a line of the service's answer and found neither text nor an exit code; "
                "check whether the service has another version");
}

} // namespace eventloom
