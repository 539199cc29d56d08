// A record of the log: the events of one or more appends, packed. docs/format.md, "Records".
//
// The body of an event does not contain its position, so the appending thread encodes it before the position is known; head
// and table are put before the bodies when the record is written. Each body has a checksum of its own in the table, and the head, with the
// table, has one that chains the records: one event can be read and trusted without reading the others. So a scavenge can
// drop bodies, and leave all that vouches for the others as it was: such a record is "scavenged".
#pragma once

#include "record/command_record.hpp"
#include "record/damage.hpp"
#include "record/event_body.hpp"

#include <eventloom/framework/event_store.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// The first stream setting raises the store's format, so that older programs refuse it: they would append to a stream that
// has ended.
inline constexpr std::uint32_t first_format_version = 2;
inline constexpr std::uint32_t store_format_version = 3;

// As the log stores it.
std::string format_bytes(std::uint32_t version);

// A record's own checksum, and that of the record before it: so each record vouches for all before it.
struct Chain {
    std::uint64_t before = 0;
    std::uint64_t own    = 0;
};

// Builds one record. It does not copy names and bodies: they must live until finish() returns.
class RecordWriter {
public:
    void begin(Position first_position, Time recorded_at, std::uint64_t checksum_before);
    // The next events are those of `stream`, from `first_version` on, until this is called again.
    void enter_stream(std::string_view stream, Version first_version);
    void add(std::string_view body, std::uint64_t checksum);
    void add(const CommandRecord& command);

    std::size_t bytes() const { return bytes_; }
    std::size_t events() const { return table_.size(); }
    bool empty() const { return table_.empty() && commands_.empty(); }

    // Gives the record's checksum; begin() starts the next.
    std::uint64_t finish(std::string& out);

private:
    struct Run {
        std::string_view stream;
        Version first_version = 0;
        std::uint64_t count   = 0;
    };
    Position first_position_ = 0;
    Time recorded_at_{};
    std::uint64_t checksum_before_ = 0;
    std::vector<Run> runs_;
    std::vector<CommandRecord> commands_;
    std::vector<EventBodies::Body> table_;
    std::vector<std::string_view> bodies_;
    std::size_t bytes_ = 0; // of the bodies
};

// A record read in place: the bytes outlive the view. Parsing checks the head; each event is checked when it is taken.
class RecordView {
public:
    // Failure::corrupt "damaged-record", with `last_position` named: the bytes are not the record that ends there.
    result<void> parse(std::string_view bytes, Position last_position);

    Position first() const { return first_; }
    Position last() const { return first_ + events_ - 1; } // one before `first` when the record holds no event
    std::uint64_t events() const { return events_; }
    std::size_t body_bytes() const { return bodies_.size(); }
    Time recorded_at() const { return recorded_at_; }
    const Chain& chain() const { return chain_; }
    bool holds(Position position) const { return position >= first_ && position < first_ + events_; }

    // Only the position and the id of the event are left.
    bool is_gone(Position position) const;
    std::uint64_t gone() const { return gone_.empty() ? 0 : gone_.back().events_before + gone_.back().count; }
    std::size_t bytes_gone() const { return gone_.empty() ? 0 : gone_.back().bytes_before + gone_.back().bytes; }
    std::string_view id_of_gone(Position position) const; // 16 bytes
    // Up to and with its checksum, as it was first written.
    std::string_view head() const { return head_; }

    // An event's own bytes, whose checksum holds, and its place in its stream. The event is not gone.
    struct Body {
        std::string_view bytes;
        std::string_view stream;
        Version version        = 0;
        std::uint64_t checksum = 0;
    };
    // Failure::corrupt "damaged-record".
    result<Body> body_at(Position position) const;

    struct Place {
        std::string_view stream;
        Version version = 0;
    };
    Place place_of(Position position) const;
    // The last of the events of one stream that stand one after the other here, and of which one is at `position`.
    Position last_together(Position position) const;

    // Failure::corrupt "damaged-record". Takes the event's memory again, so that one that is reused allocates little.
    // Of an event that is gone it gives id, stream, version, position and time (is_gone).
    result<void> take(Position position, RecordedEvent& event) const;

    // The commands whose records were written with these events.
    result<std::vector<CommandRecord>> commands() const;
    std::string_view command_bytes() const { return commands_; }

private:
    struct Run {
        std::string_view stream;
        Version first_version     = 0;
        std::uint64_t first_event = 0; // its number in the record
    };
    // Events that are gone and stood one after the other.
    struct GoneRun {
        std::uint64_t first         = 0; // number of its first event in the record
        std::uint64_t count         = 0;
        std::uint64_t events_before = 0; // that are gone
        std::size_t bytes_before    = 0; // that they had
        std::size_t bytes           = 0;
    };
    void parse_runs(std::string_view sections);
    void parse_gone(std::string_view list);
    const GoneRun* gone_at_or_before(std::uint64_t event) const;
    std::size_t end_of(std::uint64_t event) const; // in the bodies as they were first written
    const Run& run_of(std::uint64_t event) const;

    Position first_       = 0;
    std::uint64_t events_ = 0;
    Time recorded_at_{};
    Chain chain_;
    std::string_view table_;
    std::string_view commands_;
    std::string_view bodies_;
    std::string_view head_;
    std::vector<Run> runs_;
    std::vector<GoneRun> gone_;
    std::string_view gone_ids_;
    mutable std::size_t run_at_ = 0; // where the last event was found: the next is most often there too
};

// The bytes of a record without the bodies of some of its events, by their numbers; those that are gone already stay so.
// Failure::corrupt "damaged-record": what would go is not what was written.
result<std::string> scavenged(const RecordView& record, const std::vector<bool>& goes);

} // namespace eventloom
