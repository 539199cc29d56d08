// A running consumer group: it reads when there is room, hands batches to members, ends leases, and writes checkpoints.
//
// Its state is guarded by one mutex, which is never held while the log is read, a checkpoint is written or a handler runs.
// Reading goes through a strand, one piece a turn. A checkpoint is taken under the mutex in one look, so that an event is
// either handled or open in it, whatever goes on at the same time.
#pragma once

#include "group_reader.hpp"
#include "stream_shares.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace eventloom {

class Group final : public ConsumerGroup, public std::enable_shared_from_this<Group> {
public:
    // A member, from joining to its end. All but what is atomic or constant is guarded by the group's mutex.
    struct Seat {
        Seat(std::string called, GroupHandler handles, Duration leased, const Uuid& as = {})
            : name{std::move(called)}, handler{std::move(handles)}, id{as}, lease{leased}
        {
        }

        const std::string name;
        const GroupHandler handler; // none: it asks
        const Uuid id;              // of a member in another process; nil: it is in this one
        Duration lease;
        StreamShares::Member* member = nullptr; // nothing: it is none any more
        std::optional<Error> ended;
        std::optional<Time> lease_ends;
        std::uint64_t batch_number = 0;
        std::size_t batch_size     = 0; // of a member elsewhere
        bool turn_is_posted        = false;
        std::atomic<bool> leaving{false};
        std::atomic<std::thread::id> running_on{};
        std::mutex handling; // held while the handler runs, so that leave() can wait for it
    };

    Group(const Runtime& runtime, EventStore& store, std::shared_ptr<CheckpointTable> table,
          ConsumerGroupOptions options, const GroupCheckpoint& checkpoint);

    // `members`: those in other processes that it had before, with what they have in their hands.
    void start(std::vector<MemberElsewhere> members);
    void close();
    bool is_closed() const;

    const std::string& name() const override { return options_.name; }
    result<std::shared_ptr<GroupMember>> join(std::string member, GroupHandler handler) override;
    result<std::shared_ptr<PullingMember>> join(std::string member) override;
    ConsumerGroupStatus status() const override;
    result<void> retry(std::string_view stream) override;
    result<void> flush() override;
    bool wait_for(Position position, Time deadline) override;
    void pull(PullEvents wanted, PullEventsDone done) override;
    bool extend(const HeldLease& held) override;
    void finish(const Lease& lease, EndedBatch ended, std::function<void(result<void>)> done) override;

    // What members do.
    std::optional<Error> ended(const Seat& seat) const;
    result<MemberBatch> next(Seat& seat, std::optional<Time> deadline);
    result<void> acknowledge(Seat& seat, const MemberBatch& batch, std::size_t count, const Error* failed);
    result<void> renew(Seat& seat);
    void leave(Seat& seat);

private:
    using Lock    = std::unique_lock<std::mutex>;
    using SeatPtr = std::shared_ptr<Seat>;
    // A member elsewhere that waits for events.
    struct Pull {
        PullEvents wanted;
        PullEventsDone done;
        SeatPtr seat;
        bool is_given = false; // its events are being written down
    };
    using PullPtr = std::shared_ptr<Pull>;
    using Written = std::function<void(const result<void>&)>;

    result<std::shared_ptr<Seat>> seat(std::string member, GroupHandler handler);
    void post(std::function<void(Group&)> work);
    void post_at(Time due, std::function<void(Group&)> work);
    std::function<void()> task(std::function<void(Group&)> work);

    void read_turn();
    void handle_turn(Seat& seat);
    std::vector<SharedEvent> begin_turn(Seat& seat);
    bool note_handled(Seat& seat, std::uint64_t batch_number, const result<void>& handled);
    void timer_turn();
    result<void> write();
    void write_and_tell();
    void take_up(const std::vector<MemberElsewhere>& members);
    void stop_waiting(const PullPtr& pull);
    void hand_out(const PullPtr& pull, const LeasedEvents& leased, const result<void>& written);
    result<void> note_end(const Lease& lease, const EndedBatch& ended);
    void answer(const PullPtr& pull, result<LeasedEvents> events) const;

    // With the lock held:
    std::optional<Error> refusal(const Lock&) const;
    SeatPtr seat_elsewhere(const Lock&, const PullEvents& wanted);
    SeatPtr find_seat(const Lock&, const Uuid& id) const;
    result<SeatPtr> holder(const Lock&, const Lease& lease) const;
    PullPtr next_to_serve(const Lock&);
    void serve_pulls(const Lock&);
    void seat_again(const Lock&, const MemberElsewhere& one);
    void when_written(const Lock&, Written then);
    std::vector<MemberElsewhere> members_elsewhere(const Lock&) const;
    std::vector<PullPtr> end_all(const Lock&, const Error& why);
    void look(const Lock&);
    void look_if_room(const Lock&, const Seat& seat);
    void dispatch(const Lock&);
    void take_batch(const Lock&, Seat& seat, std::vector<SharedEvent>& events);
    void extend_lease(const Lock&, Seat& seat);
    void arm_timer(const Lock&, Time due);
    void note_change(const Lock&);
    void remove(const Lock&, Seat& seat, std::optional<Error> why);
    void stop(const Lock&, const Error& why);
    void fail_delivery(const Lock&, Seat& seat, const Error& why);
    Position checkpoint(const Lock&) const;
    result<void> check_seat(const Lock&, const Seat& seat) const;

    const Runtime runtime_;
    EventStore& store_;
    const std::shared_ptr<CheckpointTable> table_;
    const ConsumerGroupOptions options_;
    const Strand reading_;
    GroupReader reader_; // by turns on `reading_`, and by close()
    Observation observation_;

    mutable std::mutex mutex_;
    std::condition_variable idle_;
    unsigned running_ = 0; // tasks
    bool closed_      = false;
    std::optional<Error> error_;
    StreamShares shares_;
    std::vector<SeatPtr> seats_; // of living members
    std::vector<PullPtr> pulls_; // of members elsewhere, the longest first
    std::vector<Written> when_written_;
    bool is_taking_up_ =
        false; // what members elsewhere held before a restart is not known yet: nothing is given to anybody
    bool had_members_elsewhere_ = false;
    std::set<std::pair<Uuid, std::uint64_t>> ended_before_; // batches of members elsewhere, before a restart
    Position read_;
    bool look_is_posted_   = false;
    bool is_paused_        = false; // the buffer is full, or nobody is there
    std::uint64_t batches_ = 0;
    std::optional<Time> armed_; // when the next timer fires
    std::uint64_t changes_ = 0; // of what a checkpoint says
    std::uint64_t written_ = 0; // as many of them are on the disk
    Position written_read_ = 0;
    bool write_is_posted_  = false;

    std::mutex writing_; // checkpoints are written one after the other, the newer over the older
};

} // namespace eventloom
