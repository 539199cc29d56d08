// A person's data in every file of a service, and the same files when the person was forgotten.
#include "service/typed_customers.hpp"

namespace erasure_test {

using namespace typed_customers;
using typed_customers::Json; // not the service's own

TEST_CASE("after a person was forgotten and projections were rebuilt, no byte of any file has the person's data",
          "[service][personal]")
{
    Typed typed;
    typed.fill();
    const auto before = files_with(typed.directory.path(), canaries);
    CHECK(any_beneath(before, "snapshots/"));
    CHECK(any_beneath(before, "projections/cards/generation-"));
    CHECK(any_beneath(before, "projections/cards/copy-"));
    CHECK(any_beneath(before, "projections/cards-in-sql/"));
    CHECK(any_beneath(before, "projections/picky/")); // as a dead letter
    CHECK_FALSE(any_beneath(before, "log/"));
    CHECK_FALSE(any_beneath(before, "sagas/"));
    CHECK_FALSE(any_beneath(before, "keys/"));
    REQUIRE(typed.type({"dead-letters", "list"}) == 0);
    CHECK(typed.console.said_out.find(canary_name) != std::string::npos);
    // A backup and an export, from before.
    const TemporaryDirectory elsewhere;
    const auto backups = elsewhere.path() + "/backups";
    REQUIRE(typed.type({"store", "backup", backups, "--copy"}) == 0);
    REQUIRE(typed.type({"store", "export", elsewhere.path() + "/history.jsonl"}) == 0);
    CHECK(files_with(elsewhere.path(), canaries).empty());
    REQUIRE(typed.type({"events", "show", "1"}) == 0);
    CHECK(typed.answer().at("data").at("name") == canary_name);

    REQUIRE(typed.type({"store", "forget", "customer-1", "--yes", "--rebuild"}) == 0);
    const auto forgotten = typed.answer();
    CHECK(forgotten.at("changed_something") == true);
    CHECK(forgotten.at("projections") == Json{"cards", "cards-in-memory", "cards-in-sql", "picky"});
    CHECK(forgotten.at("key_version").is_null());
    CHECK(files_with(typed.directory.path(), canaries) == std::vector<std::string>{});
    CHECK_FALSE(files_with(typed.directory.path(), {kept_name}).empty());

    // The events stay, and read as erased: here, and with the same keys in what comes of the backup and of the export.
    const auto restored = elsewhere.path() + "/restored";
    const auto imported = elsewhere.path() + "/imported";
    REQUIRE(typed.type_in(restored, {"store", "restore", backups}) == 0);
    REQUIRE(typed.type_in(imported, {"store", "import", elsewhere.path() + "/history.jsonl"}) == 0);
    for (const auto& other : {restored, imported}) {
        fs::copy(typed.directory.path() + "/keys", other + "/keys", fs::copy_options::recursive);
        REQUIRE(typed.type_in(other, {"projections", "rebuild", "--all"}) == 0);
    }
    for (const auto& place : {typed.directory.path(), restored, imported}) {
        INFO(place);
        REQUIRE(typed.type_in(place, {"events", "show", "1"}) == 0);
        CHECK(typed.answer().at("data").at("name") == Json{{"erased", true}});
        CHECK(typed.answer().at("data").at("customer") == "1");
        REQUIRE(typed.type_in(place, {"events", "show", "2"}) == 0);
        CHECK(typed.answer().at("data").at("name") == kept_name);
    }
    CHECK(files_with(elsewhere.path(), canaries) == std::vector<std::string>{});
    CHECK_FALSE(files_with(elsewhere.path(), {kept_name}).empty());
    for (const std::string projection : {"cards", "cards-in-sql", "cards-in-memory"}) {
        CHECK(typed.names_in(projection) == std::vector<std::string>{R"({"erased":true})", Json(kept_name).dump()});
    }
    REQUIRE(typed.type({"projections", "verify", "--all"}) == 0);
    CHECK(files_with(typed.directory.path(), canaries) == std::vector<std::string>{});
}

TEST_CASE("an export has personal data sealed, and who imports it reads them with the keys only, until they are erased",
          "[service][personal]")
{
    Typed typed;
    typed.fill();
    const TemporaryDirectory exports;
    CHECK(typed.type({"store", "export", "history"}) == 1); // into the data themselves
    CHECK(typed.error_code() == "within-the-data");
    REQUIRE(typed.type({"store", "export", exports.path() + "/history"}) == 0);
    const TemporaryDirectory other;
    REQUIRE(typed.type_in(other.path(), {"store", "import", exports.path() + "/history"}) == 0);
    CHECK(files_with(other.path(), canaries).empty());
    CHECK(typed.type_in(other.path(), {"events", "show", "1"}) == 1);
    CHECK(typed.error_code() == "personal-key-missing");

    const auto bring_keys = [&] {
        fs::remove_all(other.path() + "/keys");
        fs::copy(typed.directory.path() + "/keys", other.path() + "/keys", fs::copy_options::recursive);
    };
    bring_keys();
    REQUIRE(typed.type_in(other.path(), {"events", "show", "1"}) == 0);
    CHECK(typed.answer().at("data").at("name") == canary_name);
    REQUIRE(typed.type({"store", "forget", "customer-1", "--yes"}) == 0);
    bring_keys();
    REQUIRE(typed.type_in(other.path(), {"events", "show", "1"}) == 0);
    CHECK(typed.answer().at("data").at("name") == Json{{"erased", true}});
}

TEST_CASE("nobody is forgotten whose name is none", "[service][personal]")
{
    Typed typed;
    typed.fill();
    for (const std::string name : {"a\nb", "\xff", "\x1b[2J"}) {
        CHECK(typed.type({"store", "forget", name, "--key-is-lost", "--yes"}) == 1);
        CHECK(typed.error_code() == "invalid-subject");
    }
    CHECK(typed.type({"store", "forget", std::string(600, 'x'), "--key-is-lost", "--yes"}) == 1);
    CHECK(typed.error_code() == "invalid-subject");
    REQUIRE(typed.type({"store", "forget", "customer-9", "--key-is-lost", "--dry-run"}) == 0);
    CHECK(typed.answer().at("would_count_as_erased") == true);
}

TEST_CASE("forgetting asks for consent, shows beforehand what it would do, and does nothing the second time",
          "[service][personal]")
{
    Typed typed;
    typed.fill();
    REQUIRE(typed.type({"store", "forget", "customer-1", "--dry-run"}) == 0);
    CHECK(typed.answer().at("would_destroy_a_key") == true);
    CHECK(typed.answer().at("key_version") == 1);
    CHECK(typed.type({"store", "forget", "customer-1"}) == 1);
    CHECK(typed.error_code() == "needs-yes");
    REQUIRE(typed.type({"store", "keys", "info"}) == 0);
    CHECK(typed.answer().at("keys") == 2);
    CHECK(typed.answer().at("erasures") == 0);
    CHECK(typed.type({"store", "forget", "customer-3", "--yes"}) == 1);
    CHECK(typed.error_code() == "no-such-subject");

    REQUIRE(typed.type({"store", "forget", "customer-1", "--yes"}) == 0);
    CHECK(typed.answer().at("changed_something") == true);
    const auto erased_at = typed.answer().at("erased_at");
    typed.simulated.advance(std::chrono::hours{1});
    const auto bytes_of_keys = [&] {
        std::map<std::string, std::uintmax_t> sizes;
        for (const auto& file : fs::directory_iterator(typed.directory.path() + "/snapshots")) {
            if (file.path().extension() == ".ldb") sizes[file.path().string()] = file.file_size();
        }
        return sizes;
    };
    const auto snapshots_then = bytes_of_keys();
    REQUIRE(typed.type({"store", "forget", "customer-1", "--yes"}) == 0);
    CHECK(typed.answer().at("changed_something") == false);
    CHECK(typed.answer().at("erased_at") == erased_at);
    CHECK(bytes_of_keys() == snapshots_then);
    REQUIRE(typed.type({"store", "keys", "erased"}) == 0);
    CHECK(typed.answer() == Json{{{"subject", "customer-1"}, {"erased_at", erased_at}, {"complete", true}}});
    REQUIRE(typed.type({"store", "forget", "customer-1", "--dry-run"}) == 0);
    CHECK(typed.answer().at("would_destroy_a_key") == false);
}

TEST_CASE("a service that runs shows no erased data, and keeps none in memory for later", "[service][personal]")
{
    Typed typed;
    typed.fill();
    typed.with_service([&](Service& service) {
        const CustomerId ada{"1"};
        REQUIRE(service.commands().load(ada).value().name == canary_name); // in memory from here on
        std::vector<bool> erased;
        REQUIRE(service.forget("customer-1"));
        CHECK(service.commands().load(ada).value().name.is_erased());
        const auto follower = service.events().on<Customer, Registered>(
            {.name = "follower"}, [&](const Registered& event, const RecordedEvent&) -> result<void> {
                erased.push_back(event.name.is_erased());
                return done();
            });
        CHECK(service.events().wait_for(*follower, service.store().head(),
                                        typed.runtime.clock.now() + std::chrono::hours{1}));
        CHECK(erased == std::vector{true, false});

        const auto refused = service.commands().send(ada, Register{ada, canary_name, {canary_street, canary_town}});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "subject-forgotten");
        CHECK(service.commands().send(ada, Buy{5})); // which has nothing personal
        CHECK(service.commands().send(ada, Buy{6})); // and a snapshot is taken
    });
    REQUIRE(typed.type({"projections", "rebuild", "--all"}) == 0);
    CHECK(files_with(typed.directory.path(), canaries) == std::vector<std::string>{});
}

TEST_CASE("an inline projection that hears personal data is refused: its rows would lie in the log",
          "[service][personal]")
{
    Typed typed;
    const auto service = Service::open(typed.runtime, {.directory = typed.directory.path()});
    REQUIRE(service);
    const auto added = service.value()->projections().add(cards(), {.kept_in = RowPlace::log});
    REQUIRE_FALSE(added);
    CHECK(added.error().code == "inline-personal-data");
}

} // namespace erasure_test
