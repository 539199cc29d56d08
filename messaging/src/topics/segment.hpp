// One segment of a topic: a log of the engine in a directory of its own, which goes as a whole. Positions in it begin with 1; outside
// they are the numbers of the topic.
//
//     Segment segment{place, 3};                        // its directory is 3
//     segment.begin_at(20'001);                         // the number of its first message
//     BOOST_OUTCOME_TRY(segment.append(std::move(events)));
//     segment.close();                                  // its files rest until somebody reads
//     BOOST_OUTCOME_TRY(segment.remove());              // and are gone
//
// Threads: any.
#pragma once

#include <eventloom/framework/detail/engine.hpp>

#include <atomic>
#include <shared_mutex>

namespace eventloom::topics {

// What the segments of a topic share.
struct SegmentPlace {
    const Runtime& runtime;
    EngineKind& engine;
    std::string directory; // of the topic
    Durability durability = Durability::synced;
    std::string stream;
};

class Segment {
public:
    Segment(const SegmentPlace& place, std::uint64_t ordinal) : place_{place}, ordinal_{ordinal} {}

    std::uint64_t ordinal() const { return ordinal_; }
    // Before others know it.
    void begin_at(Position first) { first_ = first; }
    Position first() const { return first_; }
    std::string directory() const { return place_.directory + "/" + std::to_string(ordinal_); }

    result<bool> exists() const;
    // Makes it, empty; what was left of another one is removed.
    result<void> make();
    // Each opens it if nobody has. With the error of the engine, and Failure::unavailable "segment-is-gone".
    result<Position> last() const; // first() - 1: it has none
    result<Appended> append(std::vector<NewEvent> events);
    result<std::optional<RecordedEvent>> find(const Uuid& id) const;
    // From this number on, at most so many and about so many bytes, so that nothing is held between two calls.
    result<std::vector<RecordedEvent>> read(Position from, std::size_t count_max, std::size_t bytes_max) const;
    result<std::optional<Position>> first_at(Time time) const;
    // Until it is closed.
    result<void> observe(const CommitObserver& observer);
    std::optional<Error> fault() const; // nothing, too, while it is closed

    void close();
    // Nobody reads it from here on.
    void leave();
    result<void> remove();

private:
    result<void> is_kept() const;
    result<void> open(bool make) const;
    template <class Use>
    auto with_engine(const Use& use) const -> decltype(use(std::declval<const Engine&>()));
    RecordedEvent numbered(const RecordedEvent& event) const;

    const SegmentPlace& place_;
    const std::uint64_t ordinal_;
    Position first_ = 1;
    std::atomic<bool> is_gone_{false};
    mutable std::shared_mutex mutex_; // over what follows
    mutable std::optional<Engine> engine_;
    Observation observation_;
};

} // namespace eventloom::topics
