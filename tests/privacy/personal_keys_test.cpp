// The keys of personal data: lost, damaged, wrapped anew.
#include "privacy/personal_machine.hpp"

namespace personal_data_test {

TEST_CASE("keys that are lost are reported as lost, and not taken for erasure", "[eventstore][personal][keys]")
{
    PersonalMachine machine;
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
    PersonalMachine machine;
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
    PersonalMachine machine;
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
    PersonalMachine machine;
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
void make_keys(PersonalMachine& machine, int subjects)
{
    std::vector<std::string> names;
    for (int who = 0; who < subjects; ++who) names.push_back("customer-" + std::to_string(who));
    REQUIRE(machine.keys->keys_to_seal(names));
}

TEST_CASE("of two rekeys at once the second is refused, and the first goes on as if it were alone",
          "[eventstore][personal][keys]")
{
    PersonalMachine machine;
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
    PersonalMachine machine;
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
