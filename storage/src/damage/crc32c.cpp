#include "damage/crc32c.hpp"

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
// One instruction waits for the one before it, so three checksums are made of three pieces at a time; a piece of zeros after
// the first takes it to where the second ends. (M. Adler's crc32c.c does the same.)
constexpr std::size_t piece_bytes = 1024;

using PieceOfZeros = std::array<std::array<std::uint32_t, 256>, 4>; // by the bytes of the checksum before

PieceOfZeros make_piece_of_zeros()
{
    static constexpr std::array<char, piece_bytes> zeros{};
    std::array<std::uint32_t, 32> of_bit{};
    for (int bit = 0; bit < 32; ++bit) of_bit[bit] = by_table(1u << bit, {zeros.data(), zeros.size()});
    PieceOfZeros table{};
    for (int byte = 0; byte < 4; ++byte) {
        for (std::uint32_t value = 0; value < 256; ++value) {
            for (int bit = 0; bit < 8; ++bit) {
                if ((value >> bit & 1) != 0) table[byte][value] ^= of_bit[8 * byte + bit];
            }
        }
    }
    return table;
}

std::uint32_t after_zeros(std::uint32_t crc)
{
    static const PieceOfZeros table = make_piece_of_zeros();
    return table[0][crc & 0xff] ^ table[1][crc >> 8 & 0xff] ^ table[2][crc >> 16 & 0xff] ^ table[3][crc >> 24];
}

std::uint64_t eight_at(const char* bytes)
{
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes, sizeof eight);
    return eight;
}

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t start, std::string_view bytes)
{
    std::uint64_t crc = start;
    for (; bytes.size() >= 3 * piece_bytes; bytes.remove_prefix(3 * piece_bytes)) {
        std::uint64_t second = 0;
        std::uint64_t third  = 0;
        for (std::size_t at = 0; at < piece_bytes; at += 8) {
            crc    = __builtin_ia32_crc32di(crc, eight_at(bytes.data() + at));
            second = __builtin_ia32_crc32di(second, eight_at(bytes.data() + piece_bytes + at));
            third  = __builtin_ia32_crc32di(third, eight_at(bytes.data() + 2 * piece_bytes + at));
        }
        crc = after_zeros(static_cast<std::uint32_t>(crc)) ^ second;
        crc = after_zeros(static_cast<std::uint32_t>(crc)) ^ third;
    }
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) crc = __builtin_ia32_crc32di(crc, eight_at(bytes.data()));
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
