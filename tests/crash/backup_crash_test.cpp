// Power cuts at every change of the disk that backups, their pruning and a restore make, and a disk that fails there.
#include "simulated_disk/store_machine.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/backup.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace backup_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::size_t data_bytes = 900;

LevelDbStoreOptions options()
{
    auto small      = StoreMachine::small_store();
    small.directory = "/data/log";
    return small;
}

// What has been promised when the power goes.
struct Promised {
    Position appended = 0;
    std::vector<std::pair<std::string, Position>> backups; // that were made, with what stood in the log before
    bool pruning  = false;
    bool restored = false;
};

struct Life {
    StoreMachine& machine;
    Promised promised = {};
    std::string error = {};

    bool append(LevelDbStore& store, int events)
    {
        for (int i = 0; i < events; ++i) {
            const auto note = note_of(machine.runtime(), std::string(data_bytes, static_cast<char>('a' + i % 20)));
            if (not store.append(to("stream-" + std::to_string(i % 3), ExpectedVersion::any(), {note}))) return false;
            ++promised.appended;
            run_background_work();
        }
        return true;
    }

    bool back_up(LevelDbStore& store, bool only_copies = false)
    {
        const auto before = promised.appended;
        const auto made =
            eventloom::back_up(machine.runtime(), store, {.into = "/backups", .only_copies = only_copies});
        if (not made) {
            error = made.error().sentence;
            return false;
        }
        promised.backups.emplace_back(made.value().name, before);
        machine.executor().advance(std::chrono::seconds{1});
        return true;
    }

    bool prune()
    {
        promised.pruning  = true;
        const auto pruned = prune_backups(machine.runtime(), {.directory = "/backups", .keep = 2});
        if (not pruned) return false;
        promised.pruning = false;
        promised.backups.erase(promised.backups.begin(), promised.backups.end() - 2);
        return true;
    }

    bool restore()
    {
        const auto restored      = restore_backup(machine.runtime(), {.from = "/backups", .into = "/restored"});
        return promised.restored = restored.has_value();
    }

    // Everything, until something fails.
    bool work()
    {
        bool is_done = false;
        if (auto opened = machine.open(options())) {
            auto& store = *opened.value();
            is_done = append(store, 60) && back_up(store) && append(store, 50) && back_up(store) && append(store, 5) &&
                      back_up(store, true) && prune() && restore();
        }
        machine.process_ends();
        return is_done;
    }
};

// "" when all of it is what it must be.
std::string wrong_with(StoreMachine& machine, const Promised& promised)
{
    const auto& runtime = machine.runtime();
    auto opened         = machine.open(options());
    if (not opened) return promised.appended == 0 ? "" : opened.error().sentence;
    auto& store = *opened.value();
    if (store.head() < promised.appended) return "an acknowledged event is gone";
    const auto events      = read_all(store);
    const auto is_of_store = [&](const LevelDbStore& other) {
        const auto found = read_all(other);
        return found.size() <= events.size() && std::equal(found.begin(), found.end(), events.begin());
    };

    auto listed = list_backups(runtime, "/backups");
    if (not listed && not promised.backups.empty()) return listed.error().sentence;
    const std::vector<BackupSummary> none;
    const auto& backups = listed ? listed.value() : none;
    for (const auto& [name, before] : promised.backups) {
        const auto found       = std::find_if(backups.begin(), backups.end(),
                                              [&name = name](const auto& backup) { return backup.name == name; });
        const bool may_be_gone = promised.pruning && name == promised.backups.front().first;
        if (found == backups.end() && not may_be_gone) return "the backup " + name + " is gone";
        if (found != backups.end() && found->head < before) return "the backup " + name + " has too little";
    }
    for (const BackupSummary& backup : backups) {
        const auto checked = verify_backup(runtime, "/backups", backup.name);
        if (not checked) return checked.error().sentence;
        if (checked.value().findings_total > 0) return checked.value().findings.front();
    }

    const bool is_there = machine.disk().FileExists("/restored/log/CURRENT");
    if (promised.restored && not is_there) return "what was restored is gone";
    if (not is_there) {
        auto into      = options();
        into.directory = "/restored/log";
        // Nothing that is half restored is taken for a store.
        const auto names     = list_directory(runtime, "/restored/log").value();
        const bool has_files = std::any_of(names.begin(), names.end(), [](const std::string& name) {
            return name.ends_with(".log") || name.ends_with(".ldb");
        });
        if (has_files && machine.open(into)) return "what is half restored was opened";
        if (const auto made = back_up(runtime, store, {.into = "/backups"}); not made) return made.error().sentence;
        if (const auto again = restore_backup(runtime, {.from = "/backups", .into = "/restored"}); not again)
            return again.error().sentence;
    }
    auto into           = options();
    into.directory      = "/restored/log";
    const auto restored = machine.open(into);
    if (not restored) return restored.error().sentence;
    if (not is_of_store(*restored.value())) return "what was restored has other events";
    if (restored.value()->verify().value().findings_total > 0) return "what was restored does not verify";
    return "";
}

// The files beneath a directory, by the rest of their paths.
std::map<std::string, std::string> files_in(const StoreMachine& machine, const std::string& directory)
{
    std::map<std::string, std::string> found;
    for (auto& [path, content] : machine.disk().files()) {
        if (path.starts_with(directory + "/")) found[path.substr(directory.size())] = content;
    }
    return found;
}

TEST_CASE("an incremental backup restores to the same bytes as a full one of the same moment", "[crash][backup]")
{
    StoreMachine machine{7};
    Life life{machine};
    {
        auto opened = machine.open(options());
        auto& store = *opened.value();
        for (int round = 0; round < 8; ++round) {
            REQUIRE(life.append(store, 30 + round));
            REQUIRE(life.back_up(store));
        }
        run_background_work();
        const auto& runtime    = machine.runtime();
        const auto incremental = back_up(runtime, store, {.into = "/backups"});
        const auto full        = back_up(runtime, store, {.into = "/full", .only_copies = true});
        REQUIRE(incremental);
        REQUIRE(full);
        CHECK(incremental.value().new_bytes < full.value().new_bytes / 2);
        REQUIRE(restore_backup(runtime, {.from = "/backups", .into = "/one"}));
        REQUIRE(restore_backup(runtime, {.from = "/full", .into = "/other"}));
        const auto one = files_in(machine, "/one");
        CHECK(one.size() > 10);
        CHECK((one == files_in(machine, "/other")));
        auto into      = options();
        into.directory = "/one/log";
        CHECK(read_all(*machine.open(into).value()) == read_all(store));
    }
    machine.process_ends();
}

TEST_CASE("a power cut at any change of the disk leaves only whole backups, and no store that is half restored",
          "[crash][backup]")
{
    std::size_t cuts = 0;
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        std::uint64_t first = 0;
        std::uint64_t last  = 0;
        {
            StoreMachine machine{1, model};
            Life whole{machine};
            const bool is_done = whole.work();
            INFO(whole.error);
            REQUIRE(is_done);
            REQUIRE(wrong_with(machine, whole.promised) == "");
        }
        {
            // Appends are swept elsewhere: it begins with the first backup.
            StoreMachine machine{1, model};
            Life life{machine};
            {
                const auto store = machine.open(options());
                REQUIRE(life.append(*store.value(), 60));
                first = machine.disk().operations();
            }
            StoreMachine other{1, model};
            Life all{other};
            std::uint64_t now = 0;
            other.disk().before_each_change([&] { ++now; });
            REQUIRE(all.work());
            last = now;
        }
        REQUIRE(last > first + 100);
        for (std::uint64_t point = first; point <= last; ++point) {
            StoreMachine machine{1, model};
            machine.disk().crash_at(point);
            Life life{machine};
            life.work();
            machine.disk().power_cut(static_cast<Tail>(point % 4));
            const auto wrong = wrong_with(machine, life.promised);
            machine.process_ends();
            INFO("directory model " << static_cast<int>(model) << ", power cut at change " << point << " of " << last);
            REQUIRE(wrong == "");
            ++cuts;
        }
    }
    INFO(cuts << " power cuts");
    CHECK(cuts > 400);
}

// A store of which a byte of some event is another, in a backup that has it so: every file is as its list says, and what is
// restored from it does not verify.
DiskImage damaged_backup()
{
    StoreMachine machine{5};
    Life life{machine};
    REQUIRE(life.append(*machine.open(options()).value(), 300));
    machine.process_ends();
    std::string largest;
    const auto files = machine.disk().files();
    for (const auto& [path, content] : files) {
        if (not path.starts_with("/data/log/0") || not path.ends_with(".ldb")) continue;
        if (largest.empty() || content.size() > files.at(largest).size()) largest = path;
    }
    REQUIRE_FALSE(largest.empty());
    auto content                = files.at(largest);
    content[content.size() / 3] = static_cast<char>(content[content.size() / 3] ^ 1);
    machine.disk().replace(largest, content);
    REQUIRE(life.back_up(*machine.open(options()).value()));
    machine.process_ends();
    machine.disk().power_cut(Tail::kept);
    return machine.disk().image();
}

TEST_CASE("a power cut at any change of a restore leaves no store that was not verified", "[crash][backup]")
{
    const auto image   = damaged_backup();
    const auto restore = [](StoreMachine& machine) {
        const auto restored = restore_backup(machine.runtime(), {.from = "/backups", .into = "/restored"});
        machine.process_ends();
        return restored ? "" : restored.error().code;
    };
    auto into              = options();
    into.directory         = "/restored/log";
    into.create_if_missing = false;
    StoreMachine whole{6, image};
    REQUIRE(restore(whole) == "damaged-backup");
    const auto points = whole.disk().operations();
    CHECK(points > 20);
    for (std::uint64_t point = 1; point <= points; ++point) {
        INFO("power cut at change " << point << " of " << points);
        StoreMachine machine{6, image};
        machine.disk().crash_at(point);
        REQUIRE(restore(machine) != "");
        machine.disk().power_cut(static_cast<Tail>(point % 4));
        REQUIRE_FALSE(machine.open(into));
        machine.process_ends();
        REQUIRE(restore(machine) == "damaged-backup");
    }
}

TEST_CASE("a full disk or a failing sync under a backup or a restore is an error, and what was there stays whole",
          "[crash][backup][fault]")
{
    for (const auto operation :
         {Operation::write, Operation::sync, Operation::create, Operation::rename, Operation::sync_directory}) {
        StoreMachine machine{2};
        Life life{machine};
        {
            auto opened = machine.open(options());
            auto& store = *opened.value();
            REQUIRE(life.append(store, 60));
            REQUIRE(life.back_up(store));
            REQUIRE(life.append(store, 40));
            std::size_t failures = 0;
            // Until a run meets no fault any more.
            for (std::uint64_t number = 1;; ++number) {
                machine.disk().fail({.operation = operation, .number = number, .half = operation == Operation::write});
                const auto made     = back_up(machine.runtime(), store, {.into = "/backups"});
                const auto restored = restore_backup(machine.runtime(), {.from = "/backups", .into = "/restored"});
                const bool failed   = machine.disk().fault_happened();
                machine.disk().heal();
                INFO("operation " << static_cast<int>(operation) << " fails at " << number << "; "
                                  << (made ? "" : made.error().sentence) << " "
                                  << (restored ? "" : restored.error().sentence));
                const auto listed = list_backups(machine.runtime(), "/backups").value();
                for (const auto& backup : listed) {
                    REQUIRE(verify_backup(machine.runtime(), "/backups", backup.name).value().findings_total == 0);
                }
                if (restored) {
                    auto into      = options();
                    into.directory = "/restored/log";
                    REQUIRE(machine.open(into).value()->verify().value().findings_total == 0);
                } else {
                    REQUIRE_FALSE(machine.disk().FileExists("/restored/log/CURRENT"));
                }
                for (const auto& [path, content] : machine.disk().files()) {
                    if (path.starts_with("/restored/")) machine.disk().replace(path, std::nullopt);
                }
                machine.disk().RemoveDir("/restored/restoring/store");
                machine.disk().RemoveDir("/restored/restoring");
                machine.disk().RemoveDir("/restored/log/index");
                machine.disk().RemoveDir("/restored/log");
                machine.disk().RemoveDir("/restored");
                // And the next one is made as if nothing had been.
                REQUIRE(life.append(store, 1));
                REQUIRE(life.back_up(store));
                REQUIRE(prune_backups(machine.runtime(), {.directory = "/backups", .keep = 1}));
                failures += failed ? 1 : 0;
                if (not failed) break;
            }
            CHECK(failures > 3);
        }
        machine.process_ends();
    }
}

} // namespace backup_crash_test
