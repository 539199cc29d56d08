// A 128-bit identity: of an event, a command, a correlation.
//
//     const Uuid command_id = derived_uuid("fulfilment-536365", "take the payment");   // the same words, the same id
//     const Uuid fresh      = runtime.ids.next();                                      // UUID v7: ordered by time
//
// Threads: a value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    // The nil id (all zero) stands for "none".
    bool is_nil() const { return *this == Uuid{}; }

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// "0192f0c1-7b1a-7c3e-9f00-1b2c3d4e5f60"
std::string to_string(const Uuid& id);

// Reads the form that to_string writes, upper or lower case; nothing else.
std::optional<Uuid> parse_uuid(std::string_view text);

// An id that depends on the words alone (RFC 9562 version 8, from the 128-bit XXH3 hash of the length-prefixed words).
// The same words give the same id on every machine and in every version: ids that are derived are how a thing that is
// sent twice acts once.
Uuid derived_uuid(std::initializer_list<std::string_view> words);

} // namespace eventloom
