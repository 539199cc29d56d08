// Backups on the real disk: what is in them, and what is restored from them.
#include "eventstore/backup_machine.hpp"

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/group_backups.hpp>

#include <set>

namespace backup_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("a backup restores to a store with the same events that verifies and takes appends", "[eventstore][backup]")
{
    const BackupMachine machine;
    std::vector<RecordedEvent> events;
    {
        const auto store = machine.open(machine.data());
        machine.append(*store, 700);
        events          = read_all(*store);
        const auto made = machine.back_up(*store);
        CHECK(made.head == 700);
        CHECK(made.new_files + 1 == made.files); // the log's CURRENT is word for word that of the index
        machine.append(*store, 50);
    }
    const auto checked = verify_backup(machine.runtime, machine.backups(), "");
    REQUIRE(checked);
    CHECK(checked.value().findings == std::vector<std::string>{});
    CHECK(checked.value().head == 700);

    const auto into     = machine.path() + "/restored";
    const auto restored = machine.restore("", into);
    REQUIRE(restored);
    CHECK(restored.value().head == 700);
    CHECK(restored.value().index_entries > 0);
    CHECK_FALSE(fs::exists(into + "/restoring"));
    CHECK_FALSE(fs::exists(into + "/log/OWNER.LOCK"));
    CHECK_FALSE(fs::exists(into + "/log/LOCK"));

    const auto store = machine.open(into);
    check_same_events(read_all(*store), events);
    CHECK(store->info().value().notices == std::vector<std::string>{});
    CHECK(store->info().value().witnessed == 700);
    CHECK(store->verify().value().findings_total == 0);
    machine.append(*store, 1);
    CHECK(store->head() == 701);
}

TEST_CASE("the next backup takes what is new, and links what the file system links", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 900);
    const auto first = machine.back_up(*store);
    machine.append(*store, 20);
    const auto second = machine.back_up(*store);
    const auto copied = machine.back_up(*store, {.into = machine.path() + "/full", .only_copies = true});
    CHECK(first.linked_bytes > first.bytes / 2);
    CHECK(second.new_bytes < second.bytes / 2);
    CHECK(second.new_files < second.files);
    CHECK(copied.new_files + 1 == copied.files);
    CHECK(copied.linked_bytes == 0);
}

TEST_CASE("each of many backups restores to its own moment", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    std::vector<BackupReport> made;
    for (int i = 0; i < 6; ++i) {
        machine.append(*store, 150);
        made.push_back(machine.back_up(*store));
    }
    const auto events = read_all(*store);
    for (const auto& backup : made) {
        const auto into = machine.path() + "/restored-" + backup.name;
        REQUIRE(machine.restore(backup.name, into));
        const std::vector<RecordedEvent> wanted{events.begin(),
                                                events.begin() + static_cast<std::ptrdiff_t>(backup.head)};
        check_same_events(read_all(*machine.open(into)), wanted);
    }
    const auto listed = list_backups(machine.runtime, machine.backups());
    REQUIRE(listed);
    REQUIRE(listed.value().size() == made.size());
    for (std::size_t i = 0; i < made.size(); ++i) {
        CHECK(listed.value()[i].name == made[i].name);
        CHECK(listed.value()[i].head == made[i].head);
        CHECK(listed.value()[i].bytes == made[i].bytes);
    }
}

TEST_CASE("a backup of a store that was restored takes no file of the other store for its own", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto into = machine.path() + "/restored";
    {
        const auto store = machine.open(machine.data());
        machine.append(*store, 400);
        const auto made = machine.back_up(*store);
        REQUIRE(machine.restore(made.name, into));
        machine.append(*store, 400);
        machine.back_up(*store);
    }
    // The same numbers of files from here on, with other events of the same length in them.
    const auto other = machine.open(into);
    machine.append(*other, 400);
    const auto made = machine.back_up(*other);
    CHECK(verify_backup(machine.runtime, machine.backups(), made.name).value().findings_total == 0);
    const auto again = machine.path() + "/again";
    REQUIRE(machine.restore(made.name, again));
    check_same_events(read_all(*machine.open(again)), read_all(*other));
}

TEST_CASE("verifying a backup and making another change no byte of those that are there", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 500);
    const auto made   = machine.back_up(*store);
    const auto before = files_in(machine.backups());
    REQUIRE(verify_backup(machine.runtime, machine.backups(), made.name));
    CHECK(files_in(machine.backups()) == before);

    machine.append(*store, 300);
    machine.back_up(*store);
    const auto after = files_in(machine.backups());
    for (const auto& [path, content] : before) {
        INFO(path);
        REQUIRE(after.contains(path));
        CHECK((after.at(path) == content));
    }
}

TEST_CASE("a dry run of backup, prune and restore says what would happen and changes nothing", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 300);
    const auto imagined = machine.back_up(*store, {.dry_run = true});
    CHECK(imagined.name.empty());
    CHECK_FALSE(fs::exists(machine.backups()));
    const auto first = machine.back_up(*store);
    CHECK(imagined.head == 300);
    CHECK(imagined.new_files == imagined.files);
    CHECK(imagined.new_bytes == imagined.bytes);
    machine.append(*store, 300);
    machine.back_up(*store);

    const auto before = files_in(machine.path() + "/backups");
    machine.back_up(*store, {.dry_run = true});
    const auto pruned = prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 1, .dry_run = true});
    REQUIRE(pruned);
    CHECK(pruned.value().removed == std::vector<std::string>{first.name});
    const auto into     = machine.path() + "/restored";
    const auto restored = restore_backup(machine.runtime, {.from = machine.backups(), .into = into, .dry_run = true});
    REQUIRE(restored);
    CHECK(restored.value().head == 600);
    CHECK_FALSE(fs::exists(into));
    CHECK(files_in(machine.path() + "/backups") == before);

    const auto really = prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 1});
    REQUIRE(really);
    CHECK(really.value().removed == pruned.value().removed);
    CHECK(really.value().files == pruned.value().files);
    CHECK(really.value().bytes == pruned.value().bytes);
}

TEST_CASE("what is pruned goes with its files, and the backups that stay are whole", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    std::vector<std::string> names;
    for (int i = 0; i < 5; ++i) {
        machine.append(*store, 200);
        names.push_back(machine.back_up(*store).name);
    }
    const auto files_before = shared_files(machine.backups()).size();
    const auto pruned       = prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 2});
    REQUIRE(pruned);
    CHECK(pruned.value().removed == std::vector<std::string>{names[0], names[1], names[2]});
    CHECK(pruned.value().files > 0);
    CHECK(shared_files(machine.backups()).size() == files_before - pruned.value().files);
    const auto left = list_backups(machine.runtime, machine.backups()).value();
    REQUIRE(left.size() == 2);
    for (const auto& backup : left) {
        CHECK(verify_backup(machine.runtime, machine.backups(), backup.name).value().findings_total == 0);
    }
    CHECK(machine.restore(names[0], machine.path() + "/gone").error().code == "no-such-backup");
    CHECK(prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 2}).value().removed.empty());
    CHECK(prune_backups(machine.runtime, {.directory = machine.backups(), .keep = 0}).error().code == "nothing-kept");
}

TEST_CASE("a restore is refused where something is, and where there is no backup", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 10);
    CHECK(machine.restore("", machine.path() + "/new").error().code == "no-backup-directory");
    machine.back_up(*store);
    CHECK(machine.restore("2011-01-01T00-00-00Z", machine.path() + "/new").error().code == "no-such-backup");
    CHECK(machine.restore("../backups/x", machine.path() + "/new").error().code == "no-such-backup");
    CHECK_FALSE(fs::exists(machine.path() + "/new"));

    const auto before = files_in(machine.data());
    CHECK(machine.restore("", machine.data()).error().code == "directory-not-empty");
    CHECK(files_in(machine.data()) == before);
    fs::create_directories(machine.path() + "/taken");
    put(machine.path() + "/taken/letter", "dear Ada");
    CHECK(machine.restore("", machine.path() + "/taken").error().code == "directory-not-empty");
    CHECK(eventloom::back_up(machine.runtime, *store, {.into = machine.path() + "/taken"}).error().code ==
          "no-backup-directory");
    CHECK(files_in(machine.path() + "/taken") == Files{{"letter", "dear Ada"}});

    fs::create_directories(machine.path() + "/empty");
    CHECK(machine.restore("", machine.path() + "/empty"));
}

// Takes `count` events or more out of a group, and says which.
std::set<Position> handle(ConsumerGroup& group, std::size_t count)
{
    std::set<Position> handled;
    const auto member = group.join("one").value();
    while (handled.size() < count) {
        const auto batch = member->next(system_clock().now() + std::chrono::minutes{1}).value();
        REQUIRE_FALSE(batch.events.empty());
        for (const auto& event : batch.events) REQUIRE(handled.insert(event.position).second);
        REQUIRE(member->acknowledge(batch));
    }
    return handled;
}

TEST_CASE("checkpoints of consumer groups are restored with the log, and are never ahead of it",
          "[eventstore][backup][groups]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 100);
    std::set<Position> handled;
    {
        const auto groups = ConsumerGroups::open(machine.runtime, *store, {.directory = machine.data() + "/groups"});
        REQUIRE(groups);
        const auto group = groups.value()->open_group({.name = "mail"}).value();
        handled          = handle(*group, 60);
        REQUIRE(group->flush());
        GroupsInBackups attachment{groups.value().get()};
        machine.back_up(*store, {.attachments = {&attachment}});
    }
    CHECK(verify_backup(machine.runtime, machine.backups(), "").error().code == "unknown-attachment");
    CHECK(machine.restore("", machine.path() + "/restored").error().code == "unknown-attachment");
    GroupsInBackups attachment;
    CHECK(verify_backup(machine.runtime, machine.backups(), "", {&attachment}).value().findings ==
          std::vector<std::string>{});
    const auto into = machine.path() + "/restored";
    REQUIRE(restore_backup(machine.runtime, {.from = machine.backups(), .into = into, .attachments = {&attachment}}));
    const auto restored = machine.open(into);
    const auto groups   = ConsumerGroups::open(machine.runtime, *restored, {.directory = into + "/groups"});
    REQUIRE(groups);
    CHECK(groups.value()->names().value() == std::vector<std::string>{"mail"});
    // The group goes on after what it had handled: together that is every event, and each once.
    const auto group = groups.value()->open_group({.name = "mail"}).value();
    handled.merge(handle(*group, 100 - handled.size()));
    CHECK(handled.size() == 100);
}

TEST_CASE("whoever had come further than a log that is restored is told so, and is handed nothing",
          "[eventstore][backup][restored]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 40);
    machine.back_up(*store);
    machine.append(*store, 10);
    const auto handle_nothing = [](const Delivery&) -> result<void> {
        return fail(Failure::invalid, "handed-over", "This was not for me.");
    };
    {
        const auto groups = ConsumerGroups::open(machine.runtime, *store, {.directory = machine.path() + "/groups"});
        const auto group  = groups.value()->open_group({.name = "mail"}).value();
        handle(*group, 50);
        REQUIRE(group->flush());
    }
    const auto into = machine.path() + "/restored";
    REQUIRE(machine.restore("", into));
    const auto restored = machine.open(into);
    REQUIRE(restored->head() == 40);
    EventBus bus{machine.runtime, *restored};
    const auto subscribed = bus.subscribe({.name = "page", .after = 50}, handle_nothing);
    REQUIRE(subscribed->error());
    CHECK(subscribed->error()->code == "log-behind-checkpoint");
    const auto groups = ConsumerGroups::open(machine.runtime, *restored, {.directory = machine.path() + "/groups"});
    const auto group  = groups.value()->open_group({.name = "mail"});
    REQUIRE_FALSE(group);
    CHECK(group.error().code == "log-behind-checkpoint");
    CHECK(check_checkpoint(*restored, 41, "read on", "begin anew").error().sentence ==
          "read on at position 41 and found a log that ends at 40; the log was restored: begin anew");
    CHECK(check_checkpoint(*restored, 40, "read on", "begin anew"));
    machine.append(*restored, 20); // past the place where they were
    CHECK_FALSE(bus.wait_for(*subscribed, 60, system_clock().now()));
    CHECK(subscribed->error()->code == "log-behind-checkpoint");
}

TEST_CASE("a backup holds the log, its index and groups, and nothing else of a data directory", "[eventstore][backup]")
{
    const BackupMachine machine;
    const std::string secret = "the key of a person";
    for (const char* beside : {"keys", "snapshots", "projections", "sagas"}) {
        fs::create_directories(machine.data() + "/" + beside);
        put(machine.data() + "/" + beside + "/000005.ldb", secret);
    }
    const auto store = machine.open(machine.data());
    machine.append(*store, 50);
    machine.back_up(*store);
    for (const auto& [path, content] : files_in(machine.backups())) {
        INFO(path);
        CHECK(content.find(secret) == std::string::npos);
    }
    const auto into = machine.path() + "/restored";
    REQUIRE(machine.restore("", into));
    for (const auto& [path, content] : files_in(into)) {
        INFO(path);
        CHECK(path.starts_with("log/"));
    }
}

TEST_CASE("a backup that is asked to end leaves none, and the next one is whole", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 500);
    std::uint64_t calls = 0;
    const auto count    = [&](BackupStep, std::uint64_t, std::uint64_t) -> result<void> {
        ++calls;
        return done();
    };
    REQUIRE(eventloom::back_up(machine.runtime, *store, {.into = machine.path() + "/other"}, count));
    REQUIRE(calls > 5);
    for (std::uint64_t end = 1; end <= calls; ++end) {
        std::uint64_t call = 0;
        const auto stop    = [&](BackupStep, std::uint64_t, std::uint64_t) -> result<void> {
            if (++call < end) return done();
            return fail(Failure::unavailable, "interrupted", "Ctrl-C");
        };
        const auto made = eventloom::back_up(machine.runtime, *store, {.into = machine.backups()}, stop);
        REQUIRE(made.error().code == "interrupted");
        REQUIRE(list_backups(machine.runtime, machine.backups()).value().empty());
    }
    // What the interrupted ones have left, and the store has no more, goes with the next.
    put(machine.backups() + "/files/0123456789abcdef0123456789abcdef-5", "stale");
    put(machine.backups() + "/files/incoming.new", "half");
    const auto made = machine.back_up(*store);
    CHECK(verify_backup(machine.runtime, machine.backups(), made.name).value().findings_total == 0);
    CHECK(shared_files(machine.backups()).size() <= made.files);
    CHECK_FALSE(fs::exists(machine.backups() + "/files/0123456789abcdef0123456789abcdef-5"));
    CHECK_FALSE(fs::exists(machine.backups() + "/files/incoming.new"));
}

TEST_CASE("two who work on one directory of backups are told of each other", "[eventstore][backup]")
{
    const BackupMachine machine;
    const auto store = machine.open(machine.data());
    machine.append(*store, 100);
    bool asked        = false;
    const auto within = [&](BackupStep, std::uint64_t, std::uint64_t) -> result<void> {
        if (std::exchange(asked, true)) return done();
        const auto second = eventloom::back_up(machine.runtime, *store, {.into = machine.backups()});
        CHECK(second.error().code == "backups-in-use");
        return done();
    };
    REQUIRE(eventloom::back_up(machine.runtime, *store, {.into = machine.backups()}, within));
    CHECK(asked);
}

} // namespace backup_test
