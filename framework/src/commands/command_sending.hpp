// A command that was sent, until it is answered: it goes through the middleware to its decision, and its answer comes back
// through them, at once or on another thread.
//
//     begin(std::make_shared<Sending>(...), [](result<Receipt> answer) { ... });
//
// Threads: one at a time; which one may change at each step.
#pragma once

#include <eventloom/framework/command_bus.hpp>

#include <atomic>

namespace eventloom::detail {

struct Sending {
    std::shared_ptr<CommandCarrier> carrier;
    const CommandType* type;
    std::shared_ptr<const void> command;
    std::optional<StreamAppend> beside;
    bool sender_waits = false; // so that an append may wait too
    CommandContext context;
    std::atomic<bool> is_being_written = false;
    std::atomic<bool> is_carried_out   = false;
};

// Calls `done` once: with the answer, or with what an exception on the way means for the command.
void begin(std::shared_ptr<Sending> sending, CommandDone done);

// Within a `catch (...)`: what the exception means for the command. It does not undo what has been written.
Error exception_on_the_way(std::string_view which, const Sending& sending) noexcept;

} // namespace eventloom::detail
