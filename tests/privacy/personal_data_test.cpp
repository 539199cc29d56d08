// Personal data: sealed in the log, open for whoever has the key, erased when the key is destroyed.
#include "support/personal_events.hpp"
#include "support/simulated_secrets.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/privacy/personal_keys.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace personal_data_test {

using namespace eventloom;
using namespace eventloom::testing;

const std::string canary = "Ada Lovelace, 12 St James's Square";

std::string error_of(const auto& answer)
{
    return answer ? "" : answer.error().code;
}

std::size_t files_with(const std::string& directory, std::string_view text)
{
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (not entry.is_regular_file()) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
        found += bytes.find(text) != std::string::npos ? 1 : 0;
    }
    return found;
}

// A log and its keys on the disk, closed and opened again at will.
struct Machine {
    Machine() { open(); }

    void open()
    {
        close();
        auto opened = LevelDbStore::open(runtime, {.directory = directory.path() + "/log"});
        REQUIRE(opened);
        log = std::move(opened.value());
        keys.emplace(runtime, PersonalKeysOptions{.directory       = keys_directory(),
                                                  .master_key_file = master_key_file,
                                                  .secrets         = &secrets});
        store = seal_personal_data(*log, *keys);
    }
    void close()
    {
        store.reset();
        keys.reset();
        log.reset();
    }
    std::string keys_directory() const { return directory.path() + "/keys"; }

    result<Appended> append(std::vector<NewEvent> events)
    {
        return store->append(to("customer-1", ExpectedVersion::any(), std::move(events)));
    }
    // What stands for a subject's key in the files.
    std::string stored_key(const std::string& subject)
    {
        const auto copy = directory.path() + "/copy"; // of a process that lives on, and has the lock
        std::filesystem::copy(keys_directory(), copy, std::filesystem::copy_options::recursive);
        std::string bytes;
        {
            const auto database = Database::open(runtime, {.directory = copy});
            REQUIRE(database);
            bytes = database.value()->get("k" + subject).value().value();
        }
        std::filesystem::remove_all(copy);
        return bytes;
    }
    // How reading the whole log ends.
    std::string read_error()
    {
        const auto cursor = store->read({});
        for (;;) {
            const auto event = cursor->next();
            if (not event) return event.error().code;
            if (event.value() == nullptr) return "";
        }
    }

    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    TemporaryDirectory directory;
    SimulatedSecrets secrets{runtime, 1};
    std::string master_key_file;
    std::unique_ptr<LevelDbStore> log;
    std::optional<PersonalKeys> keys;
    std::unique_ptr<EventStore> store;
};

TEST_CASE("personal data lie sealed in the log, and come out as they went in", "[eventstore][personal]")
{
    Machine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary, "", "second " + canary});
    const auto other = note_of(machine.runtime, canary);
    REQUIRE(machine.append({event, other}));

    const auto opened = read_all(*machine.store);
    REQUIRE(opened.size() == 2);
    CHECK(reads_as(opened[0], event));
    CHECK(reads_as(opened[1], other));
    const auto found = machine.store->find_event(event.id);
    REQUIRE(found);
    CHECK(reads_as(found.value().value(), event));

    const auto sealed = read_all(*machine.log);
    CHECK(sealed[0].data.find(canary) == std::string::npos);
    CHECK(sealed[0].metadata.headers.at(0).second.starts_with("sealed 1 "));
    CHECK(sealed[1] == opened[1]);
}

TEST_CASE("no byte on the disk has what is personal, and all of it is gone with the key", "[eventstore][personal]")
{
    Machine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    const auto kept  = personal_event(machine.runtime, "customer-2", {canary});
    REQUIRE(machine.append({event, kept}));
    machine.open();
    CHECK(files_with(machine.directory.path(), canary) == 0);
    REQUIRE(machine.keys->forget("customer-1"));
    for (int again = 0; again < 2; ++again) {
        const auto events = read_all(*machine.store);
        CHECK(reads_as(events.at(0), erased(event)));
        CHECK(reads_as(events.at(1), kept));
        machine.open();
    }
}

TEST_CASE("a key that was made and destroyed in one life of the process leaves no byte in any file",
          "[eventstore][personal][keys]")
{
    Machine machine;
    for (int life = 0; life < 3; ++life) { // with tables of the one before beneath
        const auto subject = "customer-" + std::to_string(life);
        REQUIRE(machine.append({personal_event(machine.runtime, subject, {canary})}));
        const auto key = machine.stored_key(subject);
        REQUIRE(files_with(machine.keys_directory(), key) > 0);
        REQUIRE(machine.keys->forget(subject));
        CHECK(files_with(machine.keys_directory(), key) == 0);
        if (life == 1) machine.open();
    }
}

TEST_CASE("whatever its parts are, an event comes out as it went in", "[eventstore][personal]")
{
    Machine machine;
    CHECK(rc::check("any parts", [&](const std::vector<std::string>& parts, std::uint8_t who) {
        RC_PRE(not parts.empty());
        const auto event = personal_event(machine.runtime, "customer-" + std::to_string(who % 4), parts);
        RC_ASSERT(machine.append({event}));
        const auto found = machine.store->find_event(event.id);
        RC_ASSERT(reads_as(found.value().value(), event));
    }));
}

TEST_CASE("an event that is sent again is recognised, also when its subject was forgotten meanwhile",
          "[eventstore][personal]")
{
    Machine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary, "tea"});
    const auto first = machine.append({event});
    REQUIRE(first);
    const auto is_repeated = [&] {
        const auto again = machine.append({event});
        return again && again.value().repeated && again.value().last_position == first.value().last_position;
    };
    CHECK(is_repeated());
    machine.open();
    CHECK(is_repeated());
    auto changed = personal_event(machine.runtime, "customer-1", {canary, "gin"});
    changed.id   = event.id;
    CHECK(error_of(machine.append({changed})) == "event-with-other-content");

    REQUIRE(machine.keys->forget("customer-1"));
    CHECK(is_repeated());
    auto longer = personal_event(machine.runtime, "customer-1", {canary, "coffee"});
    longer.id   = event.id;
    CHECK(error_of(machine.append({longer})) == "event-with-other-content");
    REQUIRE(machine.keys->finish_forgetting("customer-1"));
    REQUIRE(machine.keys->readmit("customer-1"));
    CHECK(is_repeated());
    CHECK(machine.store->head() == 1);
}

TEST_CASE("an event that a scavenge has taken out is recognised when it is sent again, and nothing new goes with it",
          "[eventstore][personal]")
{
    Machine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    const auto first = machine.append({event, note_of(machine.runtime, "tea")});
    REQUIRE(first);
    REQUIRE(delete_stream(*machine.log, machine.runtime.ids, "customer-1"));
    REQUIRE(machine.log->scavenge({}).value().events == 2);
    REQUIRE(machine.store->find_event(event.id).value() == std::nullopt);
    REQUIRE(machine.keys->forget("customer-1"));
    const auto head = machine.store->head();

    const auto again = machine.append({event});
    INFO((again ? "" : again.error().sentence));
    REQUIRE(again);
    CHECK(again.value().repeated);
    CHECK(again.value().first_position == first.value().first_position);
    std::optional<result<Appended>> told;
    machine.store->append(to("customer-1", ExpectedVersion::any(), {event}), [&](auto answer) { told = answer; });
    REQUIRE(machine.simulated.wait_until([&] { return told.has_value(); }, Time::max()));
    REQUIRE(*told);
    CHECK(told->value().repeated);

    const auto unknown = personal_event(machine.runtime, "customer-1", {canary});
    CHECK(error_of(machine.append({unknown})) == "subject-forgotten");
    CHECK(error_of(machine.append({event, unknown})) == "events-partly-present");
    CHECK(error_of(machine.store->append(to("customer-2", ExpectedVersion::any(), {event}))) ==
          "event-in-another-stream");
    CHECK(machine.store->head() == head);
}

TEST_CASE("a command that is sent again for a forgotten subject gets its first answer", "[eventstore][personal]")
{
    Machine machine;
    auto request = to("customer-1", ExpectedVersion::any(), {personal_event(machine.runtime, "customer-1", {canary})});
    request.command = CommandRecord{.id = machine.runtime.ids.next(), .stream = "customer-1"};
    REQUIRE(machine.store->append(request));
    REQUIRE(machine.keys->forget("customer-1"));
    request.streams[0].events[0] =
        personal_event(machine.runtime, "customer-1", {canary}); // decided again, with a new id
    const auto again = machine.store->append(request);
    REQUIRE(again);
    CHECK(again.value().repeated);
    CHECK(machine.store->head() == 1);
}

TEST_CASE("nothing new is sealed for a subject that was forgotten until it is given a new key",
          "[eventstore][personal]")
{
    Machine machine;
    const auto old_event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({old_event}));
    REQUIRE(machine.keys->forget("customer-1"));
    const auto new_event = personal_event(machine.runtime, "customer-1", {"back again"});
    CHECK(error_of(machine.append({new_event})) == "subject-forgotten");
    CHECK(machine.store->head() == 1);
    const auto from_memory = erased(old_event); // an event whose personal data are erased needs no key
    auto copied            = from_memory;
    copied.id              = machine.runtime.ids.next();
    CHECK(machine.append({copied}));

    CHECK(error_of(machine.keys->readmit("customer-2")) == "subject-not-forgotten");
    // Until its copies are gone, too: a new key would hide that the erasure is not finished.
    CHECK(error_of(machine.keys->readmit("customer-1")) == "erasure-not-complete");
    CHECK(machine.keys->status("customer-1").value().key_version == std::nullopt);
    REQUIRE(machine.keys->finish_forgetting("customer-1"));
    const auto readmitted = machine.keys->readmit("customer-1");
    REQUIRE(readmitted);
    CHECK(readmitted.value().key_version == 2);
    REQUIRE(machine.append({new_event}));
    machine.open();
    const auto events = read_all(*machine.store);
    CHECK(reads_as(events.at(0), from_memory));
    CHECK(reads_as(events.at(2), new_event));
    REQUIRE(machine.keys->forget("customer-1"));
    CHECK(reads_as(read_all(*machine.store).at(2), erased(new_event)));
}

TEST_CASE("who observes the log is told what was appended in the open", "[eventstore][personal]")
{
    Machine machine;
    std::vector<RecordedEvent> told;
    const auto observation =
        machine.store->observe([&](const auto& events) { told.insert(told.end(), events->begin(), events->end()); });
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({event, note_of(machine.runtime, "tea")}));
    REQUIRE(told.size() == 2);
    CHECK(reads_as(told[0], event));
    CHECK(told == read_all(*machine.store));
}

TEST_CASE(
    "an event that does not open as it is appended is handed to no reader, who is told why as one who reads the log",
    "[eventstore][personal]")
{
    Machine machine;
    EventBus bus{machine.runtime, *machine.store};
    std::vector<RecordedEvent> handed_over;
    const auto reader   = bus.subscribe({.name = "reader"}, [&](const Delivery& delivery) -> result<void> {
        handed_over.insert(handed_over.end(), delivery.events.begin(), delivery.events.end());
        return done();
    });
    const auto far_away = [](Time now) { return now + std::chrono::hours{1}; };
    const auto whole    = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({whole}));
    REQUIRE(bus.wait_for(*reader, 1, far_away(machine.runtime.clock.now())));

    auto sealed = read_all(*machine.log).at(0); // of another store, whose keys are not here
    auto& note  = *find_personal_note(sealed.metadata);
    note.replace(note.find("customer-1"), 10, "customer-9");
    REQUIRE(machine.append(
        {{.id = machine.runtime.ids.next(), .type = sealed.type, .data = sealed.data, .metadata = sealed.metadata}}));
    CHECK_FALSE(bus.wait_for(*reader, 2, far_away(machine.runtime.clock.now())));
    REQUIRE(reader->error());
    CHECK(reader->error()->code == "personal-key-missing");
    CHECK(reader->error()->code == machine.read_error());
    REQUIRE(handed_over.size() == 1);
    CHECK(reads_as(handed_over[0], whole));
}

TEST_CASE("sealed bytes that are found in another event do not open", "[eventstore][personal]")
{
    Machine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({event}));
    const auto sealed = read_all(*machine.log).at(0);
    NewEvent moved{
        .id = machine.runtime.ids.next(), .type = sealed.type, .data = sealed.data, .metadata = sealed.metadata};
    REQUIRE(machine.append({moved}));
    CHECK(machine.read_error() == "personal-data-damaged");
    CHECK(reads_as(read_all(*machine.store, {.limit = 1}).at(0), event));
}

TEST_CASE("what is sealed already is taken as it is, and opens in a store that has the keys", "[eventstore][personal]")
{
    Machine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({event}));
    const auto sealed = read_all(*machine.log).at(0);
    machine.close();
    std::filesystem::remove_all(machine.directory.path() + "/log");
    machine.open();
    const NewEvent brought{.id = sealed.id, .type = sealed.type, .data = sealed.data, .metadata = sealed.metadata};
    REQUIRE(machine.append({brought}));
    CHECK(reads_as(read_all(*machine.store).at(0), event));
}

TEST_CASE("a note that does not fit its event is refused, and nothing is written", "[eventstore][personal]")
{
    Machine machine;
    const auto with = [&](const std::string& note) {
        auto event                          = personal_event(machine.runtime, "customer-1", {canary});
        *find_personal_note(event.metadata) = note;
        return error_of(machine.append({event}));
    };
    CHECK(with("open 6 ") == "invalid-personal-data");
    CHECK(with("open x customer-1") == "invalid-personal-data");
    CHECK(with("open 6,6 customer-1") == "invalid-personal-data");
    CHECK(with("open 5 customer-1") == "invalid-personal-data");
    CHECK(with("open 99999 customer-1") == "invalid-personal-data");
    CHECK(with("open 6 cust\nomer") == "invalid-subject");
    CHECK(with("open 6 " + std::string(513, 'x')) == "invalid-subject");
    CHECK(with("closed 6 customer-1") == "personal-data-open");
    CHECK(machine.store->head() == 0);
}

TEST_CASE("keys that are lost are reported as lost, and not taken for erasure", "[eventstore][personal][keys]")
{
    Machine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({event}));
    machine.close();
    std::filesystem::remove_all(machine.keys_directory());
    machine.open();
    CHECK(machine.read_error() == "personal-key-missing");
    CHECK(error_of(machine.store->find_event(event.id)) == "personal-key-missing");
    CHECK(error_of(machine.keys->forget("customer-1")) == "no-such-subject");
    REQUIRE(machine.keys->forget("customer-1", true)); // somebody says that it is to count as erased
    CHECK(reads_as(read_all(*machine.store).at(0), erased(event)));
}

TEST_CASE("a key that is damaged is reported as damaged, at every byte, and not taken for erasure",
          "[eventstore][personal][keys]")
{
    Machine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    const auto other = personal_event(machine.runtime, "customer-2", {canary});
    REQUIRE(machine.append({event, other}));
    machine.close();
    const auto with_keys = [&](const auto& change) {
        const auto database = Database::open(machine.runtime, {.directory = machine.keys_directory()});
        REQUIRE(database);
        change(*database.value());
    };
    std::string whole;
    with_keys([&](Database& keys) { whole = keys.get("kcustomer-1").value().value(); });
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto flipped = whole;
        flipped[at] ^= 1;
        with_keys([&](Database& keys) {
            Batch batch;
            batch.put("kcustomer-1", flipped);
            REQUIRE(keys.write(batch, Durability::synced));
        });
        machine.open();
        REQUIRE(machine.read_error() == "personal-key-damaged");
        const auto info = machine.keys->info(true);
        REQUIRE(info);
        CHECK(info.value().damaged == std::vector<std::string>{"customer-1"});
        CHECK(reads_as(machine.store->find_event(other.id).value().value(), other));
        CHECK(error_of(machine.append({personal_event(machine.runtime, "customer-1", {"more"})})) ==
              "personal-key-damaged");
        machine.close();
    }
    machine.open();
    REQUIRE(machine.keys->forget("customer-1"));
    CHECK(machine.read_error() == "");
}

TEST_CASE("a master key that is missing, wrong or no key is said to be so", "[eventstore][personal][keys]")
{
    Machine machine;
    machine.master_key_file = machine.directory.path() + "/elsewhere";
    machine.open();
    REQUIRE(machine.append({personal_event(machine.runtime, "customer-1", {canary})}));
    CHECK(std::filesystem::exists(machine.master_key_file));
    CHECK_FALSE(std::filesystem::exists(machine.keys_directory() + "/master.key"));
    const auto opened_with = [&](const std::string& content) {
        std::ofstream{machine.directory.path() + "/changed"} << content;
        machine.master_key_file = machine.directory.path() + "/changed";
        machine.open();
        return machine.read_error();
    };
    CHECK(opened_with(std::string(64, 'a') + "\n") == "master-key-wrong");
    CHECK(opened_with(std::string(63, 'a') + "\n") == "damaged-master-key");
    CHECK(opened_with(std::string(64, 'g') + "\n") == "damaged-master-key");
    CHECK(opened_with("") == "damaged-master-key");
    machine.master_key_file = machine.directory.path() + "/nowhere";
    machine.open();
    CHECK(machine.read_error() == "master-key-missing");
    CHECK(error_of(machine.append({personal_event(machine.runtime, "customer-9", {canary})})) == "master-key-missing");
    REQUIRE(machine.keys->forget("customer-1")); // for which no master key is needed
    CHECK(machine.read_error() == "");
}

TEST_CASE("the system's secret files are their owner's alone, and none is made over another",
          "[eventstore][personal][keys]")
{
    const TemporaryDirectory directory;
    const auto path = directory.path() + "/secret";
    auto& secrets   = system_secrets();
    CHECK(secrets.read(path).value() == std::nullopt);
    REQUIRE(secrets.create(path, "text"));
    CHECK(secrets.read(path).value() == "text");
    struct stat about {};
    REQUIRE(stat(path.c_str(), &about) == 0);
    CHECK((about.st_mode & 07777) == 0600);
    CHECK(error_of(secrets.create(path, "other")) == "secret-file-exists");
    CHECK(secrets.read(path).value() == "text");
    CHECK(std::distance(std::filesystem::directory_iterator{directory.path()}, {}) == 1);

    for (const mode_t mode : {0640, 0604, 0620, 0602, 0601}) {
        REQUIRE(chmod(path.c_str(), mode) == 0);
        CHECK(error_of(secrets.read(path)) == "secret-file-exposed");
    }
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    const auto link = directory.path() + "/link";
    std::filesystem::create_symlink(path, link);
    CHECK(error_of(secrets.read(link)) == "secret-file-exposed");
    CHECK(error_of(secrets.create(link, "other")) == "secret-file-exists");
    CHECK(error_of(secrets.read(directory.path())) == "secret-file-exposed");
    CHECK(error_of(secrets.create(directory.path() + "/none/secret", "x")) == "secret-file-not-made");
}

TEST_CASE("after a rekey the new master key opens every key, and the old one none", "[eventstore][personal][keys]")
{
    Machine machine;
    std::vector<NewEvent> events;
    for (int who = 0; who < 600; ++who) {
        events.push_back(personal_event(machine.runtime, "customer-" + std::to_string(who), {canary}));
    }
    REQUIRE(machine.append(events));
    REQUIRE(machine.keys->forget("customer-7"));
    const auto old_file = machine.keys_directory() + "/master.key";
    const auto new_file = machine.directory.path() + "/new.key";
    // It is ended half-way, and goes on; keys that are made meanwhile are under the new master key.
    const auto ended = machine.keys->rekey(new_file, [&](std::uint64_t, std::uint64_t) -> result<void> {
        return fail(Failure::unavailable, "interrupted", "Nobody wants it.");
    });
    CHECK(error_of(ended) == "interrupted");
    const auto late = personal_event(machine.runtime, "customer-late", {canary});
    REQUIRE(machine.append({late}));
    CHECK(machine.keys->info(true).value().is_rekeying);
    for (const auto& file : {old_file, new_file}) { // either one opens everything
        machine.master_key_file = file;
        machine.open();
        CHECK(machine.read_error() == "");
        CHECK(machine.keys->info(true).value().damaged.empty());
    }
    CHECK(error_of(machine.keys->rekey(machine.directory.path() + "/third.key")) == "rekey-under-way");
    const auto report = machine.keys->rekey(new_file);
    REQUIRE(report);
    CHECK(report.value().keys == 599 - 256); // the late one is under it already
    const auto again = machine.keys->rekey(new_file);
    REQUIRE(again);
    CHECK(again.value().was_done);
    CHECK(again.value().keys == 0);
    machine.open();
    CHECK(machine.read_error() == "");
    CHECK(reads_as(read_all(*machine.store).back(), late));
    CHECK(reads_as(read_all(*machine.store).at(7), erased(events[7])));
    machine.master_key_file = old_file;
    machine.open();
    CHECK(machine.read_error() == "master-key-wrong");
}

// Keys of so many subjects.
void make_keys(Machine& machine, int subjects)
{
    std::vector<std::string> names;
    for (int who = 0; who < subjects; ++who) names.push_back("customer-" + std::to_string(who));
    REQUIRE(machine.keys->keys_to_seal(names));
}

TEST_CASE("of two rekeys at once the second is refused, and the first goes on as if it were alone",
          "[eventstore][personal][keys]")
{
    Machine machine;
    make_keys(machine, 600);
    const auto new_file = machine.directory.path() + "/new.key";
    std::vector<std::string> second;
    const auto first = machine.keys->rekey(new_file, [&](std::uint64_t, std::uint64_t) -> result<void> {
        second.push_back(error_of(machine.keys->rekey(new_file)));
        return done();
    });
    REQUIRE(first);
    CHECK(first.value().keys == 600);
    CHECK(second.size() > 1);
    CHECK(second == std::vector<std::string>(second.size(), "rekey-is-running"));
    CHECK(machine.keys->rekey(new_file).value().was_done);
    machine.master_key_file = new_file;
    machine.open();
    CHECK(machine.keys->info(true).value().damaged.empty());
}

TEST_CASE("while all keys are looked at or wrapped anew others are made, opened and destroyed",
          "[eventstore][personal][keys]")
{
    constexpr int subjects = 3'000; // some pages
    Machine machine;
    make_keys(machine, subjects);
    int made              = 0;
    std::uint64_t reached = 0;
    std::uint64_t whole   = 0;
    const auto meanwhile  = [&](std::uint64_t done_so_far, std::uint64_t all) -> result<void> {
        CHECK(done_so_far >= reached);
        CHECK(done_so_far <= all);
        reached            = done_so_far;
        whole              = all;
        const auto subject = "late-" + std::to_string(made++);
        CHECK(machine.keys->keys_to_seal({subject}));
        CHECK(machine.keys->key_to_open("customer-1", 1));
        if (made % 2 == 0) CHECK(machine.keys->forget(subject));
        return done();
    };
    const auto verified = machine.keys->info(true, meanwhile);
    REQUIRE(verified);
    CHECK(verified.value().damaged.empty());
    CHECK(made > 1);
    CHECK(reached == whole);

    reached              = 0;
    const auto old_bytes = machine.stored_key("customer-7");
    const auto new_file  = machine.directory.path() + "/new.key";
    bool is_there_at_end = true;
    REQUIRE(machine.keys->rekey(new_file, [&](std::uint64_t done_so_far, std::uint64_t all) -> result<void> {
        BOOST_OUTCOME_TRY(meanwhile(done_so_far, all));
        is_there_at_end = files_with(machine.keys_directory(), old_bytes) > 0;
        return done();
    }));
    CHECK(reached == whole);
    CHECK_FALSE(is_there_at_end); // nothing is left to be done after the last step
    machine.master_key_file = new_file;
    machine.open();
    const auto info = machine.keys->info(true).value();
    CHECK(info.damaged.empty());
    CHECK(info.keys == static_cast<std::uint64_t>(subjects + made - made / 2));
}

} // namespace personal_data_test
