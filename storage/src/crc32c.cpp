#include "crc32c.hpp"

#include <array>
#include <cstring>

namespace eventloom {

namespace {

constexpr std::uint32_t mask_delta = 0xa282ead8;

constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? 0x82f63b78u ^ crc >> 1 : crc >> 1;
        table[byte] = crc;
    }
    return table;
}();

std::uint32_t by_table(std::uint32_t crc, std::string_view bytes)
{
    for (const char byte : bytes) crc = crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ crc >> 8;
    return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t start, std::string_view bytes)
{
    std::uint64_t crc = start;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, bytes.data(), sizeof eight);
        crc = __builtin_ia32_crc32di(crc, eight);
    }
    return by_table(static_cast<std::uint32_t>(crc), bytes);
}
#endif

} // namespace

std::uint32_t crc32c(std::string_view bytes)
{
#ifdef __x86_64__
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) return ~by_instruction(~0u, bytes);
#endif
    return ~by_table(~0u, bytes);
}

std::uint32_t unmasked_crc32c(std::string_view bytes)
{
    const auto byte             = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(bytes[i])}; };
    const std::uint32_t masked  = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    const std::uint32_t rotated = masked - mask_delta;
    return rotated >> 17 | rotated << 15;
}

} // namespace eventloom
