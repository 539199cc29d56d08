// Carries commands out: loads what a command is decided on, has it decided, and appends. Lives as long as the bus, and as the
// last command that is on its way.
//
//     carrier->carry_out(sending, sending->context, [](result<Receipt> answer) { ... });
//
// Threads: any; use, before the first command.
#pragma once

#include "commands/aggregate_states.hpp"
#include "commands/command_sending.hpp"
#include "commands/turns.hpp"

#include <eventloom/framework/decision.hpp>

namespace eventloom::detail {

class CommandCarrier {
public:
    CommandCarrier(const Runtime& runtime, EventStore& store, const CommandBusOptions& options)
        : runtime_{runtime}, store_{store}, states_{store, options.snapshots, options.cached_aggregates}
    {
    }

    EventStore& store() { return store_; }
    AggregateStates& states() { return states_; }
    void use(Middleware middleware) { middleware_.push_back(std::move(middleware)); }
    const std::vector<Middleware>& middleware() const { return middleware_; } // innermost first

    result<void> take_category(std::string_view category, std::type_index type, std::string_view name);
    result<LoadedState> load(const AggregateType& aggregate, const std::string& stream);

    // The bus goes, and the store may go soon after it: no further command is decided.
    void close() { is_closed_ = true; }
    bool is_closed() const { return is_closed_; }

    // Gives the command its ids, when it can be sent at all.
    result<void> prepare(CommandContext& context, const CommandType& type);

    // Decides and writes. Of the commands to one aggregate whose senders do not wait, one after the other.
    void carry_out(const std::shared_ptr<Sending>& sending, CommandContext& context, CommandDone done);

private:
    struct Decision;
    struct Writing;

    void carry_out_now(const std::shared_ptr<Sending>& sending, const CommandContext& context, CommandDone done,
                       Turns::Hold turn);
    result<Decision> decide(const CommandContext& context, const Sending& sending);
    result<Decision> decide_on_state(const CommandContext& context, const Sending& sending);
    result<Decision> decide_within(const Sending& sending);
    result<Receipt> answer_after(const CommandContext& context, Error error) const;
    AppendRequest request_of(const CommandContext& context, const Sending& sending, Decision& decision);
    void finish(Writing& writing, result<Appended> appended);
    result<Receipt> receipt_after(Writing& writing, result<Appended> appended);
    Error conflict_of(const Sending& sending, const std::string& stream, Error error) const;

    struct Owner {
        std::type_index type;
        std::string name;
    };

    std::atomic<bool> is_closed_{false};
    const Runtime runtime_;
    EventStore& store_;
    AggregateStates states_;
    Turns turns_;
    std::vector<Middleware> middleware_;
    std::mutex owning_;                                // over the next
    std::map<std::string, Owner, std::less<>> owners_; // of the categories
};

} // namespace eventloom::detail
