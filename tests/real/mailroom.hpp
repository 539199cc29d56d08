// A directory in which the program mailroom (mailroom.cpp) serves, and processes that work for it.
//
//     const Mailroom mailroom;
//     const auto service = mailroom.serve();
//     const auto worker  = mailroom.work("1s", "2");
//
// Threads: one.
#pragma once

#include "real/child.hpp"
#include "real/folder_watch.hpp"
#include "support/every_store.hpp"

#include <eventloom/service/detail/json.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace eventloom::testing {

struct Mailroom {
    Mailroom()
    {
        ::setenv("PARCEL_NOTES", notes().c_str(), 1);
        ::setenv("POSTED_NOTES", posted().c_str(), 1);
    }

    std::string data() const { return directory.path() + "/data"; }
    std::string notes() const { return directory.path() + "/notes"; }
    std::string posted() const { return directory.path() + "/posted"; }
    std::string go_on() const { return directory.path() + "/go-on"; }

    std::vector<std::string> with_data(std::vector<std::string> words) const
    {
        words.insert(words.end(), {"--data", data()});
        return words;
    }
    std::unique_ptr<Child> begin(std::vector<std::string> words) const
    {
        words.emplace_back("--json");
        auto child = std::make_unique<Child>(MAILROOM_PROGRAM, with_data(std::move(words)));
        REQUIRE(child->read_line()); // it is ready
        return child;
    }
    std::unique_ptr<Child> serve() const { return begin({"serve", "--no-workers"}); }
    std::unique_ptr<Child> work(const std::string& lease, const std::string& workers) const
    {
        return begin({"work", "parcels", "--lease", lease, "--workers", workers});
    }

    std::unique_ptr<Child> carry_post(const std::string& lease, const std::string& members) const
    {
        return begin({"groups", "work", "postmen", "--lease", lease, "--workers", members});
    }

    // What a command prints; nothing when it has failed.
    std::vector<std::string> type(std::vector<std::string> words) const
    {
        Child child{MAILROOM_PROGRAM, with_data(std::move(words))};
        std::vector<std::string> lines;
        while (auto line = child.read_line()) lines.push_back(std::move(*line));
        child.wait();
        return lines;
    }
    Json ask(std::vector<std::string> words) const
    {
        words.emplace_back("--json");
        std::string text;
        for (const auto& line : type(std::move(words))) text += line;
        return Json::parse(text).value_or(Json{});
    }

    // Lines of attempts that were begun: name, attempt, process.
    std::vector<std::string> begun() const { return lines_of(notes()); }
    static std::vector<std::string> lines_of(const std::string& name)
    {
        std::vector<std::string> lines;
        std::ifstream file{name};
        for (std::string line; std::getline(file, line);) lines.push_back(line);
        return lines;
    }

    // Looks again when a note was written, and now and then: what the service knows it tells only when it is asked.
    template <class Condition>
    bool until(const Condition& condition) const
    {
        FolderWatch watch{directory.path()};
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        while (not condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            watch.wait(std::chrono::milliseconds{100});
        }
        return true;
    }

    const TemporaryDirectory directory;
};

} // namespace eventloom::testing
