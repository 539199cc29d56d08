#include <eventloom/framework/id.hpp>

#include <xxhash.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

// Hyphens stand before these bytes.
constexpr bool begins_a_group(std::size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int value_of(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

} // namespace

std::string to_string(const Uuid& id)
{
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        if (begins_a_group(i)) text.push_back('-');
        text.push_back(digits[id.bytes[i] >> 4]);
        text.push_back(digits[id.bytes[i] & 0x0f]);
    }
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text)
{
    if (text.size() != 36) return std::nullopt;
    Uuid id;
    std::size_t at = 0;
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        if (begins_a_group(i) && text[at++] != '-') return std::nullopt;
        const int high = value_of(text[at++]);
        const int low  = value_of(text[at++]);
        if (high < 0 || low < 0) return std::nullopt;
        id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return id;
}

Uuid derived_uuid(std::initializer_list<std::string_view> words)
{
    // The length before each word keeps {"ab", "c"} apart from {"a", "bc"}.
    std::string bytes;
    for (const std::string_view word : words) {
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(word.size()) >> shift));
        }
        bytes += word;
    }
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
    Uuid id;
    std::copy_n(canonical.digest, id.bytes.size(), id.bytes.begin());
    id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x80); // version 8: made by a rule of our own
    id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80); // the variant of RFC 9562
    return id;
}

} // namespace eventloom
