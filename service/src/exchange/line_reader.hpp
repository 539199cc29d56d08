// The lines of a file, of any length up to a limit, in little memory.
//
//     BOOST_OUTCOME_TRY(auto lines, LineReader::open(runtime, "orders.jsonl", cloud_events::line_bytes_max));
//     BOOST_OUTCOME_TRY(const auto line, lines->next());      // without its end; nothing after the last
//
// Threads: one.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/storage/plain_files.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

class LineReader {
public:
    // Failure::invalid  "no-such-file".
    static result<std::unique_ptr<LineReader>> open(const Runtime& runtime, const std::string& file,
                                                    std::size_t line_bytes_max);
    ~LineReader();

    // Until the next call.
    // Failure::invalid  "line-too-long".  Failure::storage  "file-not-read".
    result<std::optional<std::string_view>> next();

    // Of the line that next() gave last, from 1.
    std::uint64_t number() const { return number_; }
    // That it had an end: only the last line of a file may have none.
    bool is_whole() const { return whole_; }
    // In the file, up to and with the line that next() gave last.
    std::uint64_t bytes_read() const { return bytes_read_; }

private:
    LineReader(std::string name, std::unique_ptr<SequentialReader> file, std::size_t line_bytes_max);
    result<bool> fill();

    const std::string name_;
    const std::unique_ptr<SequentialReader> file_;
    const std::size_t line_bytes_max_;
    std::string buffer_;
    std::size_t used_         = 0; // of the buffer
    std::uint64_t number_     = 0;
    std::uint64_t bytes_read_ = 0;
    bool whole_               = false;
};

} // namespace eventloom
