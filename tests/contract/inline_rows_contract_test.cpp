// What every event store must do with rows that are written in the write of its events.
#include "support/machine_with_real_files.hpp"

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <thread>

namespace inline_rows_contract_test {

using namespace eventloom;
using namespace eventloom::testing;

const auto any = ExpectedVersion::any();

// Keeps the last text of each stream, and how many events there are in all; takes no event that says "no".
class Notes final : public InlineFold {
public:
    explicit Notes(std::string of = "notes") : name{std::move(of)} {}

    result<void> fold(std::span<const RecordedEvent> events, const FindStored& find, RowBatch& changes) override
    {
        BOOST_OUTCOME_TRY(const auto before, find(name + "/count"));
        auto count = before ? std::stoull(*before) : 0;
        for (const RecordedEvent& event : events) {
            if (event.data == "no") return fail(Failure::refused, "said-no", "An event said no.");
            if (event.data == "gone") {
                changes.remove(name + "/of " + event.stream);
            } else {
                changes.put(name + "/of " + event.stream, event.data);
            }
            ++count;
        }
        changes.put(name + "/count", std::to_string(count));
        seen.insert(seen.end(), events.begin(), events.end());
        return done();
    }
    void written(Position position) override { told.push_back(position); }

    const std::string name;
    std::vector<RecordedEvent> seen; // also what another fold refused
    std::vector<Position> told;
};

struct RowsMachine : SimulatedMachine {
    StoreUnderTest store;

    explicit RowsMachine(const StoreKind& kind) : store{kind.open(runtime)} {}

    std::shared_ptr<Notes> keep_notes(std::string name = "notes")
    {
        auto notes = std::make_shared<Notes>(std::move(name));
        store->inline_rows()->folds(*store->hold_appends().value()).push_back(notes);
        return notes;
    }
    AppendRequest note(std::string stream, std::string text, ExpectedVersion expected = any)
    {
        return to(std::move(stream), expected, {note_of(runtime, std::move(text))});
    }
    std::string row(const std::string& key) { return store->inline_rows()->find(key).value().value_or("(none)"); }
    std::map<std::string, std::string> rows()
    {
        std::map<std::string, std::string> all;
        const auto view   = store->inline_rows()->view();
        const auto cursor = view->scan({"", "\xff"});
        for (; cursor->valid(); cursor->next()) all.emplace(cursor->key(), cursor->value());
        REQUIRE(cursor->status());
        return all;
    }

    // Appends that are under way together, and what became of each: "" or the code of its error.
    std::vector<std::string> append_together(std::vector<AppendRequest> requests)
    {
        std::vector<std::string> answers(requests.size());
        for (std::size_t i = 0; i < requests.size(); ++i) {
            store->append(std::move(requests[i]), [&answers, i](const result<Appended>& answer) {
                answers[i] = answer ? "" : answer.error().code;
            });
        }
        simulated.run_until_idle();
        return answers;
    }
};

using Answers = std::vector<std::string>;
using Rows    = std::map<std::string, std::string>;

TEST_CASE("every event store writes the rows of an append with its events, and keeps them",
          "[eventstore][contract][inline]")
{
    RowsMachine machine{GENERATE(from_range(every_store()))};
    auto& store = machine.store;
    CHECK(machine.rows().empty());
    machine.keep_notes();
    REQUIRE(store->append(machine.note("a", "one")));
    REQUIRE(store->append(machine.note("b", "two")));
    const auto then = store->inline_rows()->view();
    REQUIRE(store->append(machine.note("a", "three")));
    REQUIRE(store->append(machine.note("b", "gone")));
    CHECK(machine.rows() == Rows{{"notes/count", "4"}, {"notes/of a", "three"}});
    CHECK(then->get("notes/of a").value() == "one");
    CHECK(then->get("notes/of b").value() == "two");
    const auto backwards = then->scan({"notes/of", "notes/of z"}, true);
    CHECK(backwards->key() == "notes/of b");
}

TEST_CASE("rows that lie beside the events are there when the store is opened again", "[eventstore][contract][inline]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    if (kind.name == "memory") return; // which is never opened again
    RowsMachine machine{kind};
    machine.keep_notes();
    REQUIRE(machine.store->append(machine.note("a", "one")));
    machine.store.reopen(machine.store);
    CHECK(machine.rows() == Rows{{"notes/count", "1"}, {"notes/of a", "one"}});
    REQUIRE(machine.store->append(machine.note("a", "two"))); // nobody is asked before he is there again
    CHECK(machine.row("notes/of a") == "one");
    machine.keep_notes();
    REQUIRE(machine.store->append(machine.note("a", "three")));
    CHECK(machine.row("notes/count") == "2");
    CHECK(all_of(*machine.store->read({})).size() == 3);
}

TEST_CASE("every event store refuses that append alone whose events a fold does not take, and nothing of it is written",
          "[eventstore][contract][inline]")
{
    RowsMachine machine{GENERATE(from_range(every_store()))};
    auto& store      = machine.store;
    const auto first = machine.keep_notes("first");
    machine.keep_notes("second");
    auto twice = machine.note("a", "unseen");
    twice.streams[0].events.push_back(note_of(machine.runtime, "no"));
    // Together, so that they share one write where the store groups them.
    const auto answers = machine.append_together(
        {machine.note("a", "one", ExpectedVersion::no_stream()), machine.note("a", "no"), twice,
         machine.note("a", "two", ExpectedVersion::exactly(0)), machine.note("b", "no"), machine.note("b", "three")});
    CHECK(answers == Answers{"", "said-no", "said-no", "", "said-no", ""});
    CHECK(store->head() == 3);
    CHECK(store->stream_length("a").value() == 2);
    CHECK_FALSE(store->find_event(twice.streams[0].events[0].id).value());
    CHECK(machine.rows() == Rows{{"first/count", "3"},
                                 {"first/of a", "two"},
                                 {"first/of b", "three"},
                                 {"second/count", "3"},
                                 {"second/of a", "two"},
                                 {"second/of b", "three"}});
    CHECK(first->told.back() == 3);
}

TEST_CASE("every event store shows a fold the events as they then stand in the log, and the rows of appends before",
          "[eventstore][contract][inline]")
{
    RowsMachine machine{GENERATE(from_range(every_store()))};
    const auto notes = machine.keep_notes();
    auto tagged      = machine.note("a", "one");

    tagged.streams[0].events[0].metadata.tags        = {"red"};
    tagged.streams[0].events[0].metadata.correlation = machine.simulated.next();
    tagged.streams.push_back({"b", any, {note_of(machine.runtime, "two"), note_of(machine.runtime, "three")}});
    CHECK(machine.append_together({tagged, machine.note("a", "four"), machine.note("c", "five")}) ==
          Answers{"", "", ""});
    CHECK(notes->seen == read_all(*machine.store.store));
    CHECK(machine.row("notes/count") == "5");
}

TEST_CASE("every event store changes rows exactly once with the events, and never for what it does not write",
          "[eventstore][contract][inline]")
{
    RowsMachine machine{GENERATE(from_range(every_store()))};
    auto& store = machine.store;
    machine.keep_notes();
    auto command    = machine.note("a", "one");
    command.command = CommandRecord{.id = machine.simulated.next(), .stream = "a"};
    REQUIRE(store->append(command));
    CHECK(store->append(command).value().repeated);
    auto events_again    = command;
    events_again.command = std::nullopt;
    CHECK(store->append(events_again).value().repeated);
    CHECK(store->append(machine.note("a", "stale", ExpectedVersion::no_stream())).error().code ==
          "wrong-expected-version");
    auto conditional      = machine.note("b", "unwanted");
    conditional.condition = AppendCondition{.fails_if_matched = {{{.types = {"noted"}}}}, .after = 0};
    CHECK(store->append(conditional).error().code == "append-condition-failed");
    AppendRequest nothing;
    nothing.command = CommandRecord{.id = machine.simulated.next(), .stream = "a"};
    REQUIRE(store->append(nothing)); // a command that changes nothing
    conditional.condition->after = store->head();
    REQUIRE(store->append(conditional));
    CHECK(machine.rows() == Rows{{"notes/count", "2"}, {"notes/of a", "one"}, {"notes/of b", "unwanted"}});
}

TEST_CASE("a command that a fold refuses is not recorded, and may be sent again", "[eventstore][contract][inline]")
{
    RowsMachine machine{GENERATE(from_range(every_store()))};
    machine.keep_notes();
    auto command    = machine.note("a", "no");
    command.command = CommandRecord{.id = machine.simulated.next(), .stream = "a"};
    CHECK(machine.store->append(command).error().code == "said-no");
    CHECK_FALSE(machine.store->find_command(command.command->id).value());
    command.streams[0].events[0].data = "yes";
    CHECK_FALSE(machine.store->append(command).value().repeated);
    CHECK(machine.row("notes/count") == "1");
}

TEST_CASE("who holds the appends of an event store sees its log stand still", "[eventstore][contract][inline][threads]")
{
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    const auto store      = GENERATE(from_range(every_store())).open(runtime);
    constexpr int appends = 40;
    std::atomic<int> answered{0};
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 2; ++writer) {
        writers.emplace_back([&, writer] {
            for (int i = 0; i < appends; ++i) {
                auto request = to(std::to_string(writer), any, {note_of(runtime, std::to_string(i))});
                if (i % 2 == 0) {
                    if (store->append(request)) ++answered;
                } else {
                    store->append(std::move(request),
                                  [&](const result<Appended>& answer) { answered += answer ? 1 : 0; });
                }
            }
        });
    }
    bool stood_still = true;
    for (int round = 0; round < 20; ++round) {
        const auto held   = store->hold_appends().value();
        const auto before = store->head();
        RowBatch batch;
        batch.put("round", std::to_string(round));
        REQUIRE(store->inline_rows()->write(*held, batch));
        stood_still &= store->inline_rows()->view()->get("round").value() == std::to_string(round);
        stood_still &= store->head() == before;
    }
    for (auto& writer : writers) writer.join();
    REQUIRE(
        executor.wait_until([&] { return answered == 2 * appends; }, system_clock().now() + std::chrono::minutes{1}));
    CHECK(stood_still);
    CHECK(store->head() == 2 * appends);
}

} // namespace inline_rows_contract_test
