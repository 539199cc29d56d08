// Of several ways to read the values of a file, the one that fits all of them.
#pragma once

#include "cell.hpp"

#include <eventloom/framework/result.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>

namespace shop {

namespace el = eventloom;

// What differs between dates and numbers in what is said of them.
struct ReadingWords {
    std::string_view what;   // "dates"
    std::string_view option; // "--dates"
};

// A value in the file.
struct Witness {
    std::uint64_t line = 0;
    std::string text;

    std::string shown() const { return in_quotes(text) + " in line " + std::to_string(line); }
};

template <class Value, std::size_t N>
class Readings {
public:
    using Values = std::array<std::optional<Value>, N>;

    explicit Readings(const std::array<std::string_view, N>& names) : names_{names} {}

    // A value that no way can read says nothing about them.
    void add(std::uint64_t line, std::string_view text, const Values& values)
    {
        bool any = false;
        for (const auto& value : values) any = any || value;
        if (not any) return;
        if (not first_) first_ = Reading{{line, std::string{text}}, values};
        for (std::size_t way = 0; way < N; ++way) {
            if (not values[way] && not excluded_[way]) excluded_[way] = Reading{{line, std::string{text}}, values};
            for (std::size_t other = 0; other < way; ++other) {
                auto& differ = differ_[way][other];
                if (values[way] && values[other] && *values[way] != *values[other] && not differ) {
                    differ = Reading{{line, std::string{text}}, values};
                }
            }
        }
    }

    // The way, where it matters; nothing where every value reads the same whatever the way.
    // Failure::invalid "ambiguous-..." and "contradictory-...".
    template <class Show>
    el::result<std::optional<std::size_t>> decide(const std::string& path, const ReadingWords& words, Show show) const
    {
        std::optional<std::size_t> way;
        for (std::size_t i = 0; i < N; ++i) {
            if (excluded_[i]) continue;
            if (not way) way = i;
            if (const auto& differ = differ_[i][*way]; i != *way && differ)
                return ambiguous(path, words, *differ, show);
        }
        if (not way) return contradictory(path, words);
        return matters() ? way : std::nullopt;
    }

    // The first value and what it is when it is read in this way.
    template <class Show>
    std::string example(std::size_t way, Show show) const
    {
        if (not first_ || not first_->values[way]) return {};
        return first_->witness.shown() + " is " + show(*first_->values[way]);
    }

    // A value that another way could not read.
    std::optional<Witness> proof() const
    {
        for (const auto& excluded : excluded_) {
            if (excluded) return excluded->witness;
        }
        return std::nullopt;
    }

private:
    struct Reading {
        Witness witness;
        Values values;

        bool shares_a_way_with(const Reading& other) const
        {
            for (std::size_t way = 0; way < N; ++way) {
                if (values[way] && other.values[way]) return true;
            }
            return false;
        }
    };

    bool matters() const
    {
        for (const auto& excluded : excluded_) {
            if (excluded) return true;
        }
        return false;
    }

    std::string only_way(const Reading& excluded) const
    {
        std::string ways;
        for (std::size_t way = 0; way < N; ++way) {
            if (excluded.values[way]) ways += (ways.empty() ? "" : " or ") + std::string{names_[way]};
        }
        return excluded.witness.shown() + " can only be " + ways;
    }

    template <class Show>
    el::Error ambiguous(const std::string& path, const ReadingWords& words, const Reading& differ, Show show) const
    {
        std::string readings;
        for (std::size_t way = 0; way < N; ++way) {
            if (excluded_[way] || not differ.values[way]) continue;
            readings += (readings.empty() ? "" : " and ") + show(*differ.values[way]) + " with " +
                        std::string{words.option} + " " + std::string{names_[way]};
        }
        return {el::Failure::invalid, "ambiguous-" + std::string{words.what},
                "read the file " + path + " and found " + std::string{words.what} +
                    " that have more than one reading: " + differ.witness.shown() + " is " + readings +
                    ", and no row shows which one is right; choose one of these options"};
    }

    el::Error contradictory(const std::string& path, const ReadingWords& words) const
    {
        std::string rows;
        for (std::size_t one = 0; one < N; ++one) {
            for (std::size_t other = 0; other < one; ++other) {
                if (not rows.empty() || excluded_[one]->shares_a_way_with(*excluded_[other])) continue;
                const bool in_order = excluded_[one]->witness.line < excluded_[other]->witness.line;
                const auto& [a, b]  = std::tie(*excluded_[in_order ? one : other], *excluded_[in_order ? other : one]);
                rows                = only_way(a) + ", and " + only_way(b);
            }
        }
        if (rows.empty()) { // no two do, but all together
            for (const auto& excluded : excluded_) rows += (rows.empty() ? "" : ", and ") + only_way(*excluded);
        }
        return {el::Failure::invalid, "contradictory-" + std::string{words.what},
                "read the file " + path + " and found " + std::string{words.what} +
                    " that exclude each other: " + rows + "; correct the file, or use " + std::string{words.option} +
                    " to read it in one way and to refuse the rows that do not fit"};
    }

    std::array<std::string_view, N> names_;
    std::optional<Reading> first_;
    std::array<std::optional<Reading>, N> excluded_;              // by which value first
    std::array<std::array<std::optional<Reading>, N>, N> differ_; // in which value first
};

} // namespace shop
