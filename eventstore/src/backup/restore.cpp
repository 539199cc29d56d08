#include <eventloom/eventstore/backup.hpp>

#include "backup/backup_check.hpp"
#include "backup/backup_directory.hpp"
#include "backup/file_lock.hpp"
#include "upkeep/witness.hpp"

#include <eventloom/storage/written_once.hpp>

#include <fmt/core.h>
#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

bool is_current(const BackupFile& file)
{
    return file.name.ends_with("/CURRENT");
}

Error damaged_backup(const std::string& name, const std::string& found)
{
    return {Failure::corrupt, "damaged-backup",
            "looked at the backup " + name + " and found it damaged: " + found +
                "; remove that file and make a new backup, which copies it again if the store still has it, or use "
                "another backup"};
}

class Restore {
public:
    Restore(const Runtime& runtime, const BackupDirectory& directory, const BackupManifest& manifest,
            const std::string& name, const RestoreOptions& options, const BackupProgress& progress)
        : runtime_{runtime}, directory_{directory}, manifest_{manifest}, name_{name}, options_{options},
          progress_{progress}, mark_{options.into + "/restoring"},
          report_{.name = name, .head = manifest.head, .files = manifest.files.size(), .bytes = manifest.bytes()}
    {
    }

    // Nothing is there yet, but for what a restore has left that was killed.
    result<void> look_at_target() const
    {
        BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, options_.into));
        if (names.empty()) return done();
        const bool is_unfinished = std::find(names.begin(), names.end(), "restoring") != names.end() &&
                                   not runtime_.files.FileExists(options_.into + "/log/CURRENT");
        const bool is_all = std::all_of(names.begin(), names.end(), [&](const std::string& found) {
            return found == "restoring" || found == "log" || is_of_an_attachment(found);
        });
        if (is_unfinished && is_all) return done();
        return fail(Failure::invalid, "directory-not-empty",
                    "looked at " + options_.into + " to restore a store there and found that it is not empty (" +
                        names.front() + "); nothing was changed; give a directory that does not exist yet");
    }

    result<void> look_at_files() const
    {
        if (not options_.verify) return done();
        for (const BackupFile& file : manifest_.files) {
            if (not directory_.has(file.content)) return damaged_backup(name_, file_is_not_there(directory_, file));
        }
        return done();
    }

    // What would be restored.
    const RestoreReport& report() const { return report_; }

    result<RestoreReport> run()
    {
        std::vector<std::string> names;
        const bool was_there = runtime_.files.GetChildren(options_.into, &names).ok();
        auto restored        = restore_alone();
        if (not restored && not was_there) static_cast<void>(remove_directory(runtime_, options_.into));
        return restored;
    }

private:
    bool is_of_an_attachment(const std::string& name) const
    {
        return std::any_of(options_.attachments.begin(), options_.attachments.end(),
                           [&](const BackupAttachment* attachment) { return attachment->directory() == name; });
    }

    result<RestoreReport> restore_alone()
    {
        BOOST_OUTCOME_TRY(make_directory(runtime_, mark_));
        const FileLock lock{runtime_.files, lock_path()};
        if (not lock.status().ok()) {
            static_cast<void>(remove_directory(runtime_, mark_)); // when there is no lock in it
            return held_by_another(lock.status().ToString());
        }
        // Somebody else may have restored into it just now.
        if (const auto looked = look_at_target(); not looked) {
            static_cast<void>(remove_mark());
            return looked.error();
        }
        auto restored = restore();
        // What stays is in nobody's way, or is removed by the next one.
        if (restored || remove_parts_of_store()) static_cast<void>(remove_mark());
        return restored;
    }

    Error held_by_another(const std::string& found) const
    {
        return {Failure::unavailable, "held-by-another-process",
                "began to restore the backup " + name_ + " into " + options_.into +
                    " and found that another process restores into it, or that " + lock_path() +
                    " cannot be written (" + found + "); wait for that process, or give another directory"};
    }

    result<void> remove_parts_of_store() const
    {
        BOOST_OUTCOME_TRY(remove_parts(runtime_, options_.into, options_.attachments));
        BOOST_OUTCOME_TRY(remove_parts(runtime_, scratch(), options_.attachments));
        return remove_directory(runtime_, scratch());
    }

    // Last: whatever is beside it is of a restore.
    result<void> remove_mark() const
    {
        BOOST_OUTCOME_TRY(remove_file(runtime_, lock_path()));
        return remove_directory(runtime_, mark_);
    }

    std::string lock_path() const { return mark_ + "/LOCK"; }
    std::string scratch() const { return mark_ + "/store"; }
    // An empty log file: where there is one and no CURRENT, no store is opened, nor made anew.
    std::string guard() const { return options_.into + "/log/restoring.log"; }

    // A log without CURRENT is none that anybody opens; it gets its own last.
    result<RestoreReport> restore()
    {
        BOOST_OUTCOME_TRY(remove_parts_of_store());
        BOOST_OUTCOME_TRY(make_parts(runtime_, options_.into, manifest_));
        BOOST_OUTCOME_TRY(replace_file(runtime_, guard(), ""));
        for (const BackupFile& file : manifest_.files) {
            BOOST_OUTCOME_TRY(is_current(file) ? look_at(file) : copy(file));
        }
        if (options_.verify) {
            BOOST_OUTCOME_TRY(report_.index_entries, verify());
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
        return report_;
    }

    // What is copied later is looked at before.
    result<void> look_at(const BackupFile& file) const
    {
        if (not options_.verify) return done();
        BOOST_OUTCOME_TRY(const auto content,
                          read_content(runtime_, directory_.path_of(file.content), file.content.bytes,
                                       [](std::uint64_t) { return result<void>{done()}; }));
        if (content == file.content) return done();
        return damaged_backup(name_, file_is_damaged(directory_, file));
    }

    result<void> copy(const BackupFile& file)
    {
        const auto to  = options_.into + "/" + file.name;
        auto bytes     = file.content.bytes;
        const auto has = directory_.has(file.content);
        if (not has) {
            // Unverified. What there is of it, to see what can be saved.
            report_.damaged.push_back(file.name);
            if (not runtime_.files.GetFileSize(directory_.path_of(file.content), &bytes).ok()) return done();
            bytes = std::min(bytes, file.content.bytes);
        }
        BOOST_OUTCOME_TRY(const auto writer, FileWriter::create(runtime_, to));
        BOOST_OUTCOME_TRY(const auto content, read_content(
                                                  runtime_, directory_.path_of(file.content), bytes,
                                                  [&](std::uint64_t bytes) {
                                                      copied_ += bytes;
                                                      return progress_ ? progress_(BackupStep::copying, copied_,
                                                                                   manifest_.bytes())
                                                                       : result<void>{done()};
                                                  },
                                                  [&](std::string_view piece) { return writer->add(piece); }));
        const bool is_as_written = content == file.content;
        if (not is_as_written && options_.verify) return damaged_backup(name_, file_is_damaged(directory_, file));
        if (not is_as_written && has) report_.damaged.push_back(file.name);
        return writer->finish();
    }

    // Gives how many entries of the index were compared.
    result<std::uint64_t> verify()
    {
        Check check{runtime_, manifest_, options_.attachments, progress_};
        BOOST_OUTCOME_TRY(check.verify(scratch(), [&](const BackupFile& file) {
            return is_current(file) ? directory_.path_of(file.content) : options_.into + "/" + file.name;
        }));
        if (check.check().findings_total == 0) return check.check().index_entries;
        return fail(
            Failure::corrupt, "damaged-backup",
            fmt::format(
                "verified what was restored from the backup {} and found {} damaged things; the first: {}; nothing was "
                "restored; use another backup, or restore with --unverified and look at it with store repair",
                name_, check.check().findings_total, check.check().findings.front()));
    }

    const Runtime& runtime_;
    const BackupDirectory& directory_;
    const BackupManifest& manifest_;
    const std::string& name_;
    const RestoreOptions& options_;
    const BackupProgress& progress_;
    const std::string mark_; // a directory that is there while the store is not whole, with a lock in it
    RestoreReport report_;
    std::uint64_t copied_ = 0;
};

result<RestoreReport> restore(const Runtime& runtime, const RestoreOptions& options, const BackupProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto directory, BackupDirectory::open(runtime, options.from));
    BOOST_OUTCOME_TRY(const auto name, directory.name_or_newest(options.name));
    BOOST_OUTCOME_TRY(const auto manifest, directory.read(name));
    BOOST_OUTCOME_TRY(check_attachments(name, manifest, options.attachments));
    Restore restore{runtime, directory, manifest, name, options, progress};
    BOOST_OUTCOME_TRY(restore.look_at_target());
    BOOST_OUTCOME_TRY(restore.look_at_files());
    if (options.dry_run) return restore.report();
    return restore.run();
}

} // namespace

result<RestoreReport> restore_backup(const Runtime& runtime, const RestoreOptions& options,
                                     const BackupProgress& progress)
{
    return restore(runtime, options, progress);
}

} // namespace eventloom
