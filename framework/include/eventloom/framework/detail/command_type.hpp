// The tables of commands and of their aggregates (aggregate_type.hpp).
//
//     bus.send(command_type<Order, Pay>, "order-1042", &pay, options);
//
// For command_bus.hpp, decision.hpp and saga.hpp. Threads: constant.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/codec.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace eventloom::detail {

// clang-format off
template <class Command>
concept validated = requires(const Command& command) {
    { validate(command) } -> std::convertible_to<result<void>>;
};
// clang-format on

template <class State>
consteval SnapshotType snapshots_of()
{
    return {.version = State::snapshots.version,
            .every   = State::snapshots.every,
            .encode  = [](const void* state,
                         std::string& out) { codec<State>::encode(*static_cast<const State*>(state), out); },
            .decode =
                [](std::string_view bytes, void* state) {
                    auto read = codec<State>::decode(bytes);
                    if (read) *static_cast<State*>(state) = std::move(read.value());
                    return read.has_value();
                },
            .shape = &codec<State>::shape};
}
template <class State>
inline constexpr SnapshotType snapshot_type = snapshots_of<State>();

template <class State>
consteval AggregateType describe_aggregate()
{
    if constexpr (has_snapshots<State>) {
        return {&state_type<State>, &snapshot_type<State>};
    } else {
        return {&state_type<State>, nullptr};
    }
}
template <class State>
inline constexpr AggregateType aggregate_type = describe_aggregate<State>();

template <class Command>
result<void> validate_command(const void* command)
{
    return validate(*static_cast<const Command*>(command));
}

template <class Owner, class Answer>
void put_into(Decided& decided, const Answer& answer)
{
    if constexpr (is_a_result<Owner, Answer>()) {
        if (answer.has_error()) return decided.refuse(answer.assume_error());
        give_each_fact<Owner>(answer.assume_value(), [&]<class Fact>(const Fact& fact) {
            decided.add(Owner::Events::template index_of<Fact>, &fact);
        });
    }
}

template <class State, class Command>
void decide_command(const void* command, const void* state, Decided& decided)
{
    put_into<State>(decided, decide(*static_cast<const Command*>(command), *static_cast<const State*>(state)));
}

template <class Command>
consteval CommandType describe_command()
{
    constexpr std::string_view name = struct_name<Command>();
    CommandType type{.name = name, .validate = nullptr};
    if constexpr (validated<Command>) type.validate = validate_command<Command>;
    return type;
}

template <class State, class Command>
consteval CommandType describe_command_to()
{
    auto type      = describe_command<Command>();
    type.aggregate = &aggregate_type<State>;
    type.decide    = &decide_command<State, Command>;
    return type;
}
template <class State, class Command>
inline constexpr CommandType command_type = describe_command_to<State, Command>();

// The same for a command that is decided within a context: decision.hpp defines it.
template <class Context, class Command>
struct CommandWithin;

} // namespace eventloom::detail
