#include "simulated_disk/power_cut.hpp"

#include <algorithm>

namespace eventloom::testing {

namespace {

constexpr std::size_t page_bytes   = 4096;
constexpr std::size_t sector_bytes = 512;

// Older bytes of the disk, or zeros, from `begin` on. What was synced in the same sector stands before `begin`.
void lose_sector(std::string& bytes, std::size_t begin, std::size_t end, Drawn& drawn)
{
    const bool zeros = drawn.one_in(2);
    for (std::size_t i = begin; i < end; ++i) bytes[i] = zeros ? '\0' : static_cast<char>(drawn.below(256));
}

std::string torn(std::string_view seen, std::size_t synced, Drawn& drawn)
{
    // The length is kept by itself: it may have come before the bytes.
    std::string bytes{seen.substr(0, synced + drawn.below(seen.size() - synced + 1))};
    for (std::size_t page = synced / page_bytes * page_bytes; page < bytes.size(); page += page_bytes) {
        const auto fate = drawn.below(3); // all of the page, none of it, or any of its sectors
        for (std::size_t sector = page; sector < std::min(bytes.size(), page + page_bytes); sector += sector_bytes) {
            const auto begin = std::max(sector, synced);
            const auto end   = std::min(bytes.size(), sector + sector_bytes);
            if (begin < end && (fate == 1 || (fate == 2 && drawn.one_in(2)))) lose_sector(bytes, begin, end, drawn);
        }
    }
    return bytes;
}

} // namespace

std::string bytes_after_power_cut(std::string_view seen, std::size_t synced, Tail tail, Drawn& drawn)
{
    if (seen.size() <= synced || tail == Tail::kept) return std::string{seen};
    if (tail == Tail::dropped) return std::string{seen.substr(0, synced)};
    if (tail == Tail::shortened) return std::string{seen.substr(0, synced + drawn.below(seen.size() - synced + 1))};
    return torn(seen, synced, drawn);
}

std::string pages_after_power_cut(std::string_view seen, std::string_view kept, Tail tail, Drawn& drawn)
{
    if (tail == Tail::dropped) return std::string{kept};
    if (tail == Tail::kept) return std::string{seen};
    const std::size_t piece = tail == Tail::torn ? sector_bytes : page_bytes;
    std::string bytes{drawn.one_in(2) ? seen : kept}; // the length is kept by itself
    for (std::size_t begin = 0; begin < bytes.size(); begin += piece) {
        const auto from = drawn.one_in(2) ? seen : kept;
        for (std::size_t i = begin; i < std::min(bytes.size(), begin + piece); ++i) {
            bytes[i] = i < from.size() ? from[i] : '\0';
        }
    }
    return bytes;
}

} // namespace eventloom::testing
