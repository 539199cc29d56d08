// A consumer group shares the events of the log out among its members: each event is handled by one of them, the events of
// one stream in their order.
//
//     BOOST_OUTCOME_TRY(auto groups, ConsumerGroups::open(runtime, store, {.directory = "var/shop/groups"}));
//     BOOST_OUTCOME_TRY(auto mail, groups->open_group({.name = "mail", .scope = Scope::category("order")}));
//     BOOST_OUTCOME_TRY(auto one, mail->join("one", [](const RecordedEvent& event) -> result<void> { ... }));
//
//     BOOST_OUTCOME_TRY(auto two, mail->join("two")); // a member that asks, instead of being called
//     BOOST_OUTCOME_TRY(const auto batch, two->next());
//     ... handle batch.events ...
//     BOOST_OUTCOME_TRY(two->acknowledge(batch));
//
// Streams. A stream is with one member at a time, and none of its events is handed over before those in front of it are
// acknowledged. Streams stay where they are; who joins is given a fair share of those that have nothing in flight, who
// leaves hands his back. Streams go on independently of each other.
//
// Leases. A member that holds a batch, or that asks for them, must acknowledge, ask or renew within the lease. Who does
// not is taken for dead: his streams go to others, what he had not acknowledged is handed over again, and whatever he says
// later is refused (Failure::conflict, "lease-ended"). Members are of this process; when it ends no lease is waited for.
//
// Failures. An event whose handler answers with an error is handed over again after `retry_after`, to another member when
// there is one. After `attempts_max` its stream stops and stands in status() with the error, until retry(); nothing is
// skipped, and other streams go on. A lease that ends counts as an attempt for the event that was being handled.
//
// Bounds. At most `buffered_events_max` events are read and not acknowledged. When members are slower, or a stream stands
// still, for so long that the buffer is full, the group reads on later, from the log.
//
// Checkpoint. What is acknowledged counts at once; it is written, exactly and for all members together, at the latest
// `write_every` later, and before flush() returns. Every event is handled at least once. It is handed over again only if
// it was not acknowledged, or if the machine stopped before its acknowledgement was written.
//
// Threads: everything may be called from any thread. A handler is called by one thread at a time, on the runtime's
// executor, different members' at the same time. The groups outlive no store and no executor. A handler may leave(), but
// may not let go of the last reference to its own group or member.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/storage/database.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

struct ConsumerGroupOptions {
    std::string name;
    Scope scope                    = Scope::everything();
    std::vector<std::string> types = {}; // stored names; empty: all
    Position after                 = 0;  // where a group begins that has no checkpoint yet
    Duration lease                 = std::chrono::seconds{30};
    unsigned attempts_max          = 5;
    Duration retry_after           = std::chrono::seconds{1};
    Duration write_every           = std::chrono::milliseconds{100};

    std::size_t batch_events_max    = 64;        // in flight, a member
    std::size_t buffered_events_max = 4'096;     // in the group, those in flight among them; at most 65,536
    std::size_t buffered_bytes_max  = 16u << 20; // one event is taken whatever its size
};

// What a member has in its hands: events of one or more streams, those of one stream in order and one after the other.
struct MemberBatch {
    std::vector<RecordedEvent> events; // empty: there is nothing to do now
    std::uint64_t number = 0;          // of this batch, among all of the group
};

// Somebody in a group. When the last reference goes, it has left.
class GroupMember {
public:
    virtual ~GroupMember() = default;

    virtual const std::string& name() const = 0;
    // Why it is no member any more, if it did not leave: "lease-ended", "group-closed", or what stopped the group.
    virtual std::optional<Error> error() const = 0;
    // Hands everything back that is not acknowledged. When it returns, the handler is not running and will not run again;
    // from within the handler it returns at once.
    virtual void leave() = 0;
};

// A member that asks. It has one batch at a time.
//
// Failure::conflict     "lease-ended": others have its streams; nothing was changed. Join again.
//                       "batch-not-held": the batch was acknowledged, or handed back, before; nothing was changed.
//                       "batch-in-hand" (next): the batch before has to be acknowledged first.
// Failure::unavailable  "group-closed", and what stopped the group.
class PullingMember : public GroupMember {
public:
    // The next events; waits for some until `deadline`, when one is given. Renews the lease.
    virtual result<MemberBatch> next(std::optional<Time> deadline = std::nullopt) = 0;

    // All events of the batch, or the first `count` of them, are handled. Renews the lease.
    virtual result<void> acknowledge(const MemberBatch& batch)                    = 0;
    virtual result<void> acknowledge(const MemberBatch& batch, std::size_t count) = 0;

    // The first `count` events are handled, and the one after them failed. The rest is handed back.
    virtual result<void> fail(const MemberBatch& batch, std::size_t count, Error why) = 0;

    // It is alive, and needs more time.
    virtual result<void> renew() = 0;
};

struct MemberStatus {
    std::string name;
    std::size_t streams   = 0; // that it looks after, those without events among them while they are remembered
    std::size_t in_flight = 0; // events
    std::optional<Time> lease_ends;
};

// A stream that stands still because one of its events keeps failing.
struct StoppedStream {
    std::string stream;
    Position position = 0; // of the event
    unsigned attempts = 0;
    Error error;
};

struct ConsumerGroupStatus {
    std::string name;
    Position checkpoint = 0; // everything up to here is handled
    Position read       = 0; // up to here the log has been read; what is after the checkpoint is handled but for `open`
    Position lag        = 0; // from the checkpoint to the head of the log
    std::size_t open    = 0; // events up to `read` that are not handled
    std::size_t buffered_events = 0; // in memory
    std::size_t buffered_bytes  = 0;
    std::size_t in_flight       = 0;
    std::vector<MemberStatus> members;
    std::vector<StoppedStream> stopped;
    std::optional<Error> error; // why the whole group stopped: the log or the checkpoint could not be read or written
};

using GroupHandler = std::function<result<void>(const RecordedEvent&)>;

// A running group. When the last reference goes, its members are none any more and its checkpoint is written.
class ConsumerGroup {
public:
    virtual ~ConsumerGroup() = default;

    virtual const std::string& name() const = 0;

    // Failure::conflict     "member-name-taken": a living member has this name.
    // Failure::unavailable  what stopped the group.
    virtual result<std::shared_ptr<GroupMember>> join(std::string member, GroupHandler handler) = 0;
    virtual result<std::shared_ptr<PullingMember>> join(std::string member)                     = 0;

    virtual ConsumerGroupStatus status() const = 0;

    // Has a stream that stopped tried again. Failure::invalid "stream-not-stopped".
    virtual result<void> retry(std::string_view stream) = 0;

    // Returns when everything acknowledged before is on the disk. Fails as Database::write does; then the group has stopped.
    virtual result<void> flush() = 0;

    // Waits until everything up to `position` is handled; says whether it is. Not to be called from within a handler.
    virtual bool wait_for(Position position, Time deadline) = 0;
};

struct ConsumerGroupsOptions {
    std::string directory; // of a LevelDB for the checkpoints alone
};

class ConsumerGroups {
public:
    // Failure::corrupt  "newer-groups-format", and what Database::open says.
    static result<std::unique_ptr<ConsumerGroups>> open(const Runtime& runtime, EventStore& store,
                                                        const ConsumerGroupsOptions& options);
    ~ConsumerGroups();

    // Goes on after the group's checkpoint, or begins a group that has none.
    //
    // Failure::invalid   "invalid-group-name": names are as those of streams. "group-begins-after-log".
    // Failure::conflict  "group-is-open": there is one under this name; use that.
    // Failure::corrupt   "damaged-checkpoint"; "log-behind-checkpoint": the log is not the one that was handled.
    result<std::shared_ptr<ConsumerGroup>> open_group(ConsumerGroupOptions options);

    // The groups that have a checkpoint, by name.
    result<std::vector<std::string>> names() const;

    // The files of the checkpoints that are written, kept while what it gives lives; it goes before the groups.
    result<std::unique_ptr<DatabaseCapture>> capture() const;

private:
    struct Core;
    explicit ConsumerGroups(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

} // namespace eventloom
