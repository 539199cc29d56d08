// Backups that are damaged: what is said of them, and that nothing is restored.
#include "eventstore/backup_machine.hpp"

#include <eventloom/eventstore/repair.hpp>

#include <algorithm>

namespace backup_damage_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("a file of a backup that is changed, cut, gone or another's is named, and nothing is restored",
          "[eventstore][backup][damage]")
{
    const BackupMachine machine;
    {
        const auto store = machine.open(machine.data());
        machine.append(*store, 250);
        machine.back_up(*store, {.only_copies = true});
    }
    const auto into  = machine.path() + "/restored";
    const auto files = shared_files(machine.backups());
    REQUIRE(files.size() > 5);
    for (const auto& [name, content] : files) {
        const auto path = machine.backups() + "/files/" + name;
        std::vector<std::optional<std::string>> damaged{std::nullopt, content + "x"};
        if (not content.empty()) {
            auto flipped                = content;
            flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
            damaged.insert(damaged.end(),
                           {flipped, content.substr(0, content.size() - 1), std::string(content.size(), 'y')});
        }
        for (const auto& bytes : damaged) {
            INFO(name << ", " << (bytes ? std::to_string(bytes->size()) + " bytes" : "gone"));
            fs::remove(path);
            if (bytes) put(path, *bytes);
            const auto checked = verify_backup(machine.runtime, machine.backups(), "");
            REQUIRE(checked);
            REQUIRE(checked.value().findings_total >= 1); // what two of the backup's files hold is one of these
            for (const auto& finding : checked.value().findings) CHECK(finding.find(name) != std::string::npos);
            const auto restored = machine.restore("", into);
            REQUIRE_FALSE(restored);
            CHECK(restored.error().code == "damaged-backup");
            CHECK(restored.error().sentence.find(name) != std::string::npos);
            CHECK_FALSE(fs::exists(into));
        }
        put(path, content);
    }
    CHECK(machine.restore("", into));
}

TEST_CASE("a list of a backup with any byte changed, or cut anywhere, is refused", "[eventstore][backup][damage]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 30);
    const auto made    = machine.back_up(*store);
    const auto path    = machine.backups() + "/" + made.name + ".backup";
    const auto content = content_of(path);
    const auto into    = machine.path() + "/restored";
    const auto refused = [&](const std::string& changed) {
        put(path, changed);
        const auto restored = machine.restore(made.name, into);
        return not restored && restored.error().kind == Failure::corrupt && not fs::exists(into) &&
               list_backups(machine.runtime, machine.backups()).value().front().damage;
    };
    for (std::size_t at = 0; at < content.size(); ++at) {
        INFO("byte " << at);
        auto changed = content;
        changed[at]  = static_cast<char>(changed[at] ^ 4);
        REQUIRE(refused(changed));
        REQUIRE(refused(content.substr(0, at)));
    }
    CHECK(prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 1}).error().code == "damaged-backup");
    // A backup is made beside it all the same, and takes no file away that the damaged one may need.
    const auto files = shared_files(machine.backups());
    const auto next  = machine.back_up(*store);
    for (const auto& [name, bytes] : files) CHECK(fs::exists(machine.backups() + "/files/" + name));
    CHECK(machine.restore(next.name, into));
}

TEST_CASE("a damaged file of backups is whole again after the next backup when the store still has it",
          "[eventstore][backup][damage]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 400);
    const auto first = machine.back_up(*store, {.only_copies = true});
    auto files       = shared_files(machine.backups());
    std::erase_if(files, [](const auto& file) { return file.second.size() < 20'000; });
    REQUIRE_FALSE(files.empty());
    fs::remove(machine.backups() + "/files/" + files.begin()->first);
    REQUIRE(verify_backup(machine.runtime, machine.backups(), first.name).value().findings_total == 1);
    machine.back_up(*store, {.only_copies = true});
    CHECK(verify_backup(machine.runtime, machine.backups(), first.name).value().findings_total == 0);
}

TEST_CASE("a store that is damaged in the backup too is restored only when it is asked for unverified",
          "[eventstore][backup][damage]")
{
    const BackupMachine machine;
    {
        const auto store = machine.open(machine.data());
        machine.append(*store, 600);
    }
    // A byte in the middle of the largest table, in the body of some event.
    fs::path largest;
    for (const auto& entry : fs::directory_iterator{machine.data() + "/log"}) {
        if (entry.path().extension() != ".ldb") continue;
        if (largest.empty() || fs::file_size(entry.path()) > fs::file_size(largest)) largest = entry.path();
    }
    auto content                = content_of(largest);
    content[content.size() / 3] = static_cast<char>(content[content.size() / 3] ^ 1);
    put(largest, content);

    {
        const auto store = machine.open(machine.data());
        machine.back_up(*store);
    }
    CHECK(verify_backup(machine.runtime, machine.backups(), "").value().findings_total > 0);
    const auto into = machine.path() + "/restored";
    CHECK(machine.restore("", into).error().code == "damaged-backup");
    CHECK_FALSE(fs::exists(into));
    REQUIRE(restore_backup(machine.runtime, {.from = machine.backups(), .into = into, .verify = false}));
    CHECK(machine.open(into)->verify().value().findings_total > 0);
}

TEST_CASE(
    "what there is of a backup that is not whole is restored unverified, and what stands before the damage is saved",
    "[eventstore][backup][damage]")
{
    const BackupMachine machine;
    std::vector<RecordedEvent> events;
    {
        const auto store = machine.open(machine.data());
        machine.append(*store, 600);
        machine.back_up(*store, {.only_copies = true});
        events = read_all(*store);
    }
    auto files         = shared_files(machine.backups());
    const auto largest = std::max_element(files.begin(), files.end(), [](const auto& one, const auto& other) {
        return one.second.size() < other.second.size();
    });
    const auto path    = machine.backups() + "/files/" + largest->first;
    SECTION("gone")
    {
        fs::remove(path);
    }
    SECTION("cut")
    {
        put(path, largest->second.substr(0, largest->second.size() / 2));
    }
    SECTION("changed")
    {
        auto changed                = largest->second;
        changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
        put(path, changed);
    }
    const auto into = machine.path() + "/restored";
    CHECK(machine.restore("", into).error().code == "damaged-backup");
    const auto report = restore_backup(machine.runtime, {.from = machine.backups(), .into = into, .verify = false});
    REQUIRE(report);
    CHECK(report.value().damaged.size() == 1);
    const auto saved    = machine.path() + "/saved/log";
    const auto salvaged = salvage_store(machine.runtime, into + "/log", saved);
    if (not salvaged) {
        CHECK(salvaged.error().code == "nothing-saved");
        return;
    }
    const auto found = read_all(*machine.open(machine.path() + "/saved"));
    REQUIRE(found.size() < events.size());
    CHECK(std::equal(found.begin(), found.end(), events.begin()));
}

TEST_CASE("nothing is pruned when what would stay is not whole", "[eventstore][backup][damage]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 100);
    const auto first    = machine.back_up(*store, {.only_copies = true});
    const auto of_first = shared_files(machine.backups());
    machine.append(*store, 100);
    machine.back_up(*store, {.only_copies = true});
    auto of_second = shared_files(machine.backups());
    std::erase_if(of_second, [&](const auto& file) { return of_first.contains(file.first); });
    REQUIRE_FALSE(of_second.empty());
    fs::remove(machine.backups() + "/files/" + of_second.begin()->first);
    const auto pruned = prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 1});
    REQUIRE_FALSE(pruned);
    CHECK(pruned.error().code == "damaged-backup");
    CHECK(verify_backup(machine.runtime, machine.backups(), first.name).value().findings_total == 0);
}

TEST_CASE("a directory takes the backups of one store only", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto one = machine.open(machine.data());
    machine.append(*one, 5);
    machine.back_up(*one);
    const auto before = files_in(machine.backups());
    const auto other  = machine.open(machine.path() + "/other");
    machine.append(*other, 5);
    const auto refused = back_up(machine.runtime, *other, {.into = machine.backups()});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "backups-of-another-store");
    CHECK((files_in(machine.backups()) == before));
}

} // namespace backup_damage_test
