// Snapshots of aggregates: a cache of states, so that a long stream is not read from its beginning.
//
//     struct StockItem {
//         static constexpr auto category  = "stock";
//         static constexpr auto snapshots = el::snapshots{.version = 1, .every = 100};   // the whole policy
//         ...
//     };
//     template struct eventloom::codec<StockItem>;          // in the source file that has the codec of its events
//
// The command bus takes one every so many events, and reads only the events after it (CommandBusOptions::snapshots).
// Raise `version` whenever evolve or the members of the state change: snapshots of other versions are ignored. When the
// members have changed and the version has not, the old ones are ignored too, and CommandBus::notices() says so.
//
// The log always decides. A snapshot names the last event in it, by id, position and time, and is used only if the log has
// exactly that event there. A snapshot that is damaged, of another version, or ahead of the log (after a restore from a
// backup) is ignored and replaced. All of them can be removed at any time.
// Threads: a SnapshotStore may be used from any thread.
// For aggregate.hpp and eventstore/engines.hpp: include one of them.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

// The policy of an aggregate.
struct snapshots {
    std::uint32_t version = 1;   // of the state's members and of what evolve makes of events
    std::uint64_t every   = 100; // events
};

// Never defined: the compiler's first error line shows its name.
template <class State>
struct snapshots_must_be_el_snapshots_in;

template <class State>
concept has_snapshots = requires { State::snapshots; };

namespace detail {

template <class State>
consteval bool snapshots_fit()
{
    if constexpr (has_snapshots<State>) {
        constexpr bool fits = std::same_as<std::remove_cvref_t<decltype(State::snapshots)>, snapshots>;
        if constexpr (not fits) {
            static_cast<void>(sizeof(snapshots_must_be_el_snapshots_in<State>));
        } else {
            static_assert(State::snapshots.every > 0, "snapshots are taken every so many events, at least every one");
        }
        return fits;
    } else {
        return true;
    }
}

} // namespace detail

// The last event in a snapshot. Three things together: an id may be sent again after a backup was restored.
struct SnapshotAnchor {
    Uuid event;
    Position position = 0;
    Time recorded_at;

    static SnapshotAnchor at(const RecordedEvent& event) { return {event.id, event.position, event.recorded_at}; }

    friend bool operator==(const SnapshotAnchor&, const SnapshotAnchor&) = default;
};

struct Snapshot {
    std::uint32_t version = 0; // of the state
    std::uint64_t events  = 0; // how many events of the stream it was folded from, at least 1
    SnapshotAnchor last;       // the last of them
    std::string state;         // as the codec wrote it
    std::uint64_t shape = 0;   // of the state (shape.hpp); 0: not known

    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

class SnapshotStore {
public:
    virtual ~SnapshotStore() = default;

    // The snapshot of a stream; nothing when there is none, or when it is damaged.
    virtual std::optional<Snapshot> find(std::string_view stream) const = 0;

    // Replaces an older one: there is one for each stream. It returns nothing, because a cache that cannot be written is no
    // error.
    virtual void save(std::string_view stream, const Snapshot& snapshot) = 0;

    // Removes every snapshot, and all traces of old ones on disk: when it returns, no file holds a byte of them.
    virtual result<void> remove_all() = 0;
};

} // namespace eventloom
