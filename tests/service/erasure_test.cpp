// A person's data in every file of a service, and the same files when the person was forgotten.
#include "personal/cards.hpp"
#include "service/kept_console.hpp"
#include "support/every_store.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace erasure_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace customers;
using Json   = nlohmann::json;
namespace fs = std::filesystem;

const std::string canary_name   = "Ada-Canary-Lovelace";
const std::string canary_street = "Canary-Square-12";
const std::string canary_town   = "Canary-upon-Thames";
const std::string kept_name     = "Grace-Kept-Hopper";
const std::vector<std::string> canaries{canary_name, canary_street, canary_town};

// A projection that goes on without what it cannot handle, and says in the dead letter what it was.
Projected<CustomerId, Card> picky()
{
    return projection<CustomerId, Card>("picky", 1, [](Card& row, const Registered& event) -> result<void> {
        row.name = event.name;
        if (event.name.is_erased()) return done();
        return fail(Failure::invalid, "unwanted", "I do not take " + event.name.value_or("") + ".");
    });
}

class Shop final : public OpenService {
public:
    explicit Shop(std::unique_ptr<Service> service) : service_{std::move(service)} {}
    Service& service() override { return *service_; }

private:
    std::unique_ptr<Service> service_;
};

result<std::unique_ptr<OpenService>> open_shop(const Runtime& runtime, const std::string& directory, bool)
{
    BOOST_OUTCOME_TRY(auto service, Service::open(runtime, {.directory = directory}));
    auto& projections = service->projections();
    BOOST_OUTCOME_TRY(projections.add(cards(), {.copies = {.every = 1}}));
    BOOST_OUTCOME_TRY(projections.add(cards("cards-in-sql"), {.kept_in = RowPlace::sqlite}));
    BOOST_OUTCOME_TRY(projections.add(cards("cards-in-memory"), {.kept_in = RowPlace::memory}));
    BOOST_OUTCOME_TRY(projections.add(picky(), {.on_failure = OnFailure::park}));
    return std::unique_ptr<OpenService>{std::make_unique<Shop>(std::move(service))};
}

// Files whose bytes have one of the texts, by their path within the directory.
std::vector<std::string> files_with(const std::string& directory, const std::vector<std::string>& texts)
{
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
        if (not entry.is_regular_file()) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
        for (const auto& text : texts) {
            if (bytes.find(text) == std::string::npos) continue;
            found.push_back(fs::relative(entry.path(), directory).string());
            break;
        }
    }
    return found;
}

bool any_beneath(const std::vector<std::string>& files, const std::string& directory)
{
    return std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.starts_with(directory); });
}

struct Typed {
    const Program program{"customers", "Customers.", [](CommandLine& line) {
                              line.opens(open_shop);
                              line.knows(event_types<Customer>());
                          }};
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const TemporaryDirectory directory;
    KeptConsole console{{.err_is_terminal = false, .width = 100}};

    template <class Work>
    void with_service(const Work& work)
    {
        const auto open = open_shop(runtime, directory.path(), true);
        REQUIRE(open);
        auto& service = open.value()->service();
        REQUIRE(service.start());
        const auto catch_up = [&] {
            const auto deadline = runtime.clock.now() + std::chrono::hours{1};
            REQUIRE(service.wait_for(service.store().head(), deadline, [] { return done(); }));
        };
        catch_up();
        work(service);
        catch_up();
        simulated.run_until_idle(); // copies of rows, too
    }

    void fill()
    {
        with_service([](Service& service) {
            const auto send = [&](const std::string& who, const auto& command) {
                REQUIRE(service.commands().send(CustomerId{who}, command));
            };
            send("1", Register{CustomerId{"1"}, canary_name, {canary_street, canary_town}});
            send("2", Register{CustomerId{"2"}, kept_name, {"Kept-Street", "Kept-Town"}});
            for (const int cents : {100, 250, 75}) {
                send("1", Buy{cents});
                send("2", Buy{cents});
            }
        });
    }

    int type(std::vector<std::string> words) { return type_in(directory.path(), std::move(words)); }
    int type_in(const std::string& data, std::vector<std::string> words)
    {
        console.said_out.clear();
        console.said_err.clear();
        words.insert(words.end(), {"--data", data, "--json"});
        CommandLine line{program, {console, runtime, directory.path(), {}}};
        REQUIRE_FALSE(line.read(std::move(words)));
        return line.carry_out();
    }
    Json answer() const { return Json::parse(console.said_out); }
    std::string error_code() const { return Json::parse(console.said_err).at("error").at("code"); }

    std::vector<std::string> names_in(const std::string& projection)
    {
        std::vector<std::string> names;
        with_service([&](Service& service) {
            const auto rows = service.projections().rows_now(projection);
            REQUIRE(rows);
            for (const std::string who : {"1", "2"}) {
                const auto row = rows.value().row({.table = "", .key = who});
                REQUIRE(row);
                names.push_back(Json::parse(row.value().value()).at("row").at("name").dump());
            }
        });
        return names;
    }
};

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

TEST_CASE("keys that are lost altogether are told by looking at the log, and those of who was forgotten are not",
          "[service][personal]")
{
    Typed typed;
    typed.fill();
    REQUIRE(typed.type({"store", "keys", "verify"}) == 0);
    CHECK(typed.answer().at("subjects_without_their_key") == 0);
    REQUIRE(typed.type({"store", "forget", "customer-1", "--yes"}) == 0);
    REQUIRE(typed.type({"store", "keys", "verify"}) == 0);
    CHECK(typed.answer().at("subjects_without_their_key") == 0);
    fs::remove_all(typed.directory.path() + "/keys");
    CHECK(typed.type({"store", "keys", "verify"}) == 1);
    CHECK(typed.error_code() == "personal-key-missing");
    CHECK(typed.answer().at("subjects_without_their_key") == 2); // nothing says any more that one of them was forgotten
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

TEST_CASE(
    "a person who comes back is given a new key when nothing is left of the old data, and a dry run says so before",
    "[service][personal]")
{
    Typed typed;
    typed.fill();
    const auto would = [&] {
        REQUIRE(typed.type({"store", "keys", "readmit", "customer-1", "--dry-run"}) == 0);
        return typed.answer();
    };
    const auto readmit_error = [&] {
        CHECK(typed.type({"store", "keys", "readmit", "customer-1"}) == 1);
        return typed.error_code();
    };
    CHECK(would().at("would_make_a_key") == false);
    CHECK(readmit_error() == "subject-not-forgotten");
    // As a process leaves it that dies while it forgets.
    typed.with_service([](Service& service) { REQUIRE(service.personal_keys().forget("customer-1")); });
    CHECK(would().at("would_make_a_key") == false);
    CHECK(would().at("erasure_complete") == false);
    CHECK(readmit_error() == "erasure-not-complete");
    CHECK(any_beneath(files_with(typed.directory.path(), canaries), "snapshots/"));
    REQUIRE(typed.type({"store", "forget", "customer-1", "--yes", "--rebuild"}) == 0);
    CHECK(files_with(typed.directory.path(), canaries) == std::vector<std::string>{});

    CHECK(would().at("would_make_a_key") == true);
    CHECK(would().at("key_version").is_null());
    REQUIRE(typed.type({"store", "keys", "readmit", "customer-1"}) == 0);
    CHECK(typed.answer().at("key_version") == 2);
    CHECK(would().at("would_make_a_key") == false);
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

TEST_CASE("the master key is exchanged from the command line, and the old one opens nothing any more",
          "[service][personal]")
{
    Typed typed;
    typed.fill();
    const auto master = typed.directory.path() + "/keys/master.key";
    REQUIRE(typed.type({"store", "keys", "rekey", "--new-master", "new.key", "--dry-run"}) == 0);
    CHECK(typed.answer().at("would_wrap_anew") == 2);
    CHECK_FALSE(fs::exists(typed.directory.path() + "/new.key"));
    CHECK(typed.type({"store", "keys", "rekey", "--new-master", "new.key"}) == 1);
    CHECK(typed.error_code() == "needs-yes");
    CHECK_FALSE(fs::exists(typed.directory.path() + "/new.key"));
    REQUIRE(typed.type({"store", "keys", "verify"}) == 0);
    REQUIRE(typed.type({"store", "keys", "rekey", "--new-master", "new.key", "--yes"}) == 0);
    CHECK(typed.answer().at("wrapped_anew") == 2);
    // Said again while the old one is in its place still.
    REQUIRE(typed.type({"store", "keys", "rekey", "--new-master", "new.key", "--yes"}) == 0);
    CHECK(typed.answer().at("wrapped_anew") == 0);
    CHECK(typed.type({"events", "show", "1"}) == 1);
    CHECK(typed.error_code() == "master-key-wrong");
    fs::rename(typed.directory.path() + "/new.key", master);
    REQUIRE(typed.type({"store", "keys", "verify"}) == 0);
    CHECK(typed.answer().at("keys") == 2);
    REQUIRE(typed.type({"events", "show", "1"}) == 0);
    CHECK(typed.answer().at("data").at("name") == canary_name);
    fs::permissions(master, fs::perms::group_read, fs::perm_options::add);
    CHECK(typed.type({"events", "show", "1"}) == 1);
    CHECK(typed.error_code() == "secret-file-exposed");
}

} // namespace erasure_test
