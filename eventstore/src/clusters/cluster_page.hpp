// A page of a cluster: events of one stream, copied out of a range of the log. docs/format.md, "Clusters".
//
// A page holds those of 64 versions of a stream that stand in the cluster's range: so the page of an event is known from
// stream and version alone, and is found by their hash. Like a record, a page has a checksum over its head and one over
// each body, and a body is what it is in the record.
#pragma once

#include "record/record.hpp"

#include <optional>
#include <span>

namespace eventloom {

inline constexpr std::uint64_t versions_in_page = 64;
// Events beyond these are read from the log: so large, they are worth a seek each.
inline constexpr std::size_t page_bytes_max      = 256u << 10;
inline constexpr std::size_t page_body_bytes_max = 64u << 10;
inline constexpr std::size_t page_prefix_bytes   = 16;

std::uint64_t page_hash(std::string_view stream, std::uint64_t page);

// An event as it goes into a page.
struct PagedEvent {
    Position position = 0;
    Version version   = 0;
    Time recorded_at{};
    std::uint64_t checksum = 0; // of the body
    std::string_view body;
};

// Appends a page to `out`. Events in the order of versions, all of them of this page.
void put_page(std::string& out, std::string_view stream, std::uint64_t page, std::span<const PagedEvent> events);

// How many bytes the page has that begins with `prefix`; nothing when that is no beginning of a page.
std::optional<std::size_t> page_bytes(std::string_view prefix);
std::uint64_t page_hash_at(std::string_view prefix);

// A page read in place: the bytes outlive the view. Parsing checks the head; bodies are checked by take().
class PageView {
public:
    // False when the bytes are not a page.
    bool parse(std::string_view bytes);
    void clear() { events_.clear(); }

    std::string_view stream() const { return stream_; }
    std::uint64_t page() const { return page_; }
    const std::vector<PagedEvent>& events() const { return events_; }

    // The event with this version, when it is here and stands at `position`.
    const PagedEvent* find(Version version, Position position);

private:
    void parse_head(std::string_view head, std::string_view bodies);

    std::string_view stream_;
    std::uint64_t page_ = 0;
    std::vector<PagedEvent> events_;
    std::size_t at_ = 0; // after the event that was found last: the next is most often there
};

} // namespace eventloom
