// Remembers keys, roughly and in little memory: says of a key that it was not added, or that it may have been.
//
// A Bloom filter (B. H. Bloom, 1970) of 8 MiB and four bits a key: with three million keys in it, it takes about one in a
// thousand others for one of them; with ten million, one in twenty.
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
        if (words_.empty()) words_.resize(words);
        for (const auto bit : bits_of(key)) words_[bit / 64] |= std::uint64_t{1} << bit % 64;
    }

    bool may_have(std::string_view key) const
    {
        if (words_.empty()) return false;
        for (const auto bit : bits_of(key)) {
            if ((words_[bit / 64] >> bit % 64 & 1) == 0) return false;
        }
        return true;
    }

private:
    static constexpr std::size_t words = 1u << 20;

    static std::array<std::uint64_t, 4> bits_of(std::string_view key)
    {
        const std::uint64_t hash = std::hash<std::string_view>{}(key);
        const std::uint64_t step = hash >> 32 | 1; // double hashing, after Kirsch and Mitzenmacher, 2006
        const auto bit           = [&](std::uint64_t i) { return (hash + i * step) % (words * 64); };
        return {bit(0), bit(1), bit(2), bit(3)};
    }

    std::vector<std::uint64_t> words_;
};

} // namespace eventloom
