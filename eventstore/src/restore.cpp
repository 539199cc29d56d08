#include <eventloom/eventstore/backup.hpp>

#include "backup_directory.hpp"
#include "group_checkpoint.hpp"
#include "out_of_memory.hpp"
#include "witness.hpp"

#include <eventloom/storage/overlay_files.hpp>
#include <eventloom/storage/written_once.hpp>

#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t findings_named = 100;

// The directories of a data directory that a backup has something for, the innermost first.
constexpr std::string_view parts[] = {"log/index", "log", "groups"};

std::string directory_of(const std::string& name)
{
    return name.substr(0, name.rfind('/'));
}

bool is_current(const BackupFile& file)
{
    return file.name.ends_with("/CURRENT");
}

bool has_groups(const BackupManifest& manifest)
{
    return std::any_of(manifest.files.begin(), manifest.files.end(),
                       [](const BackupFile& file) { return file.name.starts_with("groups/"); });
}

result<void> make_parts(const Runtime& runtime, const std::string& data, const BackupManifest& manifest)
{
    for (const BackupFile& file : manifest.files) {
        BOOST_OUTCOME_TRY(make_directory(runtime, data + "/" + directory_of(file.name)));
    }
    return done();
}

// Whatever a store leaves in the parts.
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

// Looks at a backup's store without a change to its files.
class Check {
public:
    Check(const Runtime& runtime, const BackupManifest& manifest, const BackupProgress& progress)
        : runtime_{runtime}, manifest_{manifest}, progress_{progress}
    {
    }

    void find(std::string sentence)
    {
        if (++check_.findings_total <= findings_named) check_.findings.push_back(std::move(sentence));
    }

    // What is damaged is a finding; an error is what keeps from looking. `place_of` says where a file lies.
    template <class PlaceOf>
    result<void> verify(const std::string& scratch_directory, PlaceOf place_of)
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

    BackupCheck take() { return std::move(check_); }
    const BackupCheck& check() const { return check_; }

private:
    result<void> look(const Runtime& overlaid, const std::string& data)
    {
        // The end of the log is to be the one that the backup saw.
        WitnessKeeper witness{overlaid, data + "/log", {}};
        BOOST_OUTCOME_TRY(witness.see_for_good({manifest_.head, manifest_.checksum}));
        BOOST_OUTCOME_TRY(const auto store,
                          LevelDbStore::open(
                              overlaid, {.directory = data + "/log", .create_if_missing = false, .cluster_events = 0}));
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

    result<void> look_at_groups(const Runtime& overlaid, const std::string& directory)
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

    const Runtime& runtime_;
    const BackupManifest& manifest_;
    const BackupProgress& progress_;
    BackupCheck check_;
};

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

Error damaged_backup(const std::string& name, const std::string& found)
{
    return {
        Failure::corrupt, "damaged-backup",
        "looked at the backup " + name + " and found that it is not whole: " + found +
            "; remove that file and make a backup, which has it anew if the store still does, or use another backup"};
}

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

class Restore {
public:
    Restore(const Runtime& runtime, const BackupDirectory& directory, const BackupManifest& manifest,
            const std::string& name, const RestoreOptions& options, const BackupProgress& progress)
        : runtime_{runtime}, directory_{directory}, manifest_{manifest}, name_{name}, options_{options},
          progress_{progress}, mark_{options.into + "/restoring"}
    {
    }

    // Nothing is there yet, but for what a restore has left that was killed.
    result<void> look_at_target()
    {
        BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, options_.into));
        if (names.empty()) return done();
        const bool is_unfinished = std::find(names.begin(), names.end(), "restoring") != names.end() &&
                                   not runtime_.files.FileExists(options_.into + "/log/CURRENT");
        const bool is_all = std::all_of(names.begin(), names.end(), [](const std::string& found) {
            return found == "restoring" || found == "log" || found == "groups";
        });
        if (is_unfinished && is_all) return done();
        return fail(Failure::invalid, "directory-not-empty",
                    "looked at " + options_.into + " for a store to restore and found that it holds something (" +
                        names.front() + "); nothing was changed; give a directory that is not there yet");
    }

    result<void> look_at_files() const
    {
        for (const BackupFile& file : manifest_.files) {
            if (not directory_.has(file.content)) return damaged_backup(name_, file_is_not_there(directory_, file));
        }
        return done();
    }

    result<RestoreReport> run()
    {
        std::vector<std::string> names;
        const bool was_there = runtime_.files.GetChildren(options_.into, &names).ok();
        auto restored        = restore();
        if (restored) return restored;
        static_cast<void>(remove_all()); // else the next one does
        if (not was_there) static_cast<void>(remove_directory(runtime_, options_.into));
        return restored;
    }

private:
    // The mark goes last: whatever is beside it is of a restore.
    result<void> remove_all()
    {
        BOOST_OUTCOME_TRY(remove_parts(runtime_, options_.into));
        BOOST_OUTCOME_TRY(remove_parts(runtime_, scratch()));
        BOOST_OUTCOME_TRY(remove_directory(runtime_, scratch()));
        return remove_directory(runtime_, mark_);
    }

    std::string scratch() const { return mark_ + "/store"; }
    // An empty log file: where there is one and no CURRENT, no store is opened, nor made anew.
    std::string guard() const { return options_.into + "/log/restoring.log"; }

    // A log without CURRENT is none that anybody opens; it gets its own last.
    result<RestoreReport> restore()
    {
        BOOST_OUTCOME_TRY(remove_all());
        BOOST_OUTCOME_TRY(make_directory(runtime_, mark_));
        BOOST_OUTCOME_TRY(make_parts(runtime_, options_.into, manifest_));
        BOOST_OUTCOME_TRY(replace_file(runtime_, guard(), ""));
        for (const BackupFile& file : manifest_.files) {
            BOOST_OUTCOME_TRY(is_current(file) ? look_at(file) : copy(file));
        }
        RestoreReport report{
            .name = name_, .head = manifest_.head, .files = manifest_.files.size(), .bytes = manifest_.bytes()};
        if (options_.verify) {
            BOOST_OUTCOME_TRY(report.index_entries, verify());
        }
        WitnessKeeper witness{runtime_, options_.into + "/log", {}};
        BOOST_OUTCOME_TRY(witness.see_for_good({manifest_.head, manifest_.checksum}));
        const BackupFile* last = nullptr;
        for (const BackupFile& file : manifest_.files) {
            if (not is_current(file)) continue;
            if (file.name == "log/CURRENT") {
                last = &file;
                continue;
            }
            BOOST_OUTCOME_TRY(copy(file));
        }
        if (last == nullptr) return damaged_backup(name_, "its list has no log/CURRENT");
        BOOST_OUTCOME_TRY(remove_file(runtime_, guard()));
        BOOST_OUTCOME_TRY(copy(*last));
        static_cast<void>(remove_directory(runtime_, mark_)); // it is in nobody's way
        return report;
    }

    // What is copied later is looked at before.
    result<void> look_at(const BackupFile& file) const
    {
        BOOST_OUTCOME_TRY(const auto content,
                          read_content(runtime_, directory_.path_of(file.content), file.content.bytes,
                                       [](std::uint64_t) { return result<void>{done()}; }));
        if (content == file.content) return done();
        return damaged_backup(name_, file_is_damaged(directory_, file));
    }

    result<void> copy(const BackupFile& file)
    {
        const auto to = options_.into + "/" + file.name;
        BOOST_OUTCOME_TRY(const auto writer, FileWriter::create(runtime_, to));
        BOOST_OUTCOME_TRY(const auto content, read_content(
                                                  runtime_, directory_.path_of(file.content), file.content.bytes,
                                                  [&](std::uint64_t bytes) {
                                                      copied_ += bytes;
                                                      return progress_ ? progress_(BackupStep::copying, copied_,
                                                                                   manifest_.bytes())
                                                                       : result<void>{done()};
                                                  },
                                                  [&](std::string_view piece) { return writer->add(piece); }));
        if (not(content == file.content)) return damaged_backup(name_, file_is_damaged(directory_, file));
        return writer->finish();
    }

    // Gives how many entries of the index were compared.
    result<std::uint64_t> verify()
    {
        Check check{runtime_, manifest_, progress_};
        BOOST_OUTCOME_TRY(check.verify(scratch(), [&](const BackupFile& file) {
            return is_current(file) ? directory_.path_of(file.content) : options_.into + "/" + file.name;
        }));
        if (check.check().findings_total == 0) return check.check().index_entries;
        return fail(Failure::corrupt, "damaged-backup",
                    "verified what was restored from the backup " + name_ + " and found " +
                        std::to_string(check.check().findings_total) +
                        " things that are not as they were written; the first: " + check.check().findings.front() +
                        "; nothing was restored; use another backup, or restore with --unverified and look at it with "
                        "store repair");
    }

    const Runtime& runtime_;
    const BackupDirectory& directory_;
    const BackupManifest& manifest_;
    const std::string& name_;
    const RestoreOptions& options_;
    const BackupProgress& progress_;
    const std::string mark_; // a directory that is there while the store is not whole
    std::uint64_t copied_ = 0;
};

result<RestoreReport> restore(const Runtime& runtime, const RestoreOptions& options, const BackupProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto directory, BackupDirectory::open(runtime, options.from));
    BOOST_OUTCOME_TRY(const auto name, directory.name_or_newest(options.name));
    BOOST_OUTCOME_TRY(const auto manifest, directory.read(name));
    Restore restore{runtime, directory, manifest, name, options, progress};
    BOOST_OUTCOME_TRY(restore.look_at_target());
    BOOST_OUTCOME_TRY(restore.look_at_files());
    if (options.dry_run) return RestoreReport{name, manifest.head, manifest.files.size(), manifest.bytes(), 0};
    return restore.run();
}

} // namespace

result<BackupCheck> verify_backup(const Runtime& runtime, const std::string& directory, const std::string& name,
                                  const BackupProgress& progress)
{
    return within_memory("verify a backup", [&] { return check_backup(runtime, directory, name, progress); });
}

result<RestoreReport> restore_backup(const Runtime& runtime, const RestoreOptions& options,
                                     const BackupProgress& progress)
{
    return within_memory("restore a backup", [&] { return restore(runtime, options, progress); });
}

} // namespace eventloom
