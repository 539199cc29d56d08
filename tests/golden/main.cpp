// Writes the golden store of this program's format into a new directory: see golden_store.hpp.
#include "golden_store.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

#include <cstdio>

int main(int argc, char** argv)
{
    using namespace eventloom;
    if (argc != 2) return std::fputs("give a directory that is not there yet\n", stderr), 2;
    SimulatedExecutor simulated{1, golden::first_moment()};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const auto write = [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, argv[1]));
        if (not names.empty()) return fail(Failure::invalid, "directory-not-empty", "this directory holds something");
        // Opened anew for each part, so that LevelDB keeps some in tables and some in its log file.
        for (const unsigned from : {0u, golden::commands / 2}) {
            BOOST_OUTCOME_TRY(const auto store, LevelDbStore::open(runtime, {.directory = argv[1]}));
            BOOST_OUTCOME_TRY(golden::write_events(*store, simulated, from, from + golden::commands / 2));
        }
        BOOST_OUTCOME_TRY(const auto store, LevelDbStore::open(runtime, {.directory = argv[1]}));
        BOOST_OUTCOME_TRY(golden::hide_events(*store));
        BOOST_OUTCOME_TRY(store->scavenge({}));
        return done();
    };
    if (const auto written = write(); not written) {
        std::fprintf(stderr, "%s\n", written.error().sentence.c_str());
        return 1;
    }
    return 0;
}
