// Commands as they are typed, at a service that runs and where none does.
//
//     TypedCommands typed;
//     typed.serving.more = [](Service& service) { ... };
//     typed.while_it_serves([&] { CHECK(typed.send({"sagas", "list"}).exit_code == 0); });
//     CHECK(typed.type({"sagas", "list"}).json().size() == 1);
//
// Threads: one.
#pragma once

#include "service/door_client.hpp"
#include "service/serving.hpp"

#include <eventloom/service/detail/json.hpp>

#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace eventloom::testing {

struct TypedAnswer {
    int exit_code = -1;
    std::string out;
    std::string err;

    Json json() const { return Json::parse(out).value_or(Json{}); }
    std::string code() const { return Json::parse(err).value_or(Json{})["error"]["code"].text(); }
    std::string sentence() const { return Json::parse(err).value_or(Json{})["error"]["sentence"].text(); }
};

struct TypedCommands {
    void while_it_serves(const std::function<void()>& look)
    {
        serving.console.look = [this, look] {
            if (serving.console.looks == 1) look();
        };
        CHECK(serving.type({"serve"}) == 0);
        CHECK(serving.console.looks == 3);
    }

    // To the door of the service that runs.
    TypedAnswer send(std::vector<std::string> words)
    {
        words.emplace_back("--json");
        const auto request = post(Json{{"arguments", Json(words)}}.dump());
        TypedAnswer said;
        std::istringstream lines{body_of(DoorClient{serving.directory.path()}.send(request).read())};
        for (std::string line; std::getline(lines, line);) {
            const auto reply = Json::parse(line).value_or(Json{});
            said.out += reply["out"].text();
            said.err += reply["err"].text();
            if (reply.contains("exit")) said.exit_code = static_cast<int>(reply["exit"].whole());
        }
        serving.simulated.run_until_idle();
        return said;
    }
    Json status()
    {
        return Json::parse(body_of(DoorClient{serving.directory.path()}.send(get("/status")).read())).value();
    }

    // Where no service runs.
    TypedAnswer type(std::vector<std::string> words)
    {
        words.emplace_back("--json");
        TypedAnswer said;
        said.exit_code = serving.type(std::move(words));
        said.out       = serving.console.said_out;
        said.err       = serving.console.said_err;
        return said;
    }

    Serving serving;
};

} // namespace eventloom::testing
