// What is typed: words that are nothing, numbers that are none, names that are wrong, and help.
#include "program.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace typing_test {

using namespace shop::testing;

std::string longest_line(const std::string& text)
{
    std::istringstream lines{text};
    std::string longest;
    for (std::string line; std::getline(lines, line);) {
        const auto width = [](const std::string& of) {
            return std::count_if(of.begin(), of.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
        };
        if (width(line) > width(longest)) longest = line;
    }
    return longest;
}

// A line of a shell, with the program as $shop; its output and its exit code.
Finished shell(const TemporaryDirectory& directory, const std::string& line)
{
    return Program{directory,
                   {"-c", "shop='" SHOP_PROGRAM "'; data='" + directory.path() + "/data'; " + line},
                   "-of-shell",
                   "/bin/bash"}
        .wait();
}

TEST_CASE("words that are empty and numbers that are none are refused, whatever the command, and nothing is made",
          "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    const std::vector<std::vector<std::string>> wrong{
        {"orders", "place", "", "--line", "tea:1:1"},
        {"orders", "place", "  ", "--line", "tea:1:1"},
        {"orders", "place", "1", "--customer", "", "--line", "tea:1:1"},
        {"orders", "show", ""},
        {"orders", "cancel", "1", "--reason", ""},
        {"stock", "receive", "", "5"},
        {"stock", "receive", "tea", "-5"},
        {"stock", "receive", "tea", "0x5"},
        {"stock", "receive", "tea", "5.0"},
        {"stock", "receive", "tea", "5", "--reference", ""},
        {"stock", "low", "--below", "-1"},
        {"stock", "list", "--decline-rate", "nan"},
        {"stock", "list", "--decline-rate", "1.5"},
        {"stock", "list", "--fail-rate", "-nan"},
        {"stock", "list", "--fail-rate", "0x0p0"},
        {"stock", "list", "--seed", "-1"},
        {"stock", "list", "--seed", "1e3"},
        {"stock", "list", "--limit", "-1"},
        {"stock", "list", "--wait", "0s"},
        {"stock", "list", "--wait", "soon"},
        {"customers", "show", ""},
        {"returns", "list", "--customer", ""},
        {"events", "show", "-1"},
        {"events", "tail", "--category", ""},
        {"streams", "read", ""},
        {"projections", "explain", "stock", ""},
        {"sagas", "show", "", "1"},
        {"dead-letters", "show", "orders", "-1"},
        {"import", ""},
        {"demo", "--file", ""},
    };
    for (const auto& words : wrong) {
        const auto finished = run(directory, words);
        INFO(words[0] << " " << words[1] << " " << words.back() << ": " << finished.errors);
        CHECK(finished.exit_code == 2);
        CHECK_FALSE(finished.errors.empty());
    }
    CHECK(run(directory, {"orders", "place", "1", "--line", ":1:1"}).exit_code == 2);
    CHECK_FALSE(std::filesystem::exists(directory.path() + "/data"));
    CHECK(run(directory, {"stock", "receive", "tea", "010", "--seed", "007", "--json"}).json()["on_hand"] == 10);
}

TEST_CASE("a command or an option that is mistyped is named, with the nearest that there is", "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    const auto said = [&](const std::vector<std::string>& words) {
        const auto finished = run(directory, words);
        CHECK(finished.exit_code == 2);
        return finished.errors;
    };
    using Catch::Contains;
    CHECK_THAT(said({"ordres", "list"}), Contains("`shop ordres`") && Contains("`shop orders`"));
    CHECK_THAT(said({"orders", "plcae", "5"}), Contains("`shop orders plcae`") && Contains("`shop orders place`"));
    CHECK_THAT(said({"store", "verfy"}), Contains("`shop store verify`"));
    CHECK_THAT(said({"proj", "list"}), Contains("`shop projections`"));
    CHECK_THAT(said({"store", "keys", "inof"}), Contains("`shop store keys info`"));
    CHECK_THAT(said({"xylophone"}), Contains("xylophone") && !Contains("did you mean"));
    CHECK_THAT(said({"orders", "list", "--lmit", "5"}), Contains("--lmit") && Contains("--limit"));
    CHECK_THAT(said({"orders", "list", "--jsn"}), Contains("--json"));
    CHECK_THAT(said({"orders"}), Contains("place") && Contains("timeline") && Contains("`shop help orders`"));
    CHECK_THAT(said({"help", "ordres"}), Contains("`shop orders`"));
}

TEST_CASE("of what is typed an error shows two hundred characters, and no control character", "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    const std::string much(100'000, 'x');
    const std::vector<std::vector<std::string>> long_ones{
        {much},
        {"orders", much},
        {"orders", "show", much},
        {"orders", "list", "--" + much},
        {"orders", "list", "--stage", much},
        {"orders", "list", "--stage=" + much},
        {"orders", "place", "1", "--line", much},
        {"orders", "place", much, "--line", "tea:1:1"},
        {"streams", "read", much},
        {"query", "orders", "--where", much},
        {"projections", "rebuild", much},
        {"import", "/" + much},
        {"events", "show", much},
        {"help", much},
        {"stock", "list", "--tenant", much},
    };
    for (const auto& words : long_ones) {
        for (const bool json : {false, true}) {
            auto typed = words;
            if (json) typed.emplace_back("--json");
            const auto finished = run(directory, typed);
            INFO(words[0].substr(0, 20) << " " << (words.size() > 1 ? words[1].substr(0, 20) : "") << " "
                                        << finished.errors.substr(0, 2'000));
            CHECK(finished.exit_code != 0);
            CHECK(finished.errors.size() < 2'000);
        }
    }
    const auto steering = run(directory, {"orders", "\x1b[2J\x07\r\n"});
    CHECK(steering.errors.find_first_of("\x1b\x07\r") == std::string::npos);
    CHECK(std::count(steering.errors.begin(), steering.errors.end(), '\n') == 1);
}

TEST_CASE("help shows any command, and --version the version", "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    CHECK_THAT(run(directory, {"--version"}).output, Catch::Matches("shop \\(Eventloom [0-9]+\\.[0-9]+\\.[0-9]+\\)\n"));
    CHECK_THAT(run(directory, {"help"}).output, Catch::Contains("orders") && Catch::Contains("store"));
    CHECK(run(directory, {"help"}).output == run(directory, {"--help"}).output);
    CHECK_THAT(run(directory, {"help", "orders"}).output, Catch::Contains("timeline"));
    CHECK_THAT(run(directory, {"help", "orders", "place"}).output, Catch::Contains("--line"));
    CHECK(run(directory, {"help", "orders", "place"}).output == run(directory, {"orders", "place", "--help"}).output);
}

TEST_CASE("bash completes commands, commands below them, and options", "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    const auto completed = [&](const std::string& words) {
        const auto finished = shell(directory, "eval \"$($shop completion bash)\"; COMP_WORDS=(shop " + words +
                                                   "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _shop_complete; echo "
                                                   "\"${COMPREPLY[@]}\"");
        CHECK(finished.errors.empty());
        return finished.output;
    };
    CHECK(completed("ord") == "orders\n");
    CHECK(completed("orders pl") == "place\n");
    CHECK(completed("orders place 5 --li") == "--line\n");
    CHECK(completed("orders list --json --st") == "--stage\n");
    CHECK(completed("store keys re") == "readmit rekey\n");
    CHECK(completed("stock list --decl") == "--decline-rate\n");
}

TEST_CASE("zsh is told the same commands as bash", "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    const auto script = run(directory, {"completion", "zsh"}).output;
    CHECK(script.starts_with("#compdef shop\n"));
    CHECK_THAT(
        script,
        Catch::Contains(
            "'place:Place an order and wait until it is completed or cancelled, or waits\\: for a delivery, say'"));
    CHECK_THAT(script, Catch::Contains("--decline-rate"));
    CHECK(run(directory, {"completion", "fish"}).exit_code == 2);
}

TEST_CASE("the man page has every command, and lines that troff takes as they are meant", "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    const auto page = run(directory, {"man"}).output;
    CHECK(page.starts_with(".TH SHOP 1"));
    for (const auto* command : {"orders place order", "store keys rekey", "returns list", "completion shell"}) {
        CHECK_THAT(page, Catch::Contains(".SS \"shop " + std::string{command} + "\"\n"));
    }
    std::istringstream lines{page};
    for (std::string line; std::getline(lines, line);) {
        const std::vector<std::string> requests{".TH ", ".SH ", ".SS ", ".TP", ".B ", ".I "};
        const auto known = [&](const std::string& request) { return line.starts_with(request); };
        INFO(line);
        CHECK((not line.starts_with('.') || std::any_of(requests.begin(), requests.end(), known)));
        CHECK_FALSE(line.starts_with('\''));
    }
}

TEST_CASE("no line of a table is wider than COLUMNS says, and what is cut has a sign", "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"orders", "place", "1", "--customer", std::string(120, 'a'), "--line", "tea:1:1.23"})
                .exit_code == 0);
    const auto wide = shell(directory, "$shop orders list --data $data");
    CHECK(wide.output.find(std::string(120, 'a')) != std::string::npos);
    for (const auto* command : {"orders list", "query orders", "events tail", "projections status"}) {
        const auto narrow = shell(directory, "COLUMNS=60 $shop " + std::string{command} + " --data $data");
        INFO(narrow.output);
        const auto longest = longest_line(narrow.output);
        CHECK(std::count_if(longest.begin(), longest.end(), [](char byte) { return (byte & 0xC0) != 0x80; }) <= 60);
        CHECK(narrow.output.find("\u2026") != std::string::npos);
    }
    for (const auto* none : {"", "0", "wide", "-5"}) {
        CHECK(shell(directory, "COLUMNS=" + std::string{none} + " $shop orders list --data $data").output ==
              wide.output);
    }
    CHECK(nlohmann::json::parse(
              shell(directory, "COLUMNS=30 $shop orders list --json --data $data").output)[0]["customer"] ==
          std::string(120, 'a'));
}

TEST_CASE("a hyphen is standard input where a file is read, from a pipe as from a file, and through the door",
          "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    REQUIRE(shell(directory, "head -n 40 '" + sample() + "' > $data.csv").exit_code == 0);
    const auto from_file = shell(directory, "$shop import $data.csv --json --data $data-1");
    REQUIRE(from_file.exit_code == 0);
    CHECK(shell(directory, "cat $data.csv | $shop import - --json --data $data-2").output == from_file.output);
    CHECK(shell(directory, "$shop import - --json --data $data-3 < $data.csv").output == from_file.output);
    CHECK(shell(directory, "$shop import <(cat $data.csv) --json --data $data-4").output == from_file.output);
    const auto moved = shell(directory, "$shop store export - --data $data-1 | $shop store import - --data $data-5 && "
                                        "$shop store verify --data $data-5");
    INFO(moved.errors);
    CHECK(moved.exit_code == 0);
}

TEST_CASE("customers and returns are listed and shown, and --limit is what limits", "[shop][process][typing]")
{
    const TemporaryDirectory directory;
    import_sample_into(directory);
    const auto returns = run(directory, {"returns", "list", "--json"}).json();
    REQUIRE(returns.size() > 2);
    const auto number = returns[0]["return"].get<std::string>();
    const auto shown  = run(directory, {"returns", "show", number, "--json"}).json();
    CHECK(shown["total"] == returns[0]["total"]);
    CHECK(shown["lines"].size() > 0);
    const auto customer = returns[0]["customer"].get<std::string>();
    for (const auto& row : run(directory, {"returns", "list", "--customer", customer, "--json"}).json()) {
        CHECK(row["customer"] == customer);
    }
    const auto customers = run(directory, {"customers", "list", "--json"}).json();
    REQUIRE(customers.size() > 2);
    const auto id = customers[1]["customer"].get<std::string>();
    CHECK(run(directory, {"customers", "show", id, "--json"}).json()["orders"] == customers[1]["orders"]);
    CHECK(run(directory, {"returns", "show", "none"}).exit_code == 1);

    const std::vector<std::vector<std::string>> lists{{"orders", "list"},  {"orders", "timeline", number},
                                                      {"stock", "list"},   {"customers", "list"},
                                                      {"returns", "list"}, {"events", "tail"},
                                                      {"streams", "list"}, {"streams", "read", "return-" + number},
                                                      {"sagas", "list"},   {"query", "orders"}};
    for (auto words : lists) {
        words.insert(words.end(), {"--limit", "1", "--json"});
        INFO(words[0] << " " << words[1]);
        CHECK(run(directory, words).json().size() == 1);
    }
    CHECK(run(directory, {"events", "tail", "-n", "3", "--json"}).json().size() == 3);
}

} // namespace typing_test
