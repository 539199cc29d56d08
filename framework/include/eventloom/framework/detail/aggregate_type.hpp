// An aggregate and its commands as code sees them that does not know their types: constant tables of functions that reach into
// them. A source that sends a command has these tables compiled, and nothing of how a command is carried out.
//
//     evolve_with(state_type<Order>, &order, event);        // order: after one more event of the log
//
// aggregate.hpp, command_type.hpp and decision.hpp make the tables. Threads: constant.
#pragma once

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>

namespace eventloom {

class EventStore;
struct EventQuery;

} // namespace eventloom

namespace eventloom::detail {

// What is kept beside the bytes of an event. nullptr: the event says nothing of the kind.
struct FactNotes {
    Tags (*tags)(const void* fact)           = nullptr;
    std::string (*subject)(const void* fact) = nullptr; // whose its personal parts are
};

// A list of events: of an aggregate, or of the context of a decision.
struct FactList {
    const EventTypes& (*types)();
    const FactNotes* notes; // in the order of the list
};

// The bytes and notes of the event at this place of its list.
NewEvent encoded_fact(const FactList& list, std::size_t place, const void* fact);

struct StateType {
    const std::type_info* type;
    std::string_view name; // for sentences
    std::string_view category;
    FactList list;
    std::span<const std::string_view> ignored;
    void (*const* evolve)(void* state, const void* fact); // in the order of the list
    std::size_t size;
    void (*make)(void* memory, const void* from); // nullptr: a new one
    void (*destroy)(void* state);
};

// The state after one more event of the log: the errors of evolved() in aggregate.hpp.
result<void> evolve_with(const StateType& type, void* state, const RecordedEvent& event);

// How an aggregate has its snapshots kept (snapshots.hpp).
struct SnapshotType {
    std::uint32_t version;
    std::uint64_t every;
    void (*encode)(const void* state, std::string& out);
    bool (*decode)(std::string_view bytes, void* state); // false: it cannot be read
    const Shape& (*shape)();
};

struct AggregateType {
    const StateType* state;
    const SnapshotType* snapshots; // nullptr: has none
};

// Takes what decide answers: events, the place of each in its list and its struct, or the error.
class Decided {
public:
    virtual void add(std::size_t place, const void* fact) = 0;
    virtual void refuse(Error error)                      = 0;

protected:
    ~Decided() = default;
};

// The context of decisions that span streams.
struct ContextType {
    std::string_view name;
    std::string_view stream; // for its events
    std::string_view category;
    FactList list;
};

struct CommandType {
    std::string_view name;
    result<void> (*validate)(const void* command); // nullptr: it has no validate
    // An aggregate decides it ...
    const AggregateType* aggregate                                           = nullptr;
    void (*decide)(const void* command, const void* state, Decided& decided) = nullptr;
    // ... or it is decided within the boundary that it draws, whose query is answered.
    const ContextType* context                            = nullptr;
    result<EventQuery> (*decide_within)(const void* command, const EventStore& store, Position head, Time now,
                                        Decided& decided) = nullptr;
};

} // namespace eventloom::detail
