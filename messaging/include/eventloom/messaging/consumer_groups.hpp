// A consumer group shares the events of the log out among its members: each event is handled by one of them, the events of
// one stream in their order.
//
//     BOOST_OUTCOME_TRY(auto groups, ConsumerGroups::open(runtime, store, {.directory = "var/shop/groups"}));
//     BOOST_OUTCOME_TRY(auto mail, groups->open_group({.name = "mail", .scope = Scope::category("order")}));
//     BOOST_OUTCOME_TRY(auto one, mail->join("one", [](const RecordedEvent& event) -> result<void> { ... }));
//
//     BOOST_OUTCOME_TRY(auto two, mail->join("two")); // a member that pulls, instead of being called
//     BOOST_OUTCOME_TRY(const auto batch, two->next());
//     ... handle batch.events ...
//     BOOST_OUTCOME_TRY(two->acknowledge(batch));
//
// Streams. One member at a time has a stream. An event is delivered after all earlier events of its stream were
// acknowledged. A stream stays with its member. A new member gets a fair share of the streams that have nothing in flight;
// a member that leaves gives its streams back. Streams do not wait for each other.
//
// Leases. A member that holds a batch, and each member that pulls, must acknowledge, ask or renew within the lease.
// Otherwise it counts as dead: its streams go to other members, its unacknowledged events are delivered again, and its
// later calls are refused (Failure::conflict, "lease-ended"). These members belong to this process; after a restart no lease of
// theirs is waited for. Those in other processes pull through the service (member_leases.hpp), and keep their batch over a restart.
//
// Failures. When a handler returns an error, the event is delivered again after `retry_after`, to another member if there
// is one. After `attempts_max` its stream stops. status() shows the stream and the error until retry(); no event is
// skipped, and other streams go on. A lease that ends counts as an attempt for the event that was being handled.
//
// Bounds. At most `buffered_events_max` events are read and not acknowledged. When slow members or a stopped stream fill
// the buffer, the group stops reading, and continues later from the log.
//
// Checkpoint. An acknowledgement counts at once. It is written, for all members together, at most `write_every` later, and
// before flush() returns. Every event is handled at least once. It is delivered again only if it was not acknowledged, or
// if the machine stopped before its acknowledgement was written.
//
// Threads: everything may be called from any thread. A handler is called by one thread at a time, on the runtime's
// executor; handlers of different members run at the same time. The store and the executor must outlive the groups. A
// handler may call leave(), but must not release the last reference to its own group or member.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/runtime.hpp>
#include <eventloom/messaging/detail/member_leases.hpp>
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
    Position after                 = 0;  // a group without a checkpoint begins after this position
    Duration lease                 = std::chrono::seconds{30};
    unsigned attempts_max          = 5;
    Duration retry_after           = std::chrono::seconds{1};
    Duration write_every           = std::chrono::milliseconds{100};

    std::size_t batch_events_max    = 64;        // in flight, for each member
    std::size_t buffered_events_max = 4'096;     // in the group, with those in flight; at most 65,536
    std::size_t buffered_bytes_max  = 16u << 20; // a single event may be larger
};

// Events that a member is to handle. They are of one or more streams; those of one stream are together and in order.
struct MemberBatch {
    std::vector<RecordedEvent> events; // empty: nothing to do now
    std::uint64_t number = 0;          // counts the batches of the group
};

// A member of a group. It leaves when the last reference is released.
class GroupMember {
public:
    virtual ~GroupMember() = default;

    virtual const std::string& name() const = 0;
    // Why it is no longer a member, if it did not leave: "lease-ended", "group-closed", or the error that stopped the group.
    virtual std::optional<Error> error() const = 0;
    // Gives back everything that is not acknowledged. When it returns, the handler does not run and will not run again.
    // Called by the handler itself, it returns at once.
    virtual void leave() = 0;
};

// A member that pulls its events. It has one batch at a time.
//
// Failure::conflict     "lease-ended": other members have its streams; nothing was changed. Join again.
//                       "batch-not-held": the batch was already acknowledged or given back; nothing was changed.
//                       "batch-in-hand" (next): first acknowledge the previous batch.
// Failure::unavailable  "group-closed", or the error that stopped the group.
class PullingMember : public GroupMember {
public:
    // The next events. With a `deadline` it waits for them until then. Renews the lease.
    virtual result<MemberBatch> next(std::optional<Time> deadline = std::nullopt) = 0;

    // Says that all events of the batch, or the first `count` of them, are handled. Renews the lease.
    virtual result<void> acknowledge(const MemberBatch& batch)                    = 0;
    virtual result<void> acknowledge(const MemberBatch& batch, std::size_t count) = 0;

    // Says that the first `count` events are handled and the next one failed. Gives the rest back.
    virtual result<void> fail(const MemberBatch& batch, std::size_t count, Error why) = 0;

    // Says that the member is alive and needs more time.
    virtual result<void> renew() = 0;
};

struct MemberStatus {
    std::string name;
    bool is_elsewhere     = false; // in another process
    std::size_t streams   = 0;     // that the member has; a stream without events counts until the group forgets it
    std::size_t in_flight = 0;     // events
    std::optional<Time> lease_ends;
};

// A stream that stopped because one of its events kept failing.
struct StoppedStream {
    std::string stream;
    Position position = 0; // of the event
    unsigned attempts = 0;
    Error error;
};

struct ConsumerGroupStatus {
    std::string name;
    Position checkpoint         = 0; // everything up to here is handled
    Position read               = 0; // the log has been read up to here
    Position lag                = 0; // from the checkpoint to the head of the log
    std::size_t open            = 0; // events up to `read` that are not handled yet
    std::size_t buffered_events = 0; // in memory
    std::size_t buffered_bytes  = 0;
    std::size_t in_flight       = 0;
    std::vector<MemberStatus> members;
    std::vector<StoppedStream> stopped;
    std::optional<Error> error; // why the whole group stopped: an error of the log or of the checkpoint
};

using GroupHandler = std::function<result<void>(const RecordedEvent&)>;

// A running group. Releasing the last reference writes its checkpoint and ends its members ("group-closed").
class ConsumerGroup {
public:
    virtual ~ConsumerGroup() = default;

    virtual const std::string& name() const = 0;

    // Failure::conflict     "member-name-taken": a living member has this name.
    // Failure::unavailable  the error that stopped the group.
    virtual result<std::shared_ptr<GroupMember>> join(std::string member, GroupHandler handler) = 0;
    virtual result<std::shared_ptr<PullingMember>> join(std::string member)                     = 0;

    virtual ConsumerGroupStatus status() const = 0;

    // Tries a stopped stream again. Failure::invalid "stream-not-stopped".
    virtual result<void> retry(std::string_view stream) = 0;

    // Returns when everything acknowledged so far is on disk. Fails as Database::write does; then the group has stopped.
    virtual result<void> flush() = 0;

    // For members in other processes. The first pull of an `id` joins. What a member has in its hands when it pulls goes to others.
    // Failure::invalid "invalid-pull"; Failure::unavailable "group-closed", or the error that stopped the group.
    virtual void pull(PullEvents wanted, PullEventsDone done) = 0;
    // The lease goes on for its whole length from now. False: it is over, the events are in other hands or were ended.
    virtual bool extend(const HeldLease& held) = 0;
    // `done` is called when it is durable. Told again of an end that counted, it succeeds; that of a member that has left is
    // refused with "lease-ended", and counts all the same.
    // Failure::conflict "lease-ended", "batch-not-held": nothing was changed. Failure::unavailable as for pull().
    virtual void finish(const Lease& lease, EndedBatch ended, std::function<void(result<void>)> done) = 0;

    // Waits until everything up to `position` is handled, and returns whether it is. Do not call it from a handler.
    virtual bool wait_for(Position position, Time deadline) = 0;
};

struct ConsumerGroupsOptions {
    std::string directory; // of a LevelDB that holds only the checkpoints
};

class ConsumerGroups {
public:
    // Failure::corrupt  "newer-groups-format", and the errors of Database::open.
    static result<std::unique_ptr<ConsumerGroups>> open(const Runtime& runtime, EventStore& store,
                                                        const ConsumerGroupsOptions& options);
    ~ConsumerGroups();

    // Continues after the group's checkpoint; a group without one begins after ConsumerGroupOptions::after.
    //
    // Failure::invalid   "invalid-group-name": the rules are those of stream names. "group-begins-after-log".
    // Failure::conflict  "group-is-open": it is open already; use that one.
    // Failure::corrupt   "damaged-checkpoint"; "log-behind-checkpoint": the log is not the one that the group has handled.
    result<std::shared_ptr<ConsumerGroup>> open_group(ConsumerGroupOptions options);

    // The names of the groups that have a checkpoint, sorted.
    result<std::vector<std::string>> names() const;

    // The files of the written checkpoints. They are kept while the capture lives. Release it before the groups.
    result<std::unique_ptr<DatabaseCapture>> capture() const;

private:
    struct Core;
    explicit ConsumerGroups(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

} // namespace eventloom
