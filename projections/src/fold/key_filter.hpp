// Remembers keys roughly and in little memory: it says that a key was not added, or that it may have been added.
//
// Two Bloom filters (B. H. Bloom, 1970) with four bits a key: one of 16 KiB for the first keys, so that a small read model
// costs little, then one of 8 MiB. With three million keys about one other key in a thousand seems to be added; with ten
// million, one in twenty.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace eventloom {

class KeyFilter {
public:
    void add(std::string_view key)
    {
        auto& filter = added_++ < first_keys ? first_ : rest_;
        if (filter.empty()) filter.resize(&filter == &first_ ? first_words : rest_words);
        for (const auto bit : bits_of(key, filter)) filter[bit / 64] |= std::uint64_t{1} << bit % 64;
    }

    bool may_have(std::string_view key) const { return may_have(key, first_) || may_have(key, rest_); }

private:
    using Filter = std::vector<std::uint64_t>;

    static constexpr std::uint64_t first_keys = 5'000; // then one other key in two thousand seems to be added
    static constexpr std::size_t first_words  = 1u << 11;
    static constexpr std::size_t rest_words   = 1u << 20;

    static bool may_have(std::string_view key, const Filter& filter)
    {
        if (filter.empty()) return false;
        for (const auto bit : bits_of(key, filter)) {
            if ((filter[bit / 64] >> bit % 64 & 1) == 0) return false;
        }
        return true;
    }

    static std::array<std::uint64_t, 4> bits_of(std::string_view key, const Filter& filter)
    {
        const std::uint64_t hash = std::hash<std::string_view>{}(key);
        const std::uint64_t step = hash >> 32 | 1; // double hashing, after Kirsch and Mitzenmacher, 2006
        const auto bit           = [&](std::uint64_t i) { return (hash + i * step) & (filter.size() * 64 - 1); };
        return {bit(0), bit(1), bit(2), bit(3)};
    }

    std::uint64_t added_ = 0;
    Filter first_;
    Filter rest_;
};

} // namespace eventloom
