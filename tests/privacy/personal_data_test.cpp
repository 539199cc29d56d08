// Personal data: sealed in the log, open for whoever has the key, erased when the key is destroyed.
#include "privacy/personal_machine.hpp"

namespace personal_data_test {

TEST_CASE("personal data lie sealed in the log, and come out as they went in", "[eventstore][personal]")
{
    PersonalMachine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary, "", "second " + canary});
    const auto other = note_of(machine.runtime, canary);
    REQUIRE(machine.append({event, other}));

    const auto opened = read_all(*machine.store);
    REQUIRE(opened.size() == 2);
    CHECK(reads_as(opened[0], event));
    CHECK(reads_as(opened[1], other));
    const auto found = machine.store->find_event(event.id);
    REQUIRE(found);
    CHECK(reads_as(found.value().value(), event));

    const auto sealed = read_all(*machine.log);
    CHECK(sealed[0].data.find(canary) == std::string::npos);
    CHECK(sealed[0].metadata.headers.at(0).second.starts_with("sealed 1 "));
    CHECK(sealed[1] == opened[1]);
}

TEST_CASE("no byte on the disk has what is personal, and all of it is gone with the key", "[eventstore][personal]")
{
    PersonalMachine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    const auto kept  = personal_event(machine.runtime, "customer-2", {canary});
    REQUIRE(machine.append({event, kept}));
    machine.open();
    CHECK(files_with(machine.directory.path(), canary) == 0);
    REQUIRE(machine.keys->forget("customer-1"));
    for (int again = 0; again < 2; ++again) {
        const auto events = read_all(*machine.store);
        CHECK(reads_as(events.at(0), erased(event)));
        CHECK(reads_as(events.at(1), kept));
        machine.open();
    }
}

TEST_CASE("a key that was made and destroyed in one life of the process leaves no byte in any file",
          "[eventstore][personal][keys]")
{
    PersonalMachine machine;
    for (int life = 0; life < 3; ++life) { // with tables of the one before beneath
        const auto subject = "customer-" + std::to_string(life);
        REQUIRE(machine.append({personal_event(machine.runtime, subject, {canary})}));
        const auto key = machine.stored_key(subject);
        REQUIRE(files_with(machine.keys_directory(), key) > 0);
        REQUIRE(machine.keys->forget(subject));
        CHECK(files_with(machine.keys_directory(), key) == 0);
        if (life == 1) machine.open();
    }
}

TEST_CASE("whatever its parts are, an event comes out as it went in", "[eventstore][personal]")
{
    PersonalMachine machine;
    CHECK(rc::check("any parts", [&](const std::vector<std::string>& parts, std::uint8_t who) {
        RC_PRE(not parts.empty());
        const auto event = personal_event(machine.runtime, "customer-" + std::to_string(who % 4), parts);
        RC_ASSERT(machine.append({event}));
        const auto found = machine.store->find_event(event.id);
        RC_ASSERT(reads_as(found.value().value(), event));
    }));
}

TEST_CASE("an event that is sent again is recognised, also when its subject was forgotten meanwhile",
          "[eventstore][personal]")
{
    PersonalMachine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary, "tea"});
    const auto first = machine.append({event});
    REQUIRE(first);
    const auto is_repeated = [&] {
        const auto again = machine.append({event});
        return again && again.value().repeated && again.value().last_position == first.value().last_position;
    };
    CHECK(is_repeated());
    machine.open();
    CHECK(is_repeated());
    auto changed = personal_event(machine.runtime, "customer-1", {canary, "gin"});
    changed.id   = event.id;
    CHECK(error_of(machine.append({changed})) == "event-with-other-content");

    REQUIRE(machine.keys->forget("customer-1"));
    CHECK(is_repeated());
    auto longer = personal_event(machine.runtime, "customer-1", {canary, "coffee"});
    longer.id   = event.id;
    CHECK(error_of(machine.append({longer})) == "event-with-other-content");
    REQUIRE(machine.keys->finish_forgetting("customer-1"));
    REQUIRE(machine.keys->readmit("customer-1"));
    CHECK(is_repeated());
    CHECK(machine.store->head() == 1);
}

TEST_CASE("an event that a scavenge has taken out is recognised when it is sent again, and nothing new goes with it",
          "[eventstore][personal]")
{
    PersonalMachine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    const auto first = machine.append({event, note_of(machine.runtime, "tea")});
    REQUIRE(first);
    REQUIRE(delete_stream(*machine.log, machine.runtime.ids, "customer-1"));
    REQUIRE(machine.log->scavenge({}).value().events == 2);
    REQUIRE(machine.store->find_event(event.id).value() == std::nullopt);
    REQUIRE(machine.keys->forget("customer-1"));
    const auto head = machine.store->head();

    const auto again = machine.append({event});
    REQUIRE(again);
    CHECK(again.value().repeated);
    CHECK(again.value().first_position == first.value().first_position);
    std::optional<result<Appended>> told;
    machine.store->append(to("customer-1", ExpectedVersion::any(), {event}), [&](auto answer) { told = answer; });
    REQUIRE(machine.simulated.wait_until([&] { return told.has_value(); }, Time::max()));
    REQUIRE(*told);
    CHECK(told->value().repeated);

    const auto unknown = personal_event(machine.runtime, "customer-1", {canary});
    CHECK(error_of(machine.append({unknown})) == "subject-forgotten");
    CHECK(error_of(machine.append({event, unknown})) == "events-partly-present");
    CHECK(error_of(machine.store->append(to("customer-2", ExpectedVersion::any(), {event}))) ==
          "event-in-another-stream");
    CHECK(machine.store->head() == head);
}

TEST_CASE("a command that is sent again for a forgotten subject gets its first answer", "[eventstore][personal]")
{
    PersonalMachine machine;
    auto request = to("customer-1", ExpectedVersion::any(), {personal_event(machine.runtime, "customer-1", {canary})});
    request.command = CommandRecord{.id = machine.runtime.ids.next(), .stream = "customer-1"};
    REQUIRE(machine.store->append(request));
    REQUIRE(machine.keys->forget("customer-1"));
    request.streams[0].events[0] =
        personal_event(machine.runtime, "customer-1", {canary}); // decided again, with a new id
    const auto again = machine.store->append(request);
    REQUIRE(again);
    CHECK(again.value().repeated);
    CHECK(machine.store->head() == 1);
}

TEST_CASE("nothing new is sealed for a subject that was forgotten until it is given a new key",
          "[eventstore][personal]")
{
    PersonalMachine machine;
    const auto old_event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({old_event}));
    REQUIRE(machine.keys->forget("customer-1"));
    const auto new_event = personal_event(machine.runtime, "customer-1", {"back again"});
    CHECK(error_of(machine.append({new_event})) == "subject-forgotten");
    CHECK(machine.store->head() == 1);
    const auto from_memory = erased(old_event); // an event whose personal data are erased needs no key
    auto copied            = from_memory;
    copied.id              = machine.runtime.ids.next();
    CHECK(machine.append({copied}));

    CHECK(error_of(machine.keys->readmit("customer-2")) == "subject-not-forgotten");
    // Until its copies are gone, too: a new key would hide that the erasure is not finished.
    CHECK(error_of(machine.keys->readmit("customer-1")) == "erasure-not-complete");
    CHECK(machine.keys->status("customer-1").value().key_version == std::nullopt);
    REQUIRE(machine.keys->finish_forgetting("customer-1"));
    const auto readmitted = machine.keys->readmit("customer-1");
    REQUIRE(readmitted);
    CHECK(readmitted.value().key_version == 2);
    REQUIRE(machine.append({new_event}));
    machine.open();
    const auto events = read_all(*machine.store);
    CHECK(reads_as(events.at(0), from_memory));
    CHECK(reads_as(events.at(2), new_event));
    REQUIRE(machine.keys->forget("customer-1"));
    CHECK(reads_as(read_all(*machine.store).at(2), erased(new_event)));
}

TEST_CASE("who observes the log is told what was appended in the open", "[eventstore][personal]")
{
    PersonalMachine machine;
    std::vector<RecordedEvent> told;
    const auto observation =
        machine.store->observe([&](const auto& events) { told.insert(told.end(), events->begin(), events->end()); });
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({event, note_of(machine.runtime, "tea")}));
    REQUIRE(told.size() == 2);
    CHECK(reads_as(told[0], event));
    CHECK(told == read_all(*machine.store));
}

TEST_CASE(
    "an event that does not open as it is appended is handed to no reader, who is told why as one who reads the log",
    "[eventstore][personal]")
{
    PersonalMachine machine;
    EventBus bus{machine.runtime, *machine.store};
    std::vector<RecordedEvent> handed_over;
    const auto reader   = bus.subscribe({.name = "reader"}, [&](const Delivery& delivery) -> result<void> {
        handed_over.insert(handed_over.end(), delivery.events.begin(), delivery.events.end());
        return done();
    });
    const auto far_away = [](Time now) { return now + std::chrono::hours{1}; };
    const auto whole    = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({whole}));
    REQUIRE(bus.wait_for(*reader, 1, far_away(machine.runtime.clock.now())));

    auto sealed = read_all(*machine.log).at(0); // of another store, whose keys are not here
    auto& note  = *find_personal_note(sealed.metadata);
    note.replace(note.find("customer-1"), 10, "customer-9");
    REQUIRE(machine.append(
        {{.id = machine.runtime.ids.next(), .type = sealed.type, .data = sealed.data, .metadata = sealed.metadata}}));
    CHECK_FALSE(bus.wait_for(*reader, 2, far_away(machine.runtime.clock.now())));
    REQUIRE(reader->error());
    CHECK(reader->error()->code == "personal-key-missing");
    CHECK(reader->error()->code == machine.read_error());
    REQUIRE(handed_over.size() == 1);
    CHECK(reads_as(handed_over[0], whole));
}

TEST_CASE("sealed bytes that are found in another event do not open", "[eventstore][personal]")
{
    PersonalMachine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({event}));
    const auto sealed = read_all(*machine.log).at(0);
    NewEvent moved{
        .id = machine.runtime.ids.next(), .type = sealed.type, .data = sealed.data, .metadata = sealed.metadata};
    REQUIRE(machine.append({moved}));
    CHECK(machine.read_error() == "personal-data-damaged");
    CHECK(reads_as(read_all(*machine.store, {.limit = 1}).at(0), event));
}

TEST_CASE("what is sealed already is taken as it is, and opens in a store that has the keys", "[eventstore][personal]")
{
    PersonalMachine machine;
    const auto event = personal_event(machine.runtime, "customer-1", {canary});
    REQUIRE(machine.append({event}));
    const auto sealed = read_all(*machine.log).at(0);
    machine.close();
    std::filesystem::remove_all(machine.directory.path() + "/log");
    machine.open();
    const NewEvent brought{.id = sealed.id, .type = sealed.type, .data = sealed.data, .metadata = sealed.metadata};
    REQUIRE(machine.append({brought}));
    CHECK(reads_as(read_all(*machine.store).at(0), event));
}

TEST_CASE("a note that does not fit its event is refused, and nothing is written", "[eventstore][personal]")
{
    PersonalMachine machine;
    const auto with = [&](const std::string& note) {
        auto event                          = personal_event(machine.runtime, "customer-1", {canary});
        *find_personal_note(event.metadata) = note;
        return error_of(machine.append({event}));
    };
    CHECK(with("open 6 ") == "invalid-personal-data");
    CHECK(with("open x customer-1") == "invalid-personal-data");
    CHECK(with("open 6,6 customer-1") == "invalid-personal-data");
    CHECK(with("open 5 customer-1") == "invalid-personal-data");
    CHECK(with("open 99999 customer-1") == "invalid-personal-data");
    CHECK(with("open 6 cust\nomer") == "invalid-subject");
    CHECK(with("open 6 " + std::string(513, 'x')) == "invalid-subject");
    CHECK(with("closed 6 customer-1") == "personal-data-open");
    CHECK(machine.store->head() == 0);
}

} // namespace personal_data_test
