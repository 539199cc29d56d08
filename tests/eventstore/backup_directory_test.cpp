// What a directory of backups is, which of its files are ours to remove, which backup is the newest, and who may work in it.
#include "eventstore/backup_machine.hpp"

#include <leveldb/env.h>

#include <algorithm>
#include <thread>

namespace backup_directory_test {

using namespace eventloom;
using namespace eventloom::testing;

// A store with some events in it, and a way to ask for its backups at other times and on other disks.
class Store {
public:
    Store() : open_{machine.open(machine.data())} { append(40); }

    void append(int events) { machine.append(*open_, events); }
    BackupReport back_up(const BackupOptions& options = {}) const { return machine.back_up(*open_, options); }
    result<BackupReport> try_to_back_up(const Runtime& runtime, const BackupOptions& options) const
    {
        return eventloom::back_up(runtime, *open_, options);
    }

    const BackupMachine machine;

private:
    const std::unique_ptr<LevelDbStore> open_;
};

struct SetClock final : Clock {
    Time now() const override { return time; }
    Time time{};
};

// Whether everything that is asked of the directory is refused for what it is.
void check_is_refused(const Store& store, const std::string& directory, const std::string& found)
{
    const auto& runtime     = store.machine.runtime;
    const auto check_refuse = [&](const auto& answer) {
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Failure::invalid);
        CHECK(answer.error().code == "no-backup-directory");
        CHECK(answer.error().sentence ==
              "looked for backups in " + directory + " and found something else (" + found +
                  "); nothing was changed; give a directory of backups, or for new ones an empty directory");
    };
    for (const bool dry_run : {true, false}) {
        check_refuse(store.try_to_back_up(runtime, {.into = directory, .dry_run = dry_run}));
        check_refuse(prune_backups(runtime, {.directory = directory, .keep = 1, .dry_run = dry_run}));
    }
    check_refuse(list_backups(runtime, directory));
    check_refuse(verify_backup(runtime, directory, ""));
    check_refuse(restore_backup(runtime, {.from = directory, .into = store.machine.path() + "/restored"}));
}

TEST_CASE("a directory that holds anything but backups is refused by every command, and nothing in it is changed",
          "[eventstore][backup]")
{
    const Store store;
    const std::string of_ours = "files/0123456789abcdef0123456789abcdef-5";
    const std::vector<std::pair<Files, std::string>> directories{
        {{{"files/holiday.jpg", "a beach"}, {"thesis.new", "chapter one"}}, "files/holiday.jpg"},
        {{{"files/thesis.new", "chapter one"}}, "files/thesis.new"},
        {{{"files/incoming.new", "half"}, {"photo.jpg", "a beach"}}, "photo.jpg"},
        {{{of_ours, "bytes"}, {"letters/incoming.new", "dear Ada"}}, "letters"},
        {{{of_ours + "x", "bytes"}}, of_ours + "x"},
        {{{"files/0123456789ABCDEF0123456789ABCDEF-5", "bytes"}}, "files/0123456789ABCDEF0123456789ABCDEF-5"},
        {{{"files", "a list of files"}}, "files"},
        {{{"LOCK", ""}, {"CURRENT", "MANIFEST-000004\n"}}, "CURRENT"},
        {{{of_ours, "bytes"}, {"phone.backup", "the phone's"}}, "phone.backup"},
        {{{"BACKUPS", "where they are"}}, "BACKUPS"},
        {{{of_ours, "bytes"}, {"verifying/log/000005.ldb", "a log"}}, "verifying"},
    };
    for (const auto& [files, found] : directories) {
        const auto directory = store.machine.path() + "/foreign";
        for (const auto& [name, content] : files) {
            fs::create_directories((fs::path{directory} / name).parent_path());
            put(fs::path{directory} / name, content);
        }
        INFO(found);
        check_is_refused(store, directory, found);
        CHECK(files_in(directory) == files);
        fs::remove_all(directory);
    }
}

TEST_CASE("what others have put into a directory of backups stays, and is no backup", "[eventstore][backup]")
{
    Store store;
    const auto& machine = store.machine;
    const auto first    = store.back_up();
    const Files foreign{{"letter.new", "dear Ada"},
                        {"phone.backup", "the phone's"},
                        {"3000.backup", "the phone's, later"},
                        {"files/holiday.jpg", "a beach"},
                        {"files/thesis.new", "chapter 1"}};
    const std::vector<std::string> left{"files/incoming.new", "files/0123456789abcdef0123456789abcdef-5",
                                        "files/0123456789abcdef0123456789abcdef-5.new", first.name + "-7.backup.new"};
    for (const auto& [name, content] : foreign) put(machine.backups() + "/" + name, content);
    for (const auto& name : left) put(machine.backups() + "/" + name, "half");
    const auto check_foreign_is_there = [&] {
        const auto files = files_in(machine.backups());
        for (const auto& [name, content] : foreign) {
            INFO(name);
            REQUIRE(files.contains(name));
            CHECK(files.at(name) == content);
        }
        for (const auto& name : left) {
            INFO(name);
            CHECK_FALSE(files.contains(name));
        }
    };
    store.append(40);
    const auto second = store.back_up();
    check_foreign_is_there();
    REQUIRE(list_backups(machine.runtime, machine.backups()).value().size() == 2);
    const auto pruned = prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 1});
    REQUIRE(pruned);
    CHECK(pruned.value().removed == std::vector<std::string>{first.name});
    check_foreign_is_there();
    CHECK(verify_backup(machine.runtime, machine.backups(), "").value().name == second.name);
}

TEST_CASE("a directory of backups that the version before has made is taken as it is, begun or whole",
          "[eventstore][backup]")
{
    Store store;
    const auto& machine = store.machine;
    const auto first    = store.back_up();
    // It wrote no mark.
    fs::remove(machine.backups() + "/BACKUPS");
    CHECK(list_backups(machine.runtime, machine.backups()).value().size() == 1);
    const auto second = store.back_up();
    CHECK(second.new_files == 0);
    CHECK(verify_backup(machine.runtime, machine.backups(), first.name).value().findings_total == 0);
    CHECK(prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 1}).value().removed ==
          std::vector<std::string>{first.name});

    // Of the first backup in it that was interrupted.
    const auto begun = machine.path() + "/begun";
    fs::create_directories(begun + "/files");
    for (const auto* name : {"LOCK", "files/incoming.new", "files/0123456789abcdef0123456789abcdef-4"}) {
        put(begun + "/" + name, "half");
    }
    CHECK(list_backups(machine.runtime, begun).value().empty());
    store.back_up({.into = begun});
    CHECK(verify_backup(machine.runtime, begun, "").value().findings_total == 0);
    CHECK_FALSE(fs::exists(begun + "/files/incoming.new"));
    CHECK_FALSE(fs::exists(begun + "/files/0123456789abcdef0123456789abcdef-4"));
}

TEST_CASE("the newest backup is the one that was made last, also when the clock was set back", "[eventstore][backup]")
{
    Store store;
    const auto& machine = store.machine;
    SetClock clock;
    const Runtime runtime{clock, machine.runtime.executor, machine.runtime.ids, machine.runtime.files};
    using std::chrono::sys_days;
    using namespace std::chrono_literals;
    const Time today   = sys_days{2026y / 11 / 26} + 5h;
    const Time in_2030 = sys_days{2030y / 1 / 1};
    std::vector<std::string> made;
    std::vector<Position> heads;
    const auto make = [&](Time now) {
        clock.time = now;
        store.append(3);
        const auto report = store.try_to_back_up(runtime, {.into = machine.backups()});
        REQUIRE(report);
        made.push_back(report.value().name);
        heads.push_back(report.value().head);
    };
    for (const Time now : {today, today, in_2030, today, today + 24h, in_2030 + 999ms, in_2030 + 1s, today}) make(now);
    CHECK(made == std::vector<std::string>{"2026-11-26T05-00-00Z", "2026-11-26T05-00-00Z-2", "2030-01-01T00-00-00Z",
                                           "2030-01-01T00-00-00Z-2", "2030-01-01T00-00-00Z-3", "2030-01-01T00-00-00Z-4",
                                           "2030-01-01T00-00-01Z", "2030-01-01T00-00-01Z-2"});
    const auto listed = list_backups(runtime, machine.backups()).value();
    REQUIRE(listed.size() == made.size());
    for (std::size_t i = 0; i < made.size(); ++i) {
        CHECK(listed[i].name == made[i]);
        CHECK(listed[i].head == heads[i]);
    }
    CHECK(listed[3].made == today); // what the clock said is in its list
    const auto restored = machine.restore("", machine.path() + "/restored");
    REQUIRE(restored);
    CHECK(restored.value().head == heads.back());
    CHECK(prune_backups(runtime, {.directory = machine.backups(), .keep = 2}).value().removed ==
          std::vector<std::string>(made.begin(), made.end() - 2));
    // The numbers of those that are gone are not given again before a later one.
    fs::remove(machine.backups() + "/" + made[6] + ".backup");
    make(in_2030 + 1s);
    CHECK(made.back() == "2030-01-01T00-00-01Z-3");
}

// How many names the file system gives a file that backups share.
std::uintmax_t most_names_in(const std::string& backups)
{
    std::uintmax_t most = 0;
    for (const auto& entry : fs::directory_iterator{backups + "/files"}) {
        most = std::max(most, fs::hard_link_count(entry));
    }
    return most;
}

std::map<std::string, fs::file_time_type> times_in(const std::string& backups)
{
    std::map<std::string, fs::file_time_type> times;
    for (const auto& entry : fs::directory_iterator{backups + "/files"}) {
        times[entry.path().filename()] = fs::last_write_time(entry);
    }
    return times;
}

TEST_CASE("a backup of copies shares no file with the store, whatever links are in the directory already",
          "[eventstore][backup]")
{
    Store store;
    const auto& machine = store.machine;
    store.append(900);
    const auto linked = store.back_up();
    REQUIRE(linked.linked_bytes > 0);
    REQUIRE(most_names_in(machine.backups()) == 2);
    const auto imagined = store.back_up({.only_copies = true, .dry_run = true});
    const auto before   = shared_files(machine.backups());
    const auto copied   = store.back_up({.only_copies = true});
    CHECK(most_names_in(machine.backups()) == 1);
    CHECK(copied.linked_bytes == 0);
    CHECK(copied.new_bytes == linked.linked_bytes);
    CHECK(imagined.new_bytes >= copied.new_bytes);
    CHECK((shared_files(machine.backups()) == before));

    // Both are whole without the store.
    fs::rename(machine.data(), machine.path() + "/aside");
    for (const auto& name : {linked.name, copied.name}) {
        CHECK(verify_backup(machine.runtime, machine.backups(), name).value().findings_total == 0);
        CHECK(machine.restore(name, machine.path() + "/restored-" + name).value().head == linked.head);
    }
    fs::rename(machine.path() + "/aside", machine.data());

    // What is a copy stays as it is, for backups of either kind.
    const auto times = times_in(machine.backups());
    CHECK(store.back_up({.only_copies = true}).new_files == 0);
    CHECK(store.back_up().new_files == 0);
    CHECK((times_in(machine.backups()) == times));
}

// A disk whose files have one name each.
struct NoLinks final : leveldb::EnvWrapper {
    NoLinks() : EnvWrapper{&system_files()} {}
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }
};

TEST_CASE("copies on a disk that has no links stay, and backups on it are incremental", "[eventstore][backup]")
{
    Store store;
    const auto& machine = store.machine;
    store.append(600);
    NoLinks files;
    const Runtime runtime{machine.runtime.clock, machine.runtime.executor, machine.runtime.ids, files};
    const auto first = store.try_to_back_up(runtime, {.into = machine.backups()});
    REQUIRE(first);
    CHECK(first.value().linked_bytes == 0);
    const auto times = times_in(machine.backups());
    for (const bool only_copies : {true, false}) {
        const auto next = store.try_to_back_up(runtime, {.into = machine.backups(), .only_copies = only_copies});
        REQUIRE(next);
        CHECK(next.value().new_files == 0);
    }
    CHECK((times_in(machine.backups()) == times));
}

TEST_CASE("of two restores into one directory the second is refused at every moment, and the first one ends whole",
          "[eventstore][backup]")
{
    Store store;
    const auto& machine = store.machine;
    store.append(400);
    store.back_up();
    const RestoreOptions options{.from = machine.backups(), .into = machine.path() + "/restored"};
    std::uint64_t refused = 0;
    const auto within     = [&](BackupStep, std::uint64_t, std::uint64_t) -> result<void> {
        const auto before = files_in(options.into);
        const auto second = restore_backup(machine.runtime, options);
        REQUIRE_FALSE(second);
        CHECK(second.error().kind == Failure::unavailable);
        CHECK(second.error().code == "held-by-another-process");
        CHECK(second.error().sentence.find(options.into) != std::string::npos);
        CHECK((files_in(options.into) == before));
        ++refused;
        return done();
    };
    const auto first = restore_backup(machine.runtime, options, within);
    REQUIRE(first);
    CHECK(refused > 5);
    CHECK_FALSE(fs::exists(options.into + "/restoring"));
    CHECK(machine.open(options.into)->verify().value().findings_total == 0);
    CHECK(restore_backup(machine.runtime, options).error().code == "directory-not-empty");

    // One that is asked to end leaves the directory to the next.
    const RestoreOptions again{.from = machine.backups(), .into = machine.path() + "/again"};
    const auto stop = [](BackupStep, std::uint64_t, std::uint64_t) -> result<void> {
        return fail(Failure::unavailable, "interrupted", "Ctrl-C");
    };
    CHECK(restore_backup(machine.runtime, again, stop).error().code == "interrupted");
    CHECK_FALSE(fs::exists(again.into));
    CHECK(restore_backup(machine.runtime, again));
}

// A disk that counts how often the test's own thread asks for the removal of each file. LevelDB has a thread of its own.
struct CountingRemovals final : leveldb::EnvWrapper {
    CountingRemovals() : EnvWrapper{&system_files()} {}
    leveldb::Status RemoveFile(const std::string& path) override
    {
        if (std::this_thread::get_id() == thread) ++asked[path];
        return target()->RemoveFile(path);
    }
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }
    const std::thread::id thread = std::this_thread::get_id();
    std::map<std::string, unsigned> asked;
};

TEST_CASE("files that LevelDB gives up under a long backup are removed once each when it ends", "[eventstore][backup]")
{
    const BackupMachine machine;
    CountingRemovals files;
    const Runtime runtime{machine.runtime.clock, machine.runtime.executor, machine.runtime.ids, files};
    {
        const auto store = LevelDbStore::open(
            runtime,
            {.directory = machine.data() + "/log", .write_buffer_bytes = 64u << 10, .index_events_in_memory = 100});
        REQUIRE(store);
        machine.append(*store.value(), 100);
        const auto captured = store.value()->capture();
        REQUIRE(captured);
        machine.append(*store.value(), 1'500);
        files.asked.clear();
    }
    CHECK(files.asked.size() > 10);
    for (const auto& [path, times] : files.asked) {
        INFO(path);
        CHECK(times == 1);
    }
}

} // namespace backup_directory_test
