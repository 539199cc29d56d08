#include "generations.hpp"

#include <eventloom/storage/database.hpp>

#include <algorithm>
#include <charconv>

namespace eventloom {

namespace {

constexpr std::string_view prefix = "generation-";

// What stands behind the version; LevelDB was there before there were others, and is not named.
std::string_view words_of(RowPlace place)
{
    switch (place) {
    case RowPlace::leveldb:
        break;
    case RowPlace::sqlite:
        return " in sqlite";
    case RowPlace::memory:
        return " in memory";
    }
    return "";
}

std::string text_of(const Generation& generation)
{
    return "generation " + std::to_string(generation.number) + " version " +
           std::to_string(generation.projection_version) + std::string{words_of(generation.kept_in)} +
           (generation.shape.empty() ? "" : " shape " + generation.shape) + "\n";
}

// Reads "generation 3 version 1 in sqlite shape 0123456789abcdef\n"; nothing when the text is anything else.
std::optional<Generation> parse(const std::string& text)
{
    Generation generation;
    std::string_view left = text;
    const auto take       = [&](std::string_view word) {
        if (not left.starts_with(word)) return false;
        left.remove_prefix(word.size());
        return true;
    };
    const auto take_number = [&](std::string_view word, auto& number) {
        if (not take(word)) return false;
        const auto [end, error] = std::from_chars(left.data(), left.data() + left.size(), number);
        left.remove_prefix(static_cast<std::size_t>(end - left.data()));
        return error == std::errc{};
    };
    if (not take_number("generation ", generation.number) ||
        not take_number(" version ", generation.projection_version)) {
        return std::nullopt;
    }
    for (const auto place : {RowPlace::sqlite, RowPlace::memory}) {
        if (take(words_of(place))) generation.kept_in = place;
    }
    if (take(" shape ")) generation.shape = left.substr(0, left.find('\n'));
    return text_of(generation) == text ? std::optional{generation} : std::nullopt;
}

} // namespace

Generations::Generations(const Runtime& runtime, std::string directory)
    : runtime_{runtime}, directory_{std::move(directory)}
{
}

std::string Generations::directory_of(std::uint64_t number) const
{
    return directory_ + "/" + std::string{prefix} + std::to_string(number);
}

result<std::optional<Generation>> Generations::current() const
{
    BOOST_OUTCOME_TRY(make_directory(runtime_, directory_));
    BOOST_OUTCOME_TRY(const auto text, read_file(runtime_, path_of("current")));
    if (not text) return std::optional<Generation>{};
    auto generation = parse(*text);
    if (generation) return generation;
    return fail(Failure::corrupt, "damaged-read-model",
                "read the file " + path_of("current") + " and found damage; remove the directory " + directory_ +
                    ", and the next start builds the read model anew");
}

result<void> Generations::make_current(const Generation& generation) const
{
    return replace_file(runtime_, path_of("current"), text_of(generation));
}

// A damaged one is as good as none: what it names is built from the log.
result<std::optional<Generation>> Generations::next() const
{
    BOOST_OUTCOME_TRY(const auto text, read_file(runtime_, path_of("next")));
    return text ? parse(*text) : std::nullopt;
}

result<void> Generations::make_next(const Generation& generation) const
{
    return replace_file(runtime_, path_of("next"), text_of(generation));
}

result<void> Generations::forget_next() const
{
    return remove_file(runtime_, path_of("next"));
}

result<bool> Generations::is_paused() const
{
    BOOST_OUTCOME_TRY(const auto text, read_file(runtime_, path_of("paused")));
    return text == "yes\n";
}

result<void> Generations::set_paused(bool paused) const
{
    return replace_file(runtime_, path_of("paused"), paused ? "yes\n" : "no\n");
}

result<std::vector<std::uint64_t>> Generations::numbers() const
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, directory_));
    std::vector<std::uint64_t> found;
    for (const std::string_view name : names) {
        std::uint64_t number = 0;
        if (not name.starts_with(prefix)) continue;
        const auto digits = name.substr(prefix.size());
        if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc{}) {
            found.push_back(number);
        }
    }
    return found;
}

result<void> Generations::remove_others(std::span<const std::uint64_t> kept) const
{
    for (const auto* file : {"current", "next"}) {
        BOOST_OUTCOME_TRY(remove_unfinished_replacement(runtime_, path_of(file)));
    }
    BOOST_OUTCOME_TRY(const auto all, numbers());
    for (const auto other : all) {
        if (std::find(kept.begin(), kept.end(), other) != kept.end()) continue;
        BOOST_OUTCOME_TRY(remove_database(runtime_, directory_of(other)));
    }
    return done();
}

result<void> Generations::remove_all() const
{
    BOOST_OUTCOME_TRY(const auto all, numbers());
    for (const auto number : all) {
        BOOST_OUTCOME_TRY(remove_database(runtime_, directory_of(number)));
    }
    // A directory of one file is a database as far as removing goes. Should the machine stop before, `current` names a
    // generation that is not there, and the next start begins it empty.
    return remove_database(runtime_, directory_);
}

result<std::uint64_t> Generations::unused_number() const
{
    BOOST_OUTCOME_TRY(const auto all, numbers());
    return all.empty() ? 1 : *std::max_element(all.begin(), all.end()) + 1;
}

} // namespace eventloom
