// A simulated machine with a store and a command bus, for tests of commands that nobody waits for.
//
//     SendingMachine machine{"LevelDB"};
//     Kept kept;
//     machine.commands.send(machine.counter, Add{1}, {}, kept.taker());
//     machine.simulated.run_until_idle();
//     CHECK(kept.only());
//
// Threads: one.
#pragma once

#include "support/counter.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/framework/command_bus.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <stdexcept>
#include <vector>

namespace eventloom::testing {

// The answers to one command.
class Kept {
public:
    CommandDone taker()
    {
        return [all = all_](result<Receipt> answer) { all->push_back(std::move(answer)); };
    }
    bool none() const { return all_->empty(); }
    const result<Receipt>& only() const
    {
        REQUIRE(all_->size() == 1);
        return all_->front();
    }

private:
    std::shared_ptr<std::vector<result<Receipt>>> all_ = std::make_shared<std::vector<result<Receipt>>>();
};

inline const StoreKind& kind_named(const std::string& name)
{
    for (const auto& kind : every_store()) {
        if (kind.name == name) return kind;
    }
    throw std::logic_error{name};
}

struct SendingMachine : SimulatedMachine {
    explicit SendingMachine(const std::string& kind = "memory") : under_test{kind_named(kind).open(runtime)} {}

    StoreUnderTest under_test;
    EventStore& store = *under_test.store;
    CommandBus commands{runtime, store};

    template <class Command>
    void send(const id<Counter>& to, Command command, SendOptions options, std::optional<StreamAppend> beside,
              CommandDone done)
    {
        commands.send(detail::command_type<Counter, Command>, to.stream(),
                      std::make_shared<const Command>(std::move(command)), std::move(options), std::move(beside),
                      std::move(done));
    }
    // The answer of a command that is sent with an append beside it.
    template <class Command>
    result<Receipt> send_beside(Command command, StreamAppend beside, SendOptions options = {})
    {
        Kept kept;
        send(counter, std::move(command), std::move(options), std::move(beside), kept.taker());
        simulated.run_until_idle();
        return kept.only();
    }
    StreamAppend mark(ExpectedVersion expected) { return {"mark-1", expected, {event("done")}}; }
    int value_of(const id<Counter>& of) { return commands.load(of).value().value; }

    const id<Counter> counter{"1"};
};

struct NoInterruption {
    ~NoInterruption() { Interruption::run = nullptr; }
};

} // namespace eventloom::testing
