// Projections that run inline: rows in the same atomic write as the events.
#include "projections/inline_machine.hpp"

namespace inline_test {

// ---- with each append

TEST_CASE("what an append has written is in an inline table when it returns, without waiting", "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto people           = machine.add(directory()).value();
    const auto [cities, census] = machine.add(people::census()).value();
    machine.record({"ada"}, joined("a@example.org"));
    CHECK(people.get({"ada"}).value()->city == "York");
    CHECK(people.position().value() == 1);
    CHECK(cities.get({"York"}).value()->people == 1);
    machine.record({"ada"}, Moved{"Hull"});
    CHECK(keys_of(people.by("city", std::string{"Hull"})) == std::vector<std::string>{"ada"});
    CHECK(census.position().value() == 2); // it has heard of it, and changed nothing
    for (const auto& status : machine.projections->status()) {
        CHECK(status.state == el::ProjectionState::running);
        CHECK(status.position == 2);
        CHECK(status.lag == 0);
    }
    REQUIRE(machine.projections->wait_for(2, machine.simulated.now()));
    machine.record({"ada"}, Left{"tired"});
    CHECK_FALSE(people.get({"ada"}).value());
    CHECK(people.size().value() == 0);
    CHECK(differences(machine, "directory") == 0);
    CHECK(differences(machine, "census") == 0);
}

TEST_CASE("an append that breaks a unique index is refused with the event's name, and nothing of it is written",
          "[projections][inline][unique]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto [cities, entries] = machine.add(census()).value();
    const auto people            = machine.add(directory()).value();
    machine.record({"ada"}, joined("a@example.org"));
    const auto refused = machine.store->append(machine.recording<Person>(PersonId{"bob"}, joined("a@example.org")));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "unique-index-violated");
    CHECK(refused.error().kind == el::Failure::invalid);
    for (const char* named : {"event 2 (person-bob, version 0)", "row bob", "row ada", "\"email\"",
                              "the inline projection census refused the append"}) {
        CHECK_THAT(refused.error().sentence, Catch::Contains(named));
    }
    CHECK(machine.store->head() == 1);
    CHECK(machine.store->stream_length("person-bob").value() == 0);
    CHECK(cities.get({"York"}).value()->people == 1);
    CHECK(people.size().value() == 1);
    machine.record({"bob"}, joined("b@example.org")); // another address, and he is in
    CHECK(cities.get({"York"}).value()->people == 2);
    CHECK(differences(machine, "directory") == 0);
    CHECK(differences(machine, "census") == 0);
}

TEST_CASE("of appends that are written together only the one that breaks the rule is refused",
          "[projections][inline][unique]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto people = machine.add(directory()).value();
    machine.add(census()).value();
    std::vector<std::string> answers(5);
    const auto send = [&](std::size_t number, const char* who, const char* email) {
        machine.store->append(machine.recording<Person>(PersonId{who}, joined(email)),
                              [&answers, number](const el::result<el::Appended>& answer) {
                                  answers[number] = answer ? "written" : answer.error().code;
                              });
    };
    send(0, "ada", "a@example.org");
    send(1, "bob", "a@example.org"); // stands in the same group, and not in the log yet
    send(2, "eve", "e@example.org");
    send(3, "fay", "e@example.org");
    send(4, "gil", "g@example.org");
    machine.simulated.run_until_idle();
    const std::string refused = "unique-index-violated";
    CHECK(answers == std::vector<std::string>{"written", refused, "written", refused, "written"});
    CHECK(machine.store->head() == 3);
    CHECK(keys_of(people.all()) == std::vector<std::string>{"ada", "eve", "gil"});
    CHECK(differences(machine, "directory") == 0);
    CHECK(differences(machine, "census") == 0);
}

TEST_CASE("a command whose events an inline projection refuses is refused, and may be sent again with others",
          "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    const auto people = machine.add(directory()).value();
    machine.record({"ada"}, joined("a@example.org"));
    auto command    = machine.recording<Person>(PersonId{"bob"}, joined("a@example.org"));
    command.command = el::CommandRecord{.id = machine.simulated.next(), .stream = "person-bob"};
    CHECK(machine.store->append(command).error().code == "unique-index-violated");
    CHECK_FALSE(machine.store->find_command(command.command->id).value());
    auto better    = machine.recording<Person>(PersonId{"bob"}, joined("b@example.org"));
    better.command = command.command;
    REQUIRE(machine.store->append(better));
    CHECK(machine.store->append(better).value().repeated);
    CHECK(people.size().value() == 2);
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE("whatever is appended, an inline table takes exactly what breaks no rule, and is what the log gives",
          "[projections][inline][model]")
{
    const auto way = GENERATE(from_range(inline_ways));
    INFO(way);
    CHECK(rc::check("inline", [&] {
        Machine machine{way};
        const auto people = machine.add(directory()).value();
        std::map<std::string, std::optional<std::string>> model; // who has which address
        const auto taken = [&](const std::map<std::string, std::optional<std::string>>& by) {
            std::set<std::string> once;
            for (const auto& [who, email] : by) {
                if (email && not once.insert(*email).second) return false;
            }
            return true;
        };
        std::uint64_t written = 0;
        for (int left = *rc::gen::inRange(0, 30); left > 0; --left) {
            const auto who   = std::to_string(*rc::gen::inRange(0, 5));
            const auto email = *rc::gen::inRange(0, 4) == 0
                                   ? std::nullopt
                                   : std::optional{"address " + std::to_string(*rc::gen::inRange(0, 4))};
            auto changed     = model;
            el::AppendRequest request;
            if (*rc::gen::inRange(0, 5) == 0) {
                changed.erase(who);
                request = machine.recording<Person>(PersonId{who}, Left{"drawn"});
            } else {
                changed[who] = email;
                request      = machine.recording<Person>(PersonId{who}, joined(email));
            }
            const auto answer = machine.store->append(request);
            RC_ASSERT(answer.has_value() == taken(changed));
            if (not answer) continue;
            ++written;
            model = changed;
        }
        RC_ASSERT(machine.store->head() == written);
        RC_ASSERT(people.size().value() == model.size());
        for (const auto& [who, email] : model) RC_ASSERT(people.get({who}).value()->email == email);
        RC_ASSERT(machine.projections->verify("directory").value().differences_total == 0);
    }));
}

// ---- before the first append, and when the program changes

TEST_CASE("an inline projection that comes to an old log folds it before the next append", "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    for (int i = 0; i < 300; ++i) machine.record({std::to_string(i)}, joined(std::to_string(i) + "@example.org"));
    const auto people = machine.add(directory()).value();
    CHECK(people.size().value() == 300);
    CHECK(people.position().value() == 300);
    const auto refused = machine.store->append(machine.recording<Person>(PersonId{"x"}, joined("7@example.org")));
    CHECK(refused.error().code == "unique-index-violated");
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE("what a program without the inline projection has appended is folded when it is there again",
          "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    machine.add(directory()).value();
    machine.record({"ada"}, joined("a@example.org"));
    machine.reopen(); // a program without it
    machine.record({"ada"}, Moved{"Hull"});
    machine.record({"bob"}, joined("b@example.org"));
    CHECK(machine.projections->left_behind().value() == std::vector<std::string>{"directory"});
    const auto people = machine.add(directory()).value();
    CHECK(people.get({"ada"}).value()->city == "Hull");
    CHECK(people.size().value() == 2);
    CHECK(machine.projections->left_behind().value().empty());
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE(
    "an old log that breaks the rule of a new inline projection is told with the event, and appends go on without it",
    "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    machine.record({"ada"}, joined("a@example.org"));
    machine.record({"bob"}, joined("a@example.org"));
    const auto added = machine.add(directory());
    REQUIRE_FALSE(added);
    CHECK(added.error().code == "unique-index-violated");
    CHECK_THAT(added.error().sentence, Catch::Contains("event 2 (person-bob, version 0)"));
    machine.record({"eve"}, joined("a@example.org"));
    CHECK(machine.store->head() == 3);
}

// A directory with a version, whose rows say which.
auto directory_of(std::uint32_t version)
{
    return el::projection<PersonId, City>(
        "directory", version, [version](City& row, const Joined&) { row.people = static_cast<std::int64_t>(version); });
}

TEST_CASE("a higher version of an inline projection is folded when it is started, and the old rows go",
          "[projections][inline][versions]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    REQUIRE(machine.add(directory_of(1)));
    machine.record({"ada"}, joined({}));
    const auto keys = keys_in_log(*machine.store).size();
    machine.reopen();
    const auto second = machine.add(directory_of(2)).value();
    machine.projections->start();
    CHECK(second.get({"ada"}).value()->people == 2);
    CHECK(keys_in_log(*machine.store).size() == keys);
    CHECK(differences(machine, "directory") == 0);
    machine.reopen();
    const auto older = machine.add(directory_of(1)).value();
    CHECK(older.get({"ada"}).error().code == "newer-read-model");
    machine.projections->start();
    CHECK(machine.projections->status().front().state == el::ProjectionState::failed);
    const auto appended = machine.store->append(machine.recording<Person>({"bob"}, joined({})));
    CHECK(appended.error().code == "newer-read-model");
    REQUIRE(machine.projections->rebuild("directory")); // as the error says
    CHECK(older.get({"ada"}).value()->people == 1);
    machine.record({"bob"}, joined({}));
    CHECK(older.get({"bob"}).value()->people == 1);
}

TEST_CASE("a program that builds nothing leaves inline rows of another version as they are, and appends nothing",
          "[projections][inline][versions]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    REQUIRE(machine.add(directory_of(1)));
    machine.record({"ada"}, joined({}));
    const auto keys = keys_in_log(*machine.store);
    machine.reopen();
    {
        const auto second = machine.add(directory_of(2)).value();
        machine.projections->leave_new_versions_alone();
        REQUIRE(machine.catch_up());
        CHECK(second.get({"ada"}).error().code == "version-not-built");
        CHECK(machine.projections->status().front().notice);
        const auto appended = machine.store->append(machine.recording<Person>({"bob"}, joined({})));
        REQUIRE_FALSE(appended);
        CHECK(appended.error().code == "version-not-built");
        CHECK_THAT(appended.error().sentence, Catch::Contains("`projections rebuild directory`"));
        CHECK(keys_in_log(*machine.store) == keys);
    }
    machine.reopen();
    const auto first = machine.add(directory_of(1)).value();
    CHECK(first.get({"ada"}).value()->people == 1);
    machine.record({"bob"}, joined({}));
    CHECK(first.size().value() == 2);
}

TEST_CASE("rows that are ahead of the log, or damaged, are folded anew", "[projections][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    machine.add(directory()).value();
    machine.record({"ada"}, joined({}));
    machine.reopen();
    const auto wrong = GENERATE(std::string(7, '\0') + '\x09', std::string{"no number"});
    for (const auto& key : keys_in_log(*machine.store)) {
        if (not key.ends_with("checkpoint")) continue;
        el::RowBatch batch;
        batch.put(key, wrong);
        REQUIRE(machine.store->inline_rows()->write(*machine.store->hold_appends().value(), batch));
    }
    const auto people = machine.add(directory()).value();
    CHECK(people.position().value() == 1);
    CHECK(people.size().value() == 1);
    CHECK(differences(machine, "directory") == 0);
}

TEST_CASE("a log that was cut has no rows ahead of it", "[projections][inline][repair]")
{
    Machine machine{on_leveldb};
    machine.add(directory()).value();
    for (int i = 0; i < 10; ++i) machine.record({std::to_string(i)}, joined({}));
    machine.projections.reset();
    machine.store.reset();
    const auto into  = machine.directory.path() + "/saved";
    const auto saved = el::salvage_store(machine.runtime, machine.log_directory.path(), into);
    REQUIRE(saved);
    const auto cut = el::testing::open_log(machine.runtime, LogEngine::leveldb, into);
    CHECK(keys_in_log(*cut).empty());
    el::EventBus bus{machine.runtime, *cut};
    el::Projections projections{machine.runtime, *cut, bus, machine.directory.path() + "/rows"};
    CHECK(projections.add(directory(), {.kept_in = RowPlace::log}).value().size().value() == cut->head());
}

TEST_CASE("a store with inline rows is verified, repaired and told about as one without", "[projections][inline]")
{
    Machine machine{on_leveldb};
    machine.add(directory()).value();
    for (int i = 0; i < 50; ++i) machine.record({std::to_string(i)}, joined(std::to_string(i)));
    const auto& store = dynamic_cast<el::LevelDbStore&>(*machine.store);
    const auto report = store.verify().value();
    CHECK(report.findings_total == 0);
    CHECK(report.events == 50);
    CHECK(store.info().value().events == 50);
    machine.projections.reset();
    machine.store.reset();
    std::filesystem::remove_all(machine.log_directory.path() + "/index"); // made anew from the log
    REQUIRE(el::repair_store(machine.runtime, machine.log_directory.path()).value().events == 50);
    machine.store = el::testing::open_log(machine.runtime, LogEngine::leveldb, machine.log_directory.path());
    CHECK(machine.store->head() == 50);
    CHECK(el::testing::read_all(*machine.store).size() == 50);
    el::EventBus bus{machine.runtime, *machine.store};
    el::Projections projections{machine.runtime, *machine.store, bus, machine.directory.path()};
    CHECK(projections.add(directory(), {.kept_in = RowPlace::log}).value().size().value() == 50);
    CHECK(projections.verify("directory").value().differences_total == 0);
}

} // namespace inline_test
