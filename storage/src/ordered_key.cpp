#include <eventloom/storage/ordered_key.hpp>

#include <bit>
#include <cmath>
#include <limits>

namespace eventloom {

namespace {

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

} // namespace

void append_big_endian(std::string& key, std::uint64_t number)
{
    char bytes[8];
    for (int i = 7; i >= 0; --i, number >>= 8) bytes[i] = static_cast<char>(number);
    key.append(bytes, sizeof bytes);
}

std::uint64_t read_big_endian(std::string_view eight_bytes)
{
    std::uint64_t number = 0;
    for (const char byte : eight_bytes.substr(0, 8)) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

void append_ordered_text(std::string& key, std::string_view text)
{
    for (const char byte : text) {
        key.push_back(byte);
        if (byte == '\0') key.push_back('\xff');
    }
    key.append({'\0', '\x01'});
}

void append_ordered_signed(std::string& key, std::int64_t number)
{
    append_big_endian(key, static_cast<std::uint64_t>(number) ^ sign_bit);
}

void append_ordered_floating(std::string& key, double number)
{
    // One place for each value: -0 is 0, and every NaN the same, after infinity.
    if (number == 0) number = 0;
    if (std::isnan(number)) number = std::numeric_limits<double>::quiet_NaN();
    // IEEE 754 numbers order like integers once negative ones are turned round.
    const auto bits = std::bit_cast<std::uint64_t>(number);
    append_big_endian(key, (bits & sign_bit) != 0 ? ~bits : bits ^ sign_bit);
}

std::string after_prefix(std::string_view prefix)
{
    std::string after{prefix};
    while (not after.empty() && after.back() == '\xff') after.pop_back();
    if (not after.empty()) after.back() = static_cast<char>(after.back() + 1);
    return after;
}

} // namespace eventloom
