// The log of `serve`: a line on standard error for each thing that is reported.
//
//     2026-11-29T12:00:00.000000Z warning event-parked projection=orders position=12 stream=order-7 error="found no price"
//     {"at":"2026-11-29T12:00:00.000000Z","level":"warning","what":"event-parked","projection":"orders","position":12}
//
// Threads: any.
#pragma once

#include <eventloom/framework/log.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/service/output.hpp>

#include <atomic>
#include <mutex>

namespace eventloom {

class LineLog final : public Log {
public:
    LineLog(Console& console, const Clock& clock, bool json) : console_{console}, clock_{clock}, json_{json} {}

    // What is less than this is left out. At first nothing is.
    void show_from(LogLevel least) { least_ = least; }

    void write(LogLevel level, std::string_view what, const LogFields& fields) override;

private:
    Console& console_;
    const Clock& clock_;
    const bool json_;
    std::atomic<LogLevel> least_{LogLevel::debug};
    std::mutex one_line_at_a_time_;
};

} // namespace eventloom
