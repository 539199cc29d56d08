#include "json/limited_json.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <charconv>

namespace eventloom {

namespace {

bool nests_deeper_than(std::string_view text, std::size_t depth_max)
{
    std::size_t depth = 0;
    bool in_string    = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > depth_max) return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return false;
}

Error not_json(std::string_view found)
{
    return {Failure::invalid, "not-json", "read JSON and found " + std::string{found} + "; send what the page shows"};
}

} // namespace

result<Json> parse_limited_json(std::string_view text, std::size_t depth_max)
{
    if (nests_deeper_than(text, depth_max)) {
        return fail(
            Failure::invalid, "json-too-deep",
            fmt::format("read JSON and found more than {} nested values; send JSON with fewer levels", depth_max));
    }
    auto parsed = parse_closely(text);
    if (not parsed) return not_json("something else");
    if (not parsed->twice) return std::move(parsed->whole);
    return fail(Failure::invalid, "member-twice",
                fmt::format("read JSON and found the member {} twice in one object; give each member once",
                            in_quotes(*parsed->twice)));
}

Json json_of_bytes(std::string_view bytes)
{
    if (is_utf8(bytes)) return bytes;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char byte : bytes) {
        hex += digits[static_cast<unsigned char>(byte) >> 4];
        hex += digits[static_cast<unsigned char>(byte) & 15];
    }
    return {{"hex", hex}};
}

result<std::string> bytes_of_json(const Json& json)
{
    if (json.is_text()) return json.text();
    if (not json.is_object() || not json.contains("hex") || not json["hex"].is_text()) {
        return not_json("neither a text nor bytes in hexadecimal where one of them belongs");
    }
    const auto& hex = json["hex"].text();
    std::string bytes(hex.size() / 2, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char* digits = hex.data() + 2 * i;
        std::uint8_t byte  = 0;
        if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return not_json("no hexadecimal digits");
        bytes[i] = static_cast<char>(byte);
    }
    if (hex.size() % 2 != 0) return not_json("half a byte in hexadecimal");
    return bytes;
}

} // namespace eventloom
