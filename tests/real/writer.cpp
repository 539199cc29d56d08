// A program that appends until it is killed, for the tests of what is left then.
//
//     writer [--as-nobody] DIRECTORY FIRST...
//
// One writer for each FIRST, which begins with its request of that number. Each acknowledgement is a line "WRITER NUMBER" on
// standard output, written when the append has returned. A store that is not opened, or an append that is refused, is one
// sentence on standard error and the exit code 1.
#include "real/requests.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <thread>
#include <unistd.h>

namespace {

using namespace eventloom;
using namespace eventloom::testing;

[[noreturn]] void give_up(const Error& error)
{
    std::fprintf(stderr, "%s: %s\n", error.code.c_str(), error.sentence.c_str());
    std::_Exit(1);
}

void acknowledge(std::uint64_t writer, std::uint64_t number)
{
    const auto line = std::to_string(writer) + " " + std::to_string(number) + "\n";
    if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(2);
}

void append_one_by_one(EventStore& store, std::uint64_t writer, std::uint64_t number)
{
    for (;; ++number) {
        const auto appended = store.append(request_of(writer, number));
        if (not appended) give_up(appended.error());
        acknowledge(writer, number);
    }
}

void append_many_at_once(EventStore& store, std::uint64_t writer, std::uint64_t number)
{
    std::counting_semaphore<in_flight_max> room{in_flight_max};
    for (;; ++number) {
        room.acquire();
        store.append(request_of(writer, number), [&room, writer, number](const result<Appended>& appended) {
            if (not appended) give_up(appended.error());
            acknowledge(writer, number);
            room.release();
        });
    }
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> words{argv + 1, argv + argc};
    std::size_t at = 0;
    if (words.size() > at && words[at] == "--as-nobody") {
        constexpr uid_t nobody = 65'534;
        if (setgid(nobody) != 0 || setuid(nobody) != 0) return 3;
        ++at;
    }
    if (words.size() < at + 2) return 3;
    SystemExecutor executor;
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    // Little memory, so that LevelDB changes its files often.
    auto store = LevelDbStore::open(
        runtime, {.directory = words[at], .write_buffer_bytes = 128u << 10, .index_events_in_memory = 500});
    if (not store) give_up(store.error());
    std::vector<std::thread> threads;
    for (std::size_t writer = 0; at + 1 + writer < words.size(); ++writer) {
        const auto first = std::strtoull(words[at + 1 + writer].c_str(), nullptr, 10);
        threads.emplace_back(writer % 2 == 0 ? append_one_by_one : append_many_at_once, std::ref(*store.value()),
                             writer, first);
    }
    for (auto& thread : threads) thread.join();
}
