// What a command says about words that are wrong, and about a place for the data that is none.
#include "service/serving.hpp"
#include "support/every_store.hpp"

#include "host/tenants.hpp"
#include "json/limited_json.hpp"

#include <filesystem>
#include <fstream>

namespace wrong_words_test {

using namespace eventloom;
using namespace eventloom::testing;
using Words = std::vector<std::string>;

TEST_CASE("each wrong word is named in plain words, with exit code 2", "[service][typing]")
{
    Serving serving;
    const auto refused = [&](const Words& words, const std::string& sentence) {
        CHECK(serving.type(words) == 2);
        CHECK_THAT(serving.console.said_err, Catch::StartsWith(sentence));
    };
    refused({"counters", "list", "--newest", "--limit", "1", "--limit", "2"},
            "--limit was given 2 values and takes one; give it once");
    refused({"counters", "list", "--newest", "more"},
            "asked for `tally counters list` and found \"more\", a word too many");
    refused({"counters", "list", "--newest", "--open=maybe"}, "--open was given \"maybe\", which is not a value");
    refused({"query", "sums", "--limit", "-1"}, "--limit: \"-1\" is not a whole number of at least 0");
    refused({"query", "sums", "--limit", "many"}, "--limit: \"many\" is not a whole number of at least 0");
    refused({"streams", "limits", "counter-1", "--max-age", "0s"}, "--max-age: \"0s\" is not a span of time");
    refused({"dead-letters", "show", "sums", "7x"},
            "id: \"7x\" is neither the position of an event in the log nor the id of a job");
}

TEST_CASE("data that are to be in a file are refused with that it is not a directory", "[service][typing]")
{
    Serving serving;
    const auto file = serving.directory.path() + "-file";
    std::ofstream{file} << "a file";
    for (const Words& words : {Words{"query", "sums"}, {"serve"}, {"store", "info"}, {"tenants", "list"}}) {
        CommandLine line{serving.program, {serving.console, serving.runtime, "/", {}}};
        Words typed = words;
        typed.insert(typed.end(), {"--data", file});
        serving.console.said_err.clear();
        REQUIRE_FALSE(line.read(typed));
        CHECK(line.carry_out() == 1);
        CHECK_THAT(serving.console.said_err,
                   Catch::Contains("wanted the data in " + file + " and found that it is not a directory"));
    }
    std::filesystem::remove(file);
}

TEST_CASE("a file among the tenants is none of them", "[service][tenants]")
{
    Serving serving;
    REQUIRE(serving.open(serving.runtime, serving.directory.path() + "/tenants/t1"));
    std::ofstream{serving.directory.path() + "/tenants/notes"} << "a file";
    CHECK(serving.type({"tenants", "list"}) == 0);
    CHECK_THAT(serving.console.said_out, Catch::Contains("t1") && not Catch::Contains("notes"));
    CHECK(serving.type({"query", "sums", "--tenant", "notes"}) == 1);
    CHECK_THAT(serving.console.said_err, Catch::Contains("/tenants/notes and found that it is not a directory"));
}

TEST_CASE("a text that is not JSON is refused with the place where it stops to be JSON", "[service][json]")
{
    const auto said = [](std::string_view text) {
        const auto json = parse_limited_json(text, 8);
        REQUIRE_FALSE(json);
        CHECK(json.error().code == "not-json");
        return json.error().sentence;
    };
    CHECK(said(R"({"a": x})") == "read JSON and found something else at byte 7: \"x}\"; check its quotes, commas and "
                                 "brackets");
    CHECK(said(R"({"a": 1)") == "read JSON and found that it ends too early: \"{\"a\": 1\"; check its quotes, commas "
                                "and brackets");
    CHECK(said("") == "read JSON and found that it ends too early: \"\"; check its quotes, commas and brackets");
    CHECK_THAT(said("{\"a\":\n\n'b'}"), Catch::Contains("at byte 8: \"'b'}\""));
    const auto bytes = bytes_of_json(*Json::parse(R"({"hex": "zz"})"));
    REQUIRE_FALSE(bytes);
    CHECK_THAT(bytes.error().sentence, Catch::Contains("send a text, or bytes as {\"hex\": \"0a1b\"}"));
}

} // namespace wrong_words_test
