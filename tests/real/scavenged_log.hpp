// What the program that scavenges writes, and the test that kills it knows of that.
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <string>

namespace scavenged_log {

namespace el = eventloom;

inline constexpr std::uint64_t kept_streams  = 4; // all of whose events stay
inline constexpr std::uint64_t short_streams = 4; // that keep the last so many:
inline constexpr std::uint64_t max_count     = 10;
inline constexpr std::size_t text_bytes      = 700;

inline std::string kept(std::uint64_t number)
{
    return "kept-" + std::to_string(number);
}

inline std::string shortened(std::uint64_t number)
{
    return "short-" + std::to_string(number);
}

// Deleted when it has 5 events.
inline std::string gone(std::uint64_t number)
{
    return "gone-" + std::to_string(number);
}

// Says where the event stands.
inline std::string text_of(const std::string& stream, el::Version version)
{
    auto text = stream + "/" + std::to_string(version) + " ";
    text.resize(text_bytes, 'x');
    return text;
}

} // namespace scavenged_log
