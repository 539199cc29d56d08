#include <eventloom/storage/salvage.hpp>

#include "env/status.hpp"

#include <eventloom/storage/database.hpp>

#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>

#include <memory>

namespace eventloom {

namespace {

constexpr std::size_t read_bytes = 1u << 20;

bool is_of_database(const std::string& name)
{
    return name.ends_with(".ldb") || name.ends_with(".sst") || name.ends_with(".log") || name == "CURRENT" ||
           name.starts_with("MANIFEST-");
}

// A database that a process has open is not to be copied: its files change meanwhile.
result<void> check_not_held(const Runtime& runtime, const std::string& directory)
{
    const auto path = directory + "/OWNER.LOCK";
    if (not runtime.files.FileExists(path)) return done();
    leveldb::FileLock* lock = nullptr;
    const auto status       = runtime.files.LockFile(path, &lock);
    if (status.ok()) {
        runtime.files.UnlockFile(lock);
        return done();
    }
    auto error = error_of(status, "copy the database " + directory);
    // A lock file that cannot be opened for writing, as on a read-only disk, is held by no process.
    if (error.code == "held-by-another-process") return error;
    return done();
}

// Gives how reading ended; what was read before is copied.
result<leveldb::Status> copy_file(const Runtime& runtime, const std::string& from, const std::string& to)
{
    leveldb::SequentialFile* opened = nullptr;
    auto status                     = runtime.files.NewSequentialFile(from, &opened);
    if (not status.ok()) return status;
    const std::unique_ptr<leveldb::SequentialFile> source{opened};
    leveldb::WritableFile* created = nullptr;
    auto written                   = runtime.files.NewWritableFile(to, &created);
    if (not written.ok()) return error_of(written, "copy the file " + from + " to " + to);
    const std::unique_ptr<leveldb::WritableFile> copy{created};
    std::string scratch(read_bytes, '\0');
    for (leveldb::Slice piece; written.ok();) {
        status = source->Read(scratch.size(), &piece, scratch.data());
        if (not status.ok() || piece.empty()) break;
        written = copy->Append(piece);
    }
    if (written.ok()) written = copy->Close();
    if (not written.ok()) return error_of(written, "copy the file " + from + " to " + to);
    return status;
}

} // namespace

result<std::vector<std::string>> salvage_database(const Runtime& runtime, const std::string& from,
                                                  const std::string& into)
{
    BOOST_OUTCOME_TRY(check_not_held(runtime, from));
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, from));
    BOOST_OUTCOME_TRY(make_directory(runtime, into));
    std::vector<std::string> notes;
    for (const std::string& name : names) {
        if (not is_of_database(name)) continue;
        BOOST_OUTCOME_TRY(const auto read, copy_file(runtime, from + "/" + name, into + "/" + name));
        if (not read.ok()) notes.push_back("could not read " + name + " to its end (" + read.ToString() + ")");
    }
    const std::unique_ptr<const leveldb::FilterPolicy> filter{leveldb::NewBloomFilterPolicy(10)};
    leveldb::Options settings;
    settings.env           = &runtime.files;
    settings.compression   = leveldb::kNoCompression;
    settings.filter_policy = filter.get();
    const auto status      = leveldb::RepairDB(into, settings);
    if (not status.ok()) return error_of(status, "save what can be read of the database " + from);
    return notes;
}

result<void> remove_salvaged(const Runtime& runtime, const std::string& into)
{
    BOOST_OUTCOME_TRY(remove_database(runtime, into + "/lost")); // where LevelDB puts what it has used
    return remove_database(runtime, into);
}

} // namespace eventloom
