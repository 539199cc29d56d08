// Builds of a small service, as processes: see guest_book.cpp.
#pragma once

#include "real/child.hpp"
#include "support/every_store.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <thread>

namespace guest_books {

namespace fs = std::filesystem;
using eventloom::testing::Child;
using eventloom::testing::TemporaryDirectory;
using OrderedJson = nlohmann::ordered_json;

struct Said {
    int exit_code = 0;
    std::string output;
    std::string errors;

    OrderedJson json() const { return OrderedJson::parse(output); }
    std::string code() const { return OrderedJson::parse(errors)["error"]["code"]; }
    std::string sentence() const { return OrderedJson::parse(errors)["error"]["sentence"]; }
};

inline Said run(const std::string& program, std::vector<std::string> arguments)
{
    Child child{program, std::move(arguments)};
    Said said;
    while (const auto line = child.read_line()) said.output += *line + "\n";
    const auto ended = child.wait();
    said.exit_code   = ended.exit_code;
    said.errors      = ended.errors;
    return said;
}

// A guest book of the first build, with guests from here and there.
struct Book {
    Book()
    {
        sign("ada", "York");
        sign("bob", "Hull");
        sign("cid", "Rome", 3);
        sign("eve", "Atlantis");
        sign("ada", "York", 2);
    }

    void sign(const std::string& name, const std::string& city, int times = 1) const
    {
        const auto signed_in =
            run(GUEST_BOOK_1, {"sign", name, city, "--times", std::to_string(times), "--data", data()});
        INFO(signed_in.errors);
        REQUIRE(signed_in.exit_code == 0);
    }

    std::string data() const { return directory.path() + "/data"; }

    Said diff(const std::string& against, std::vector<std::string> more = {"--json"},
              const std::string& projection = "guests") const
    {
        std::vector<std::string> arguments{"projections", "diff", projection, "--against", against, "--data", data()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(GUEST_BOOK_1, arguments);
    }

    // A program that does what a shell says.
    std::string script(const std::string& text) const
    {
        const auto path = directory.path() + "/program";
        std::ofstream{path} << "#!/bin/sh\n" << text << "\n";
        fs::permissions(path, fs::perms::owner_all);
        return path;
    }

    TemporaryDirectory directory;
};

} // namespace guest_books
