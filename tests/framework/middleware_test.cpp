// Middleware that answers later, on another thread, with an exception, or not at all.
#include "support/answers.hpp"
#include "support/sending_machine.hpp"

#include <eventloom/eventstore/engines.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <stdexcept>

namespace middleware_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("a middleware may answer later, and may be asked again", "[framework][command-bus][sending]")
{
    SendingMachine machine;
    std::deque<std::function<void()>> later;
    machine.commands.use([&](CommandContext& context, const CommandStep& next, CommandDone done) {
        later.emplace_back([&context, &next, done = std::move(done)] {
            context.options.headers.emplace_back("asked", "later");
            // Without an id each time is another command.
            next(context, [&context, &next, done](const result<Receipt>& first) {
                if (first) return next(context, done);
                done(first);
            });
        });
    });
    Kept kept;
    machine.commands.send(machine.counter, Add{1}, {}, kept.taker());
    Kept refused;
    machine.commands.send(machine.counter, Add{-1}, {}, refused.taker());
    CHECK(kept.none());
    while (not later.empty()) {
        later.front()();
        later.pop_front();
    }
    CHECK(kept.only().value().last_version == 1);
    CHECK(code_of(refused.only()) == "not-positive");
    CHECK(read_all(machine.store).at(1).metadata.headers.size() == 1);
}

TEST_CASE("whoever waits for a command waits for a middleware that answers on another thread",
          "[framework][command-bus][sending][threads]")
{
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    const auto store = open_memory_store(runtime);
    CommandBus commands{runtime, *store};
    commands.use([&](CommandContext& context, const CommandStep& next, CommandDone done) {
        executor.post([&context, &next, done = std::move(done)] { next(context, done); });
    });
    const id<Counter> counter{"1"};
    for (Version i = 0; i < 100; ++i) REQUIRE(commands.send(counter, Add{1}).value().last_version == i);
    CHECK(commands.send(counter, Add{-1}).error().code == "not-positive");
}

TEST_CASE("an exception of a middleware is the answer, once, wherever it is thrown",
          "[framework][command-bus][sending][user-code]")
{
    const std::string kind = GENERATE("memory", "LevelDB");
    SendingMachine machine{kind};
    enum class When { before, asked, answered, after_done, never } when = When::never;
    machine.commands.use([&](CommandContext& context, const CommandStep& next, CommandDone done) {
        if (when == When::before) throw std::runtime_error{"index out of range"};
        next(context, [&when, done](result<Receipt> answer) {
            if (when == When::answered) throw std::runtime_error{"index out of range"};
            done(std::move(answer));
            if (when == When::after_done) throw std::runtime_error{"index out of range"};
        });
        if (when == When::asked) throw std::runtime_error{"index out of range"};
    });
    const auto answer_when = [&](When now, const SendOptions& options) {
        when = now;
        Kept kept;
        machine.commands.send(machine.counter, Add{1}, options, kept.taker());
        machine.simulated.run_until_idle();
        return kept.only();
    };
    const auto check_thrown = [](const result<Receipt>& answer, Failure kind_of_failure) {
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == "exception-in-user-code");
        CHECK(answer.error().kind == kind_of_failure);
        CHECK_THAT(answer.error().sentence,
                   Catch::Contains("a middleware around the command Add") && Catch::Contains("index out of range"));
    };
    const SendOptions options{.command_id = derived_uuid({"add", "thrown"})};
    check_thrown(answer_when(When::before, options), Failure::defect);
    CHECK(machine.store.head() == 0);

    const auto late = answer_when(When::answered, options);
    check_thrown(late, Failure::unknown);
    CHECK_THAT(late.error().sentence, Catch::Contains("was carried out before that"));
    CHECK(machine.store.head() == 1);
    CHECK(answer_when(When::never, options).value().repeated);

    const SendOptions another{.command_id = derived_uuid({"add", "asked"})};
    const auto asked = answer_when(When::asked, another);
    if (kind == "memory") {
        CHECK(asked); // it had the answer before it threw
    } else {
        check_thrown(asked, Failure::unknown);
        CHECK_THAT(asked.error().sentence, Catch::Contains("was being written then"));
    }
    CHECK(answer_when(When::never, another).value().repeated);
    CHECK(answer_when(When::after_done, {}));
}

TEST_CASE("a middleware that never answers is found out, and a sender who throws harms nobody",
          "[framework][command-bus][sending][user-code]")
{
    SendingMachine machine;
    bool forgets = true;
    machine.commands.use([&](CommandContext& context, const CommandStep& next, const CommandDone& done) {
        if (not forgets) next(context, done);
    });
    const auto unanswered = machine.commands.send(machine.counter, Add{1});
    REQUIRE_FALSE(unanswered);
    CHECK(unanswered.error().kind == Failure::unknown);
    CHECK(unanswered.error().code == "command-not-answered");
    CHECK(unanswered.error().sentence == "sent Add to counter-1 and found that a middleware around it gave no answer; "
                                         "send it again with its id to get its result");
    forgets = false;
    machine.commands.send(machine.counter, Add{1}, {}, [](const result<Receipt>&) { throw std::runtime_error{"oh"}; });
    CHECK(machine.value_of(machine.counter) == 1);
    CHECK(machine.commands.send(machine.counter, Add{1}));
}

} // namespace middleware_test
