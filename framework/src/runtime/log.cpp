#include <eventloom/framework/log.hpp>

#include <eventloom/framework/detail/user_code.hpp>

namespace eventloom {

std::string_view to_string(LogLevel level)
{
    switch (level) {
    case LogLevel::debug:
        return "debug";
    case LogLevel::info:
        return "info";
    case LogLevel::warning:
        return "warning";
    case LogLevel::error:
        return "error";
    }
    return "unnamed";
}

void write_to(Log* log, LogLevel level, std::string_view what, const LogFields& fields)
{
    if (log == nullptr) return;
    // The work that is reported goes on, whatever becomes of its report.
    static_cast<void>(call_user_code("the log", {}, [&] { log->write(level, what, fields); }));
}

void write_to(Log* log, LogLevel level, std::string_view what, LogFields fields, const Error& error)
{
    if (log == nullptr) return;
    fields.emplace_back("code", error.code);
    fields.emplace_back("error", error.sentence);
    write_to(log, level, what, fields);
}

} // namespace eventloom
