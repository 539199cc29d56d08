// The body of an event: its bytes in a record, without its position. docs/format.md, "Records".
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// What the body of an event has; a reader refuses bits that it does not know.
namespace body_flags {
inline constexpr std::uint8_t correlation = 1;
inline constexpr std::uint8_t causation   = 2;
inline constexpr std::uint8_t tags        = 4;
inline constexpr std::uint8_t headers     = 8;
inline constexpr std::uint8_t known       = correlation | causation | tags | headers;
} // namespace body_flags

// Events as bytes, without their positions.
struct EventBodies {
    struct Body {
        std::uint32_t end      = 0; // in `bytes`
        std::uint64_t checksum = 0;
    };
    std::string bytes;
    std::vector<Body> bodies;

    // Makes room for all events of a request at once.
    void reserve(const AppendRequest& request);
    void add(const NewEvent& event);
    std::string_view bytes_of(std::size_t event) const;
};

// Decodes a body, checked before, into what an event is beside its place.
result<void> decode_body(std::string_view body, Position position, RecordedEvent& event);
std::uint64_t checksum_of(std::string_view bytes);

} // namespace eventloom
