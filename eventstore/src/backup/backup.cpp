#include <eventloom/eventstore/backup.hpp>

#include "backup/backup_check.hpp"
#include "backup/backup_directory.hpp"
#include "record/record.hpp"

#include <eventloom/storage/linking_files.hpp>

#include <algorithm>
#include <set>

namespace eventloom {

namespace {

using Taking = BackupDirectory::Taking;

// A file of the store that belongs to the backup.
struct Source {
    std::string name; // in the data directory
    std::string path;
    CapturedFile file;
    std::string identity;
};

// What earlier backups know of the store's files.
using KnownFiles = std::map<std::string, FileContent>; // by identity

std::string identity_of(const Runtime& runtime, const std::string& path)
{
    std::string identity;
    auto* const linking = linking_files(runtime.files);
    if (linking == nullptr || not linking->identify(path, &identity).ok()) return {};
    return identity.find_first_of(" \n") == std::string::npos ? identity : std::string{};
}

result<void> add_sources(std::vector<Source>& sources, const Runtime& runtime, const DatabaseCapture& capture,
                         const std::string& prefix)
{
    BOOST_OUTCOME_TRY(auto files, capture.files());
    for (CapturedFile& file : files) {
        auto path     = capture.directory() + "/" + file.name;
        auto identity = file.is_final ? identity_of(runtime, path) : std::string{};
        sources.push_back({prefix + file.name, std::move(path), std::move(file), std::move(identity)});
    }
    return done();
}

// Backups whose lists cannot be read are no help, and no hindrance.
result<std::vector<BackupManifest>> readable_manifests(const BackupDirectory& directory)
{
    std::vector<BackupManifest> manifests;
    BOOST_OUTCOME_TRY(const auto names, directory.names());
    for (const std::string& name : names) {
        auto manifest = directory.read(name);
        if (manifest) manifests.push_back(std::move(manifest.value()));
    }
    return manifests;
}

KnownFiles known_files(const BackupDirectory& directory, const std::vector<BackupManifest>& manifests, Taking taking)
{
    KnownFiles known;
    for (const BackupManifest& manifest : manifests) {
        for (const BackupFile& file : manifest.files) {
            if (not file.identity.empty() && directory.has(file.content, taking)) known[file.identity] = file.content;
        }
    }
    return known;
}

std::set<std::string> needed_files(const std::vector<BackupManifest>& manifests)
{
    std::set<std::string> needed;
    for (const BackupManifest& manifest : manifests) {
        for (const BackupFile& file : manifest.files) needed.insert(file.content.name());
    }
    return needed;
}

// The files that no backup needs, with their bytes.
result<std::map<std::string, std::uint64_t>> unneeded_files(const BackupDirectory& directory,
                                                            const std::vector<BackupManifest>& manifests)
{
    BOOST_OUTCOME_TRY(auto files, directory.files());
    const auto needed = needed_files(manifests);
    std::erase_if(files, [&](const auto& file) { return needed.contains(file.first); });
    return files;
}

// What a backup that was interrupted has left. Where a list cannot be read nobody knows what it needs.
result<void> remove_leftovers(const BackupDirectory& directory)
{
    BOOST_OUTCOME_TRY(const auto names, directory.names());
    BOOST_OUTCOME_TRY(const auto manifests, readable_manifests(directory));
    if (names.size() != manifests.size()) return done();
    BOOST_OUTCOME_TRY(const auto files, unneeded_files(directory, manifests));
    for (const auto& [name, bytes] : files) {
        BOOST_OUTCOME_TRY(directory.remove_file(name));
    }
    return done();
}

class Backup {
public:
    Backup(const Runtime& runtime, const BackupDirectory& directory, const BackupOptions& options,
           const BackupProgress& progress)
        : runtime_{runtime}, directory_{directory}, options_{options}, progress_{progress}
    {
    }

    result<BackupReport> make(BackupSource& store)
    {
        BOOST_OUTCOME_TRY(const auto earlier, readable_manifests(directory_));
        const auto known = known_files(directory_, earlier, taking_of_final());
        // First these, then the store: what a group has handled, the log has.
        std::map<std::string, std::unique_ptr<DatabaseCapture>> attached;
        for (BackupAttachment* attachment : options_.attachments) {
            BOOST_OUTCOME_TRY(auto files, attachment->capture());
            if (files) attached[std::string{attachment->directory()} + "/"] = std::move(files);
        }
        BOOST_OUTCOME_TRY(const auto captured, store.capture());
        std::vector<Source> sources;
        BOOST_OUTCOME_TRY(add_sources(sources, runtime_, *captured.log, "log/"));
        BOOST_OUTCOME_TRY(add_sources(sources, runtime_, *captured.index, "log/index/"));
        for (const auto& [directory, files] : attached) {
            BOOST_OUTCOME_TRY(add_sources(sources, runtime_, *files, directory));
        }
        BOOST_OUTCOME_TRY(check_same_store(earlier, captured.first));
        manifest_ = {runtime_.clock.now(), store_format_version, captured.head, captured.checksum, {}, captured.first};
        report_.head = captured.head;
        report_.held = captured.held;
        for (const Source& source : sources) total_ += source.file.bytes;
        for (const Source& source : sources) {
            BOOST_OUTCOME_TRY(take(source, known));
        }
        report_.files = sources.size();
        report_.bytes = total_;
        if (options_.dry_run) return report_;
        BOOST_OUTCOME_TRY(report_.name, directory_.new_name(manifest_.made));
        BOOST_OUTCOME_TRY(directory_.write(report_.name, manifest_));
        static_cast<void>(remove_leftovers(directory_)); // the backup is made; else the next one does it
        return report_;
    }

private:
    // Else pruning those of the one would remove those of the other.
    result<void> check_same_store(const std::vector<BackupManifest>& earlier, std::uint64_t first) const
    {
        const bool is_of_another = std::any_of(earlier.begin(), earlier.end(), [&](const BackupManifest& backup) {
            return first != 0 && backup.first != 0 && backup.first != first;
        });
        if (not is_of_another) return done();
        return fail(Failure::invalid, "backups-of-another-store",
                    "began a backup into " + directory_.path() +
                        " and found backups of another store there; nothing was changed; give each store its own "
                        "directory");
    }

    Taking taking_of_final() const { return options_.only_copies ? Taking::own_copy : Taking::link; }

    result<void> take(const Source& source, const KnownFiles& known)
    {
        const auto same = source.identity.empty() ? known.end() : known.find(source.identity);
        if (same != known.end() && same->second.bytes == source.file.bytes) {
            manifest_.files.push_back({source.name, same->second, source.identity});
            return advance(source.file.bytes);
        }
        if (options_.dry_run) {
            ++report_.new_files;
            report_.new_bytes += source.file.bytes;
            return advance(source.file.bytes);
        }
        BOOST_OUTCOME_TRY(const auto taken, take_content(source));
        manifest_.files.push_back({source.name, taken.content, source.identity});
        if (not taken.is_new) return done();
        ++report_.new_files;
        report_.new_bytes += taken.content.bytes;
        if (taken.is_linked) report_.linked_bytes += taken.content.bytes;
        return done();
    }

    result<BackupDirectory::Taken> take_content(const Source& source)
    {
        if (source.file.content) {
            BOOST_OUTCOME_TRY(advance(source.file.bytes));
            return directory_.take(*source.file.content);
        }
        const auto taking = source.file.is_final || options_.only_copies ? taking_of_final() : Taking::copy;
        return directory_.take(source.path, source.file.bytes, taking,
                               [this](std::uint64_t bytes) { return advance(bytes); });
    }

    result<void> advance(std::uint64_t bytes)
    {
        done_ += bytes;
        return progress_ ? progress_(BackupStep::reading, done_, total_) : done();
    }

    const Runtime& runtime_;
    const BackupDirectory& directory_;
    const BackupOptions& options_;
    const BackupProgress& progress_;
    BackupManifest manifest_;
    BackupReport report_;
    std::uint64_t done_  = 0;
    std::uint64_t total_ = 0;
};

result<BackupReport> make_backup(const Runtime& runtime, BackupSource& store, const BackupOptions& options,
                                 const BackupProgress& progress)
{
    BOOST_OUTCOME_TRY(const auto directory, options.dry_run ? BackupDirectory::open_or_imagine(runtime, options.into)
                                                            : BackupDirectory::open_alone(runtime, options.into));
    return Backup{runtime, directory, options, progress}.make(store);
}

result<std::vector<BackupSummary>> summaries(const Runtime& runtime, const std::string& path)
{
    BOOST_OUTCOME_TRY(const auto directory, BackupDirectory::open(runtime, path));
    BOOST_OUTCOME_TRY(const auto names, directory.names());
    std::vector<BackupSummary> list;
    std::map<std::string, unsigned> backups_of; // a file
    std::vector<std::map<std::string, std::uint64_t>> files_of;
    for (const std::string& name : names) {
        BackupSummary summary{.name = name};
        auto& files   = files_of.emplace_back();
        auto manifest = directory.read(name);
        if (manifest) {
            summary.made  = manifest.value().made;
            summary.head  = manifest.value().head;
            summary.files = manifest.value().files.size();
            summary.bytes = manifest.value().bytes();
            for (const BackupFile& file : manifest.value().files) files[file.content.name()] = file.content.bytes;
            for (const auto& [file, bytes] : files) ++backups_of[file];
        } else {
            summary.damage = manifest.error();
        }
        list.push_back(std::move(summary));
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
        for (const auto& [file, bytes] : files_of[i]) list[i].own_bytes += backups_of[file] == 1 ? bytes : 0;
    }
    return list;
}

// What stays may be the only backup there is.
result<void> check_files_are_there(const BackupDirectory& directory, const std::string& name,
                                   const BackupManifest& manifest)
{
    for (const BackupFile& file : manifest.files) {
        if (directory.has(file.content)) continue;
        return fail(Failure::corrupt, "damaged-backup",
                    "asked to keep the backup " + name +
                        " with only newer ones and found it damaged: " + file_is_not_there(directory, file) +
                        "; nothing was removed; make a new backup, which copies the file again if the store still has "
                        "it, or remove the "
                        "list of this one");
    }
    return done();
}

result<PruneReport> prune(const Runtime& runtime, const PruneOptions& options)
{
    if (options.keep == 0) {
        return fail(Failure::invalid, "nothing-kept",
                    "asked to keep none of the backups in " + options.directory +
                        "; keep at least one, or remove the directory");
    }
    // A directory of backups is not made only to remove nothing from it.
    BOOST_OUTCOME_TRY(const auto seen, BackupDirectory::open(runtime, options.directory));
    BOOST_OUTCOME_TRY(const auto directory, options.dry_run ? BackupDirectory::open(runtime, options.directory)
                                                            : BackupDirectory::open_alone(runtime, options.directory));
    BOOST_OUTCOME_TRY(const auto names, directory.names());
    const auto removed = names.size() - std::min<std::size_t>(names.size(), options.keep);
    PruneReport report;
    std::vector<BackupManifest> kept;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i < removed) {
            report.removed.push_back(names[i]);
            continue;
        }
        BOOST_OUTCOME_TRY(auto manifest, directory.read(names[i]));
        BOOST_OUTCOME_TRY(check_files_are_there(directory, names[i], manifest));
        kept.push_back(std::move(manifest));
    }
    BOOST_OUTCOME_TRY(const auto files, unneeded_files(directory, kept));
    report.files = files.size();
    for (const auto& [name, bytes] : files) report.bytes += bytes;
    if (options.dry_run) return report;
    for (const std::string& name : report.removed) {
        BOOST_OUTCOME_TRY(directory.remove(name));
    }
    for (const auto& [name, bytes] : files) {
        BOOST_OUTCOME_TRY(directory.remove_file(name));
    }
    return report;
}

} // namespace

result<BackupReport> back_up(const Runtime& runtime, BackupSource& store, const BackupOptions& options,
                             const BackupProgress& progress)
{
    return make_backup(runtime, store, options, progress);
}

result<std::vector<BackupSummary>> list_backups(const Runtime& runtime, const std::string& directory)
{
    return summaries(runtime, directory);
}

result<PruneReport> prune_backups(const Runtime& runtime, const PruneOptions& options)
{
    return prune(runtime, options);
}

} // namespace eventloom
