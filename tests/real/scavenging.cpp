// A program that scavenges its store again and again until it is killed, while two threads append to it and delete streams.
//
//     scavenging DIRECTORY
//
// On standard output a line for each append, "at POSITION", for each stream that was deleted, "deleted NUMBER", and for each
// step of a scavenge, "step" or "done". What fails is one sentence on standard error and the exit code 1.
#include "real/scavenged_log.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/storage/system_files.hpp>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace {

using namespace scavenged_log;

[[noreturn]] void give_up(const el::Error& error)
{
    std::fprintf(stderr, "%s: %s\n", error.code.c_str(), error.sentence.c_str());
    std::_Exit(1);
}

void say(const std::string& line)
{
    if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(2);
}

void append(el::LevelDbStore& store, el::IdSource& ids, const std::string& stream)
{
    const auto length = store.stream_length(stream);
    if (not length) give_up(length.error());
    el::NewEvent event{.id = ids.next(), .type = "noted", .data = text_of(stream, length.value()), .metadata = {}};
    const auto appended =
        store.append({.streams = {{stream, el::ExpectedVersion::after(length.value()), {std::move(event)}}}});
    if (not appended) give_up(appended.error());
    say("at " + std::to_string(appended.value().last_position) + "\n");
}

void append_for_ever(el::LevelDbStore& store, el::IdSource& ids)
{
    for (std::uint64_t i = 0;; ++i) {
        append(store, ids, kept(i % kept_streams));
        append(store, ids, shortened(i % short_streams));
    }
}

void delete_for_ever(el::LevelDbStore& store, el::IdSource& ids)
{
    for (std::uint64_t number = 0;; ++number) {
        const auto length = store.stream_length(gone(number));
        if (not length) give_up(length.error());
        for (auto i = length.value(); i < 5; ++i) append(store, ids, gone(number));
        if (const auto deleted = el::delete_stream(store, ids, gone(number)); not deleted) give_up(deleted.error());
        say("deleted " + std::to_string(number) + "\n");
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) return 3;
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    const auto opened = el::LevelDbStore::open(runtime, {.directory              = argv[1],
                                                         .write_buffer_bytes     = 256u << 10,
                                                         .group_bytes            = 64u << 10,
                                                         .index_events_in_memory = 500,
                                                         .cluster_events         = 2'000,
                                                         .small_cluster_events   = 500});
    if (not opened) give_up(opened.error());
    auto& store = *opened.value();
    for (std::uint64_t number = 0; number < short_streams; ++number) {
        const auto set = el::set_stream_limits(store, runtime.ids, shortened(number), {.max_count = max_count});
        if (not set) give_up(set.error());
    }
    std::thread appends{[&] { append_for_ever(store, runtime.ids); }};
    std::thread deletes{[&] { delete_for_ever(store, runtime.ids); }};
    for (;;) {
        const auto report = store.scavenge({}, [](el::Position) -> el::result<void> {
            say("step\n");
            return el::done();
        });
        if (not report) give_up(report.error());
        say("done\n");
    }
}
