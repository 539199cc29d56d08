// What Eventloom reports of its own work: an event that was parked, a saga that is stuck, a service that starts. `serve`
// writes it to standard error; a program can send it to a log of its own instead.
//
//     class Journal final : public el::Log {
//         void write(el::LogLevel level, std::string_view what, const el::LogFields& fields) override;
//     };
//     Journal journal;
//     return el::run({.name = "shop", .summary = "A gift shop.", .set_up = add_shop, .log = &journal}, argc, argv);
//
// `what` is a stable name, such as "event-parked"; docs/operating.md lists them all. Each thing is reported once, when it
// happens. Threads: `write` is called from any thread, also from several at a time, and must not call Eventloom.
#pragma once

#include <eventloom/framework/result.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

std::string_view to_string(LogLevel level);

struct LogField {
    LogField(std::string_view of_name, std::string of_value) : name{of_name}, value{std::move(of_value)} {}
    LogField(std::string_view of_name, std::unsigned_integral auto number)
        : name{of_name}, value{std::to_string(number)}, is_number{true}
    {
    }

    std::string_view name; // a literal
    std::string value;
    bool is_number = false;
};
using LogFields = std::vector<LogField>;

class Log {
public:
    virtual ~Log() = default;

    // Should return soon: the work that is reported waits for it.
    virtual void write(LogLevel level, std::string_view what, const LogFields& fields) = 0;
};

// Writes to the log, if there is one. An exception of the log is dropped.
void write_to(Log* log, LogLevel level, std::string_view what, const LogFields& fields);
// The same with the code and the sentence of an error as further fields, "code" and "error".
void write_to(Log* log, LogLevel level, std::string_view what, LogFields fields, const Error& error);

} // namespace eventloom
