// The keys of personal data as they are kept from the command line: what is lost, made again and exchanged.
#include "service/typed_customers.hpp"

namespace personal_keys_commands_test {

using namespace typed_customers;

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

} // namespace personal_keys_commands_test
