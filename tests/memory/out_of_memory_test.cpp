// The first allocation of a call fails, then the second, and so on, until the call needs no more: once alone, and with all
// that follow it. Only what Eventloom allocates itself fails (memory/failing_new.hpp).
#include "memory/failing_new.hpp"
#include "real/store_on_disk.hpp"
#include "simulated/store_machine.hpp"

namespace out_of_memory_test {

using namespace eventloom;
using namespace eventloom::testing;

std::unique_ptr<LevelDbStore> open(StoreMachine& machine)
{
    auto store = machine.open();
    INFO((store ? "" : store.error().sentence));
    REQUIRE(store);
    return std::move(store.value());
}

// The request of the writer with this number; with tags and a condition too.
AppendRequest request_with_condition(std::uint64_t writer, std::uint64_t number)
{
    auto request   = request_of(writer, number);
    const auto tag = "request:" + std::to_string(writer) + "/" + std::to_string(number);
    for (auto& append : request.streams) {
        for (auto& event : append.events) event.metadata.tags = {tag};
    }
    request.condition = AppendCondition{{{{.tags = {tag}}}}, 0};
    return request;
}

// A disk with a store of so many appends, which was closed.
DiskImage disk_with_appends(std::uint64_t count)
{
    StoreMachine machine{1};
    {
        const auto store = open(machine);
        for (std::uint64_t number = 0; number < count; ++number) {
            REQUIRE(store->append(request_with_condition(0, number)));
        }
    }
    machine.process_ends();
    return machine.disk().image();
}

// How an append ended, as far as its caller may believe it.
void check_found(const AppendRequest& request, const result<Appended>& answer,
                 const std::map<Uuid, RecordedEvent>& events)
{
    const auto found = found_of(request, events);
    if (answer) {
        REQUIRE(found == events_in(request));
    } else if (answer.error().kind == Failure::unknown) {
        REQUIRE((found == 0 || found == events_in(request)));
    } else {
        REQUIRE(found == 0);
    }
}

struct Sent {
    AppendRequest request;
    std::optional<result<Appended>> answer;
};

// The machine comes up again: of every append that is there which its caller was told of, and sent again all are there.
void check_after_reopening(StoreMachine& machine, const std::vector<Sent>& sent)
{
    machine.process_ends();
    const auto store = open(machine);
    {
        const auto events = events_of_a_sound_store(*store);
        for (const auto& [request, answer] : sent) check_found(request, *answer, events);
    }
    for (const auto& [request, answer] : sent) {
        const auto again = store->append(request);
        INFO((again ? "" : again.error().sentence));
        REQUIRE(again);
    }
    const auto events = events_of_a_sound_store(*store);
    for (const auto& [request, answer] : sent) REQUIRE(found_of(request, events) == events_in(request));
}

// Calls `attempt` with the number of the allocation that is to fail, each or each `step`th, until there are fewer; it says
// whether one has failed. An attempt may leave nothing allocated but what is made once for all, so the same attempt again leaves nothing.
template <class Attempt>
void with_every_allocation(Attempt&& attempt, unsigned long step = 1)
{
    for (const auto failing : {Failing::once, Failing::from_then_on}) {
        bool failed = true;
        for (unsigned long nth = 1; failed; nth += step) {
            INFO("allocation " << nth << (failing == Failing::once ? "" : " and all behind it"));
            attempt(nth, failing);
            const auto live = live_allocations();
            failed          = attempt(nth, failing);
            REQUIRE(live_allocations() == live);
        }
    }
}

TEST_CASE("an append that finds no memory is not written or in doubt, and the store goes on or is opened again",
          "[memory]")
{
    const auto image = disk_with_appends(12);
    struct {
        unsigned written = 0, usable = 0, closed = 0, in_doubt = 0;
    } ends;
    with_every_allocation([&](unsigned long nth, Failing failing) {
        StoreMachine machine{2, image};
        std::vector<Sent> sent{{request_with_condition(0, 12), {}}, {request_with_condition(1, 0), {}}};
        bool failed = false;
        {
            const auto store = open(machine);
            fail_allocation(nth, failing);
            auto answer    = store->append(sent[0].request);
            failed         = allocations_fail_no_more();
            sent[0].answer = std::move(answer);
            sent[1].answer = store->append(sent[1].request);
        }
        const auto& [first, second] = std::tie(*sent[0].answer, *sent[1].answer);
        if (not first) {
            REQUIRE(failed);
            REQUIRE((first.error().kind == Failure::unavailable || first.error().kind == Failure::unknown));
            REQUIRE((first.error().code == "out-of-memory" || first.error().code == "append-outcome-unknown"));
        }
        if (not second) {
            REQUIRE_FALSE(first);
            REQUIRE(second.error().code == "store-closed-by-fault");
            REQUIRE(second.error().sentence.find("found no memory left") != std::string::npos);
        }
        ++(first                                    ? ends.written
           : first.error().kind == Failure::unknown ? ends.in_doubt
           : second                                 ? ends.usable
                                                    : ends.closed);
        check_after_reopening(machine, sent);
        return failed;
    });
    CHECK(ends.usable > 0);
    CHECK(ends.closed > 0);
    CHECK(ends.in_doubt > 0);
}

TEST_CASE("when the one who writes for others finds no memory everybody is answered once", "[memory]")
{
    const auto image = disk_with_appends(1);
    // A few, and more than can be taken without memory.
    const auto [others, step] = GENERATE(table<std::size_t, unsigned long>({{3, 1}, {70, 29}}));
    const auto attempt        = [&, others = others](unsigned long nth, Failing failing) {
        StoreMachine machine{3, image};
        std::vector<Sent> sent(others + 1);
        for (std::size_t i = 0; i < sent.size(); ++i) sent[i].request = request_with_condition(i + 1, 0);
        bool failed = false;
        {
            auto options        = StoreMachine::small_store();
            options.group_bytes = 20'000;
            const auto store    = machine.open(options).value();
            for (std::size_t i = 0; i < others; ++i) {
                store->append(sent[i].request, [&answer = sent[i].answer](result<Appended> given) {
                    if (answer) std::abort(); // answered twice
                    answer = std::move(given);
                });
            }
            fail_allocation(nth, failing);
            auto answer         = store->append(sent[others].request);
            failed              = allocations_fail_no_more();
            sent[others].answer = std::move(answer);
            machine.executor().run_until_idle();
            for (const auto& one : sent) REQUIRE(one.answer);
        }
        check_after_reopening(machine, sent);
        return failed;
    };
    with_every_allocation(attempt, step);
}

TEST_CASE("an append with a completion that finds no memory tells the completion", "[memory]")
{
    const auto image = disk_with_appends(12);
    with_every_allocation([&](unsigned long nth, Failing failing) {
        StoreMachine machine{4, image};
        std::vector<Sent> sent{{request_with_condition(0, 12), {}}};
        bool failed = false;
        {
            const auto store       = open(machine);
            auto request           = sent[0].request;
            auto& answer           = sent[0].answer;
            const auto answer_once = [&](result<Appended> given) {
                REQUIRE_FALSE(answer);
                answer = std::move(given);
            };
            AppendCompletion completion = answer_once;
            fail_allocation(nth, failing);
            store->append(std::move(request), std::move(completion));
            failed = allocations_fail_no_more();
            machine.executor().run_until_idle();
            REQUIRE(answer);
            REQUIRE((*answer || answer->error().code == "out-of-memory"));
        }
        check_after_reopening(machine, sent);
        return failed;
    });
}

// What may be asked of a store; each answer is a number. The question itself allocates nothing.
using Ask = std::function<result<std::size_t>(const LevelDbStore&)>;

Ask count_of(Scope scope)
{
    return [request = ReadRequest{.scope = std::move(scope)}](const LevelDbStore& store) -> result<std::size_t> {
        std::size_t events = 0;
        const auto cursor  = store.read(request);
        for (;;) {
            BOOST_OUTCOME_TRY(const auto event, cursor->next());
            if (event == nullptr) return events;
            ++events;
        }
    };
}

// Of a store that has the events of request 5: each answer is greater than 0.
std::vector<std::pair<std::string, Ask>> questions()
{
    const auto request = request_of(0, 5);
    return {
        {"everything", count_of(Scope::everything())},
        {"a stream", count_of(Scope::stream("own-0"))},
        {"a category", count_of(Scope::category("own"))},
        {"a tag", count_of(Scope::tag("request:0/5"))},
        {"verify",
         [](const auto& store) -> result<std::size_t> {
             BOOST_OUTCOME_TRY(const auto report, store.verify());
             return report.findings_total == 0 ? report.events : 0;
         }},
        {"a length", [](const auto& store) -> result<std::size_t> { return store.stream_length("own-0"); }},
        {"an event",
         [id = request.streams[0].events[0].id](const auto& store) -> result<std::size_t> {
             BOOST_OUTCOME_TRY(const auto event, store.find_event(id));
             return event ? event->position : 0;
         }},
        {"a command",
         [id = request.command->id](const auto& store) -> result<std::size_t> {
             BOOST_OUTCOME_TRY(const auto command, store.find_command(id));
             return command ? command->count : 0;
         }},
        {"streams",
         [](const auto& store) -> result<std::size_t> {
             std::size_t streams = 0;
             BOOST_OUTCOME_TRY(store.visit_streams([&](std::string_view, std::uint64_t) { ++streams; }));
             return streams;
         }},
    };
}

TEST_CASE("reading that finds no memory is an error, and the next reader reads all", "[memory]")
{
    StoreMachine machine{5, disk_with_appends(12)};
    const auto store = open(machine);
    REQUIRE(store->append(request_with_condition(0, 12))); // not in the log's tables
    for (const auto& [what, ask] : questions()) {
        const auto right = ask(*store).value();
        REQUIRE(right > 0);
        unsigned errors = 0;
        bool failed     = true;
        for (unsigned long nth = 1; failed; ++nth) {
            INFO(what << ", allocation " << nth);
            fail_allocation(nth, Failing::once);
            const auto answer = ask(*store);
            failed            = allocations_fail_no_more();
            if (answer) {
                REQUIRE(answer.value() == right);
            } else {
                ++errors;
                REQUIRE(failed);
                REQUIRE(answer.error().code == "out-of-memory");
            }
            REQUIRE(ask(*store).value() == right);
        }
        CHECK(errors > 0);
    }
}

TEST_CASE("a store that is opened or closed without memory keeps everything", "[memory]")
{
    const auto image = disk_with_appends(12);
    std::vector<Sent> sent{{request_with_condition(0, 12), {}}};
    SECTION("opened")
    {
        with_every_allocation([&](unsigned long nth, Failing failing) {
            StoreMachine machine{6, image};
            fail_allocation(nth, failing);
            auto store        = machine.open();
            const bool failed = allocations_fail_no_more();
            if (not store) {
                REQUIRE(failed);
                REQUIRE(store.error().code == "out-of-memory");
                store = machine.open();
                REQUIRE(store);
            }
            sent[0].answer = store.value()->append(sent[0].request);
            REQUIRE(*sent[0].answer);
            store.value().reset();
            check_after_reopening(machine, sent);
            return failed;
        });
    }
    SECTION("closed")
    {
        with_every_allocation([&](unsigned long nth, Failing failing) {
            StoreMachine machine{7, image};
            auto store     = open(machine);
            sent[0].answer = store->append(sent[0].request);
            REQUIRE(*sent[0].answer);
            fail_allocation(nth, failing);
            store.reset();
            const bool failed = allocations_fail_no_more();
            check_after_reopening(machine, sent);
            return failed;
        });
    }
}

} // namespace out_of_memory_test
