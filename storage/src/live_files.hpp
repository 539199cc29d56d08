// An Env of one open database that knows its growing files to the byte, and can keep its files from being removed for a
// while: what a copy of a database that is written to meanwhile needs.
//
// LevelDB removes a file when nothing is in it that it will ever read again; a copy that was begun before may still need
// it. So while the files are held a removal is only noted, and made up for later. A process that ends before that leaves
// files that the next opening removes, as after any crash.
// Threads: any.
#pragma once

#include <leveldb/env.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace eventloom {

class LiveFiles final : public leveldb::EnvWrapper {
public:
    // `files` outlives this and whatever hold() gives.
    explicit LiveFiles(leveldb::Env& files);

    // While the result lives, files that LevelDB removes stay.
    std::shared_ptr<void> hold();

    // The log files and MANIFESTs of this opening that are there, by path, with the bytes that have left LevelDB's hands.
    std::map<std::string, std::uint64_t> growing() const;

    // A file that LevelDB could not remove; it tries again and reports nothing. Empty: there is none.
    std::string not_removed() const;

    leveldb::Status NewWritableFile(const std::string& path, leveldb::WritableFile** file) override;
    leveldb::Status RemoveFile(const std::string& path) override;
    // What it was called before LevelDB 1.23; the base classes call one through the other.
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }

private:
    class GrowingFile;
    // Lives as long as the last hold.
    struct State {
        leveldb::Env& files;
        std::mutex mutex;
        unsigned holds = 0;
        std::set<std::string> postponed;              // removals, which LevelDB asks for again and again
        std::set<std::string> failed;                 // the same
        std::map<std::string, std::uint64_t> growing; // path to bytes
    };
    static void let_go(State& state);
    static leveldb::Status remove(State& state, const std::string& path);
    const std::shared_ptr<State> state_;
};

} // namespace eventloom
