#include "backup/backup_check.hpp"

#include "upkeep/witness.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/overlay_files.hpp>

#include <fmt/core.h>
#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t findings_named = 100;

// The innermost first.
std::vector<std::string> parts_of(const BackupAttachments& attachments)
{
    std::vector<std::string> parts{"log/index", "log"};
    for (const BackupAttachment* attachment : attachments) parts.emplace_back(attachment->directory());
    return parts;
}

std::string directory_of(const std::string& name)
{
    return name.substr(0, name.rfind('/'));
}

bool has_part(const BackupManifest& manifest, std::string_view part)
{
    return std::any_of(manifest.files.begin(), manifest.files.end(),
                       [&](const BackupFile& file) { return directory_of(file.name) == part; });
}

// A directory for a while, in which a store is opened whose files lie elsewhere.
class Scratch {
public:
    static result<std::unique_ptr<Scratch>> make(const Runtime& runtime, const std::string& directory,
                                                 const BackupAttachments& attachments)
    {
        BOOST_OUTCOME_TRY(remove_parts(runtime, directory, attachments)); // of one that was killed
        BOOST_OUTCOME_TRY(make_directory(runtime, directory));
        return std::unique_ptr<Scratch>{new Scratch{runtime, directory, attachments}};
    }
    ~Scratch()
    {
        // What stays is removed by the next one.
        if (remove_parts(runtime_, directory_, attachments_)) static_cast<void>(remove_directory(runtime_, directory_));
    }
    Scratch(const Scratch&)            = delete;
    Scratch& operator=(const Scratch&) = delete;

    const std::string& directory() const { return directory_; }

private:
    Scratch(const Runtime& runtime, std::string directory, const BackupAttachments& attachments)
        : runtime_{runtime}, directory_{std::move(directory)}, attachments_{attachments}
    {
    }
    const Runtime runtime_;
    const std::string directory_;
    const BackupAttachments& attachments_;
};

result<BackupCheck> check_backup(const Runtime& runtime, const std::string& path, const std::string& asked,
                                 const BackupAttachments& attachments, const BackupProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto seen, BackupDirectory::open(runtime, path));
    BOOST_OUTCOME_TRY(const auto name, seen.name_or_newest(asked));
    BOOST_OUTCOME_TRY(const auto manifest, seen.read(name));
    BOOST_OUTCOME_TRY(check_attachments(name, manifest, attachments));
    BOOST_OUTCOME_TRY(const auto directory, BackupDirectory::open_alone(runtime, path));
    Check check{runtime, manifest, attachments, progress};
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

result<void> remove_parts(const Runtime& runtime, const std::string& data, const BackupAttachments& attachments)
{
    for (const std::string& part : parts_of(attachments)) {
        BOOST_OUTCOME_TRY(remove_database(runtime, data + "/" + part));
    }
    return done();
}

result<void> check_attachments(const std::string& backup, const BackupManifest& manifest,
                               const BackupAttachments& attachments)
{
    const auto parts = parts_of(attachments);
    for (const BackupFile& file : manifest.files) {
        const auto part = directory_of(file.name);
        if (std::find(parts.begin(), parts.end(), part) != parts.end()) continue;
        return fail(Failure::invalid, "unknown-attachment",
                    "looked at the backup " + backup + " and found files of " + part +
                        ", for which no BackupAttachment was given; give it, or use the program that made the backup");
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
    BOOST_OUTCOME_TRY(const auto scratch, Scratch::make(runtime_, scratch_directory, attachments_));
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
        find(fmt::format("opened the backup's log and found events up to position {}, where its list of files says {}",
                         store->head(), manifest_.head));
    }
    BOOST_OUTCOME_TRY(const auto report, store->verify([&](Position at) -> result<void> {
        return progress_ ? progress_(BackupStep::verifying, at, manifest_.head) : done();
    }));
    check_.index_entries = report.index_entries;
    for (const Finding& finding : report.findings) find(finding.sentence);
    check_.findings_total += report.findings_total - report.findings.size();
    for (const BackupAttachment* attachment : attachments_) {
        if (not has_part(manifest_, attachment->directory())) continue;
        BOOST_OUTCOME_TRY(auto findings, attachment->verify(overlaid, data + "/" + std::string{attachment->directory()},
                                                            manifest_.head));
        for (std::string& finding : findings) find(std::move(finding));
    }
    return done();
}

result<BackupCheck> verify_backup(const Runtime& runtime, const std::string& directory, const std::string& name,
                                  const BackupAttachments& attachments, const BackupProgress& progress)
{
    return check_backup(runtime, directory, name, attachments, progress);
}

} // namespace eventloom
