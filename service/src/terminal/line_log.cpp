#include "terminal/line_log.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/detail/json.hpp>

namespace eventloom {

namespace {

std::string quoted_where_needed(const std::string& value)
{
    const auto text = printable(value);
    if (not text.empty() && text.find_first_of(" \"=\\") == std::string::npos) return text;
    std::string quoted{'"'};
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::string plain_line(const std::string& at, LogLevel level, std::string_view what, const LogFields& fields)
{
    std::string line = at + " " + std::string{to_string(level)} + " " + std::string{what};
    for (const LogField& field : fields) line += " " + std::string{field.name} + "=" + quoted_where_needed(field.value);
    return line;
}

std::string json_line(const std::string& at, LogLevel level, std::string_view what, const LogFields& fields)
{
    Json line{{"at", at}, {"level", to_string(level)}, {"what", what}};
    for (const LogField& field : fields) {
        line[std::string{field.name}] = field.is_number ? Json(std::stoull(field.value)) : Json(field.value);
    }
    return line.dump();
}

} // namespace

void LineLog::write(LogLevel level, std::string_view what, const LogFields& fields)
{
    if (level < least_.load()) return;
    const std::lock_guard lock{one_line_at_a_time_};
    const auto at = to_string(clock_.now());
    console_.err((json_ ? json_line(at, level, what, fields) : plain_line(at, level, what, fields)) + "\n");
}

} // namespace eventloom
