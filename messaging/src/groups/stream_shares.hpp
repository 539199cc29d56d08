// Which member of a consumer group has which streams, and which events are in whose batch. It knows no threads, no clock and
// no disk: the group calls it with its lock held.
//
// What holds between any two calls: the events in `open` are those that are read, or to be read again, and not handled.
// A stream is with exactly one member (or with `nobody_`). The first `in_flight` events of a stream are in that member's
// batch, and a stream with events in flight is in one batch only.
#pragma once

#include <eventloom/messaging/consumer_groups.hpp>

#include <deque>
#include <list>
#include <map>
#include <set>
#include <unordered_map>

namespace eventloom {

using SharedEvent = std::shared_ptr<const RecordedEvent>;

class StreamShares {
public:
    class Member;

    explicit StreamShares(const ConsumerGroupOptions& options);
    ~StreamShares();

    // Members. Pointers live until remove().
    Member& add_member(std::string name);
    // One that was a member before a restart. It has what take_again() gives it, and no share.
    Member& add_former_member(std::string name);
    void share_out();                   // what nobody has, after that
    void remove_member(Member& member); // its batch and its streams go to other members
    bool has_member(std::string_view name) const;
    std::size_t members() const { return members_.size(); }
    template <class Visit>
    void each_member(Visit visit) const
    {
        for (const auto& [name, member] : members_) visit(*member);
    }

    // Events come in the order of positions. Those that were open at a restart come first, and are known to be open.
    void expect_again(Position position) { open_.insert(position); }
    void add(SharedEvent event);
    void not_wanted(Position position) { open_.erase(position); }

    // How much more may be read: nothing, when the buffer is full.
    struct Room {
        std::size_t events = 0;
        std::size_t bytes  = 0;
    };
    Room room() const;
    std::size_t buffered_events() const { return buffered_events_; }
    std::size_t buffered_bytes() const { return buffered_bytes_; }
    const std::set<Position>& open() const { return open_; }

    // Batches.
    bool has_work(const Member& member) const;
    std::vector<SharedEvent> take(Member& member, std::uint64_t number);
    bool holds(const Member& member, std::uint64_t number) const;
    // The next `count` events of its batch are handled.
    void acknowledge(Member& member, std::size_t count);
    // The next event of its batch failed: it waits until `retry_at`, or its stream stops. The rest is handed back.
    struct Attempt {
        std::string stream;
        unsigned number     = 0;
        bool has_stopped_it = false;
    };
    Attempt fail(Member& member, const Error& why, Time retry_at);
    // It died while it handled the next event of its batch.
    void died(Member& member, const Error& why);
    std::size_t unhandled(const Member& member) const;
    // Events of its batch that are not handled, in the order in which they were handed over.
    std::vector<Position> in_hand(const Member& member) const;
    // It says that it has nothing in its hands.
    void give_back(Member& member) { hand_back(member); }
    // It still has the batch that it was given before a restart, if these events are there, and first in their streams.
    bool take_again(Member& member, std::uint64_t number, const std::vector<Position>& events);

    // Streams that wait to be tried again.
    std::optional<Time> next_retry() const;
    void retry_due(Time now, Duration longest_wait);
    bool retry_stopped(std::string_view stream);
    std::vector<StoppedStream> stopped() const;

private:
    struct Stream {
        std::string name;
        std::deque<SharedEvent> events; // not handled; the first `in_flight` of them are in a batch
        std::size_t in_flight = 0;
        Member* owner         = nullptr;
        std::size_t place     = 0;     // among its owner's streams
        bool is_ready         = false; // stands in its owner's line
        unsigned attempts     = 0;     // of the first event
        std::optional<Time> retry_at;
        std::optional<Error> stopped;
        std::optional<std::list<Stream*>::iterator> idle;
    };

    void give(Stream& stream, Member& member);
    void withdraw(Stream& stream);
    void offer(Stream& stream);
    void settle(Stream& stream);
    void hand_back(Member& member);
    void count_attempt(Stream& stream, const Error& why);
    Member& least_loaded(const Member* but = nullptr) const;
    void take_fair_share(Member& newcomer);

    const ConsumerGroupOptions& options_;
    std::unordered_map<std::string, Stream> streams_;
    std::map<std::string, std::unique_ptr<Member>, std::less<>> members_;
    std::unique_ptr<Member> nobody_; // has the streams while there is no member
    std::list<Stream*> idle_; // without events, the longest first: remembered so that streams stay where they are
    std::map<std::string, Stream*, std::less<>> failing_; // that wait for a retry, or have stopped
    std::set<Position> open_;
    std::size_t buffered_events_ = 0;
    std::size_t buffered_bytes_  = 0;
};

class StreamShares::Member {
public:
    explicit Member(std::string name) : name_{std::move(name)} {}
    const std::string& name() const { return name_; }
    std::size_t streams() const { return streams_.size(); }

private:
    friend class StreamShares;
    std::string name_;
    std::vector<Stream*> streams_;
    std::deque<Stream*> ready_; // have events, and nothing in flight
    std::uint64_t batch_number_ = 0;
    std::deque<Stream*> batch_; // the stream of each event in its hands that is not handled; empty: no batch
};

} // namespace eventloom
