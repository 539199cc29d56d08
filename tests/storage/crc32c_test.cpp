// The checksum of LevelDB's files, against the definition, bit by bit.
#include "damage/crc32c.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace crc32c_test {

// CRC-32C as RFC 3720, appendix B.4 defines it.
std::uint32_t by_definition(std::string_view bytes)
{
    std::uint32_t crc = ~0u;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? 0x82f63b78u ^ crc >> 1 : crc >> 1;
    }
    return ~crc;
}

TEST_CASE("the checksum of LevelDB's files is CRC-32C, whatever the length", "[storage][crc32c]")
{
    CHECK(eventloom::crc32c("123456789") == 0xe3069283u);
    CHECK(eventloom::crc32c(std::string(32, '\0')) == 0x8a9136aau); // RFC 3720, B.4
    std::string bytes;
    for (int i = 0; i < 10'000; ++i) bytes.push_back(static_cast<char>(i * 31 + i / 7));
    for (std::size_t length = 0; length <= bytes.size(); length += length < 100 ? 1 : 97) {
        const auto part = std::string_view{bytes}.substr(0, length);
        REQUIRE(eventloom::crc32c(part) == by_definition(part));
    }
}

} // namespace crc32c_test
