// Plain files in the file system of a Runtime: read from their beginning, written at their end, renamed, locked.
//
//     BOOST_OUTCOME_TRY(const auto file, AppendedFile::open(runtime, "orders.jsonl.part"));
//     BOOST_OUTCOME_TRY(file->append("a line\n"));
//     BOOST_OUTCOME_TRY(file->close());
//     BOOST_OUTCOME_TRY(rename_file(runtime, "orders.jsonl.part", "orders.jsonl"));
//
// An error is Failure::storage "file-fault", and its sentence is only what was found ("IO error: ... No space left on
// device"): the caller adds what was asked and what to do. Threads: an open file belongs to one thread at a time.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

class SequentialReader {
public:
    static result<std::unique_ptr<SequentialReader>> open(const Runtime& runtime, const std::string& path);
    ~SequentialReader();

    // Reads at most `size` bytes into `into`, and says how many there were: 0 at the end.
    result<std::size_t> read(char* into, std::size_t size);

private:
    struct State;
    explicit SequentialReader(std::unique_ptr<State> state);
    const std::unique_ptr<State> state_;
};

// A file that is written at its end. It is made if it does not exist.
class AppendedFile {
public:
    static result<std::unique_ptr<AppendedFile>> open(const Runtime& runtime, const std::string& path);
    ~AppendedFile();

    result<void> append(std::string_view bytes);
    // What was appended is on the disk when it returns.
    result<void> sync();
    // The same, and nothing more can be appended.
    result<void> close();

private:
    struct State;
    explicit AppendedFile(std::unique_ptr<State> state);
    const std::unique_ptr<State> state_;
};

// A lock of a file against other processes and other users of it here, while it lives. Makes the file if it does not exist.
class HeldFile {
public:
    static result<std::unique_ptr<HeldFile>> hold(const Runtime& runtime, const std::string& path);
    ~HeldFile();

private:
    struct State;
    explicit HeldFile(std::unique_ptr<State> state);
    const std::unique_ptr<State> state_;
};

// Which process has the right to a file that a Runtime's files give, where the system tells.
std::optional<long> process_that_holds(const std::string& path);

bool file_exists(const Runtime& runtime, const std::string& path); // or a directory
result<std::uint64_t> file_size(const Runtime& runtime, const std::string& path);
// Or a directory. Durable when it returns.
result<void> rename_file(const Runtime& runtime, const std::string& from, const std::string& to);
result<void> delete_file(const Runtime& runtime, const std::string& path);

} // namespace eventloom
