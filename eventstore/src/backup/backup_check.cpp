#include "backup/backup_check.hpp"

#include "group_checkpoint.hpp"
#include "record/out_of_memory.hpp"
#include "upkeep/witness.hpp"

#include <eventloom/storage/overlay_files.hpp>

#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t findings_named = 100;

// The innermost first.
constexpr std::string_view parts[] = {"log/index", "log", "groups"};

std::string directory_of(const std::string& name)
{
    return name.substr(0, name.rfind('/'));
}

bool has_groups(const BackupManifest& manifest)
{
    return std::any_of(manifest.files.begin(), manifest.files.end(),
                       [](const BackupFile& file) { return file.name.starts_with("groups/"); });
}

// A directory for a while, in which a store is opened whose files lie elsewhere.
class Scratch {
public:
    static result<std::unique_ptr<Scratch>> make(const Runtime& runtime, const std::string& directory)
    {
        BOOST_OUTCOME_TRY(remove_parts(runtime, directory)); // of one that was killed
        BOOST_OUTCOME_TRY(make_directory(runtime, directory));
        return std::unique_ptr<Scratch>{new Scratch{runtime, directory}};
    }
    ~Scratch()
    {
        // What stays is removed by the next one.
        if (remove_parts(runtime_, directory_)) static_cast<void>(remove_directory(runtime_, directory_));
    }
    Scratch(const Scratch&)            = delete;
    Scratch& operator=(const Scratch&) = delete;

    const std::string& directory() const { return directory_; }

private:
    Scratch(const Runtime& runtime, std::string directory) : runtime_{runtime}, directory_{std::move(directory)} {}
    const Runtime runtime_;
    const std::string directory_;
};

result<BackupCheck> check_backup(const Runtime& runtime, const std::string& path, const std::string& asked,
                                 const BackupProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto seen, BackupDirectory::open(runtime, path));
    BOOST_OUTCOME_TRY(const auto name, seen.name_or_newest(asked));
    BOOST_OUTCOME_TRY(const auto manifest, seen.read(name));
    BOOST_OUTCOME_TRY(const auto directory, BackupDirectory::open_alone(runtime, path));
    Check check{runtime, manifest, progress};
    std::uint64_t read = 0;
    const auto total   = manifest.bytes();
    for (const BackupFile& file : manifest.files) {
        if (not directory.has(file.content)) {
            check.find(file_is_not_there(directory, file));
            continue;
        }
        result<void> wanted = done();
        const auto found =
            read_content(runtime, directory.path_of(file.content), file.content.bytes, [&](std::uint64_t bytes) {
                read += bytes;
                if (progress) wanted = progress(BackupStep::checking, read, total);
                return wanted;
            });
        BOOST_OUTCOME_TRY(wanted);
        if (not found)
            check.find(found.error().sentence);
        else if (not(found.value() == file.content))
            check.find(file_is_damaged(directory, file));
    }
    // A store of which a file is damaged would say the same once more, in other words.
    if (check.check().findings_total == 0) {
        BOOST_OUTCOME_TRY(
            check.verify(path + "/verifying", [&](const BackupFile& file) { return directory.path_of(file.content); }));
    }
    auto answer  = check.take();
    answer.name  = name;
    answer.head  = manifest.head;
    answer.files = manifest.files.size();
    answer.bytes = total;
    return answer;
}

} // namespace

result<void> make_parts(const Runtime& runtime, const std::string& data, const BackupManifest& manifest)
{
    for (const BackupFile& file : manifest.files) {
        BOOST_OUTCOME_TRY(make_directory(runtime, data + "/" + directory_of(file.name)));
    }
    return done();
}

result<void> remove_parts(const Runtime& runtime, const std::string& data)
{
    for (const auto part : parts) {
        BOOST_OUTCOME_TRY(remove_database(runtime, data + "/" + std::string{part}));
    }
    return done();
}

result<void> remove_directory(const Runtime& runtime, const std::string& directory)
{
    std::vector<std::string> names;
    if (not runtime.files.GetChildren(directory, &names).ok()) return done();
    const auto status = runtime.files.RemoveDir(directory);
    if (status.ok()) return done();
    return fail(Failure::storage, "storage-fault",
                "removed the directory " + directory + " and found: " + status.ToString() + "; remove it by hand");
}

std::string file_is_not_there(const BackupDirectory& directory, const BackupFile& file)
{
    return "looked for the file " + directory.path_of(file.content) + ", which is the backup's " + file.name +
           ", and found none of its length";
}

std::string file_is_damaged(const BackupDirectory& directory, const BackupFile& file)
{
    return "read the file " + directory.path_of(file.content) + ", which is the backup's " + file.name +
           ", and found other bytes than were written";
}

void Check::find(std::string sentence)
{
    if (++check_.findings_total <= findings_named) check_.findings.push_back(std::move(sentence));
}

result<void> Check::verify(const std::string& scratch_directory,
                           const std::function<std::string(const BackupFile&)>& place_of)
{
    BOOST_OUTCOME_TRY(const auto scratch, Scratch::make(runtime_, scratch_directory));
    BOOST_OUTCOME_TRY(make_parts(runtime_, scratch->directory(), manifest_));
    OverlayFiles view{runtime_.files};
    for (const BackupFile& file : manifest_.files) {
        view.show(place_of(file), scratch->directory() + "/" + file.name);
    }
    const Runtime overlaid{runtime_.clock, runtime_.executor, runtime_.ids, view};
    const auto looked = look(overlaid, scratch->directory());
    if (looked) return done();
    if (looked.error().kind != Failure::corrupt && looked.error().code != "storage-fault") return looked.error();
    find(looked.error().sentence);
    return done();
}

result<void> Check::look(const Runtime& overlaid, const std::string& data)
{
    // The end of the log is to be the one that the backup saw.
    WitnessKeeper witness{overlaid, data + "/log", {}};
    BOOST_OUTCOME_TRY(witness.see_for_good({manifest_.head, manifest_.checksum}));
    BOOST_OUTCOME_TRY(
        const auto store,
        LevelDbStore::open(overlaid, {.directory = data + "/log", .create_if_missing = false, .cluster_events = 0}));
    if (store->head() > manifest_.head) {
        find("opened the backup's log and found events up to position " + std::to_string(store->head()) +
             ", where its list of files says " + std::to_string(manifest_.head));
    }
    BOOST_OUTCOME_TRY(const auto report, store->verify([&](Position at) -> result<void> {
        return progress_ ? progress_(BackupStep::verifying, at, manifest_.head) : done();
    }));
    check_.index_entries = report.index_entries;
    for (const Finding& finding : report.findings) find(finding.sentence);
    check_.findings_total += report.findings_total - report.findings.size();
    return has_groups(manifest_) ? look_at_groups(overlaid, data + "/groups") : done();
}

result<void> Check::look_at_groups(const Runtime& overlaid, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto table, CheckpointTable::open(overlaid, directory));
    BOOST_OUTCOME_TRY(const auto names, table->names());
    for (const std::string& name : names) {
        BOOST_OUTCOME_TRY(const auto checkpoint, table->find(name));
        if (not checkpoint || checkpoint->read <= manifest_.head) continue;
        find("read the checkpoint of the consumer group " + name + " and found position " +
             std::to_string(checkpoint->read) + ", behind the end of the log");
    }
    return done();
}

result<BackupCheck> verify_backup(const Runtime& runtime, const std::string& directory, const std::string& name,
                                  const BackupProgress& progress)
{
    return within_memory("verify a backup", [&] { return check_backup(runtime, directory, name, progress); });
}

} // namespace eventloom
