#include "generations.hpp"

#include <eventloom/storage/database.hpp>

#include <algorithm>
#include <charconv>

namespace eventloom {

namespace {

constexpr std::string_view prefix = "generation-";

// What stands in `current` behind the version; LevelDB was there before there were others, and is not named.
std::string_view ending_of(RowPlace place)
{
    switch (place) {
    case RowPlace::leveldb:
        break;
    case RowPlace::sqlite:
        return " in sqlite\n";
    case RowPlace::memory:
        return " in memory\n";
    case RowPlace::log: // which says so itself
        break;
    }
    return "\n";
}

// Reads "generation 3 version 1\n"; nothing when the text is anything else.
std::optional<Generation> parse_current(std::string_view text)
{
    Generation generation;
    const auto take = [&](std::string_view word, auto& number) {
        if (not text.starts_with(word)) return false;
        text.remove_prefix(word.size());
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        return error == std::errc{};
    };
    if (not take("generation ", generation.number) || not take(" version ", generation.projection_version)) {
        return std::nullopt;
    }
    for (const auto place : {RowPlace::leveldb, RowPlace::sqlite, RowPlace::memory}) {
        generation.kept_in = place;
        if (text == ending_of(place)) return generation;
    }
    return std::nullopt;
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
    BOOST_OUTCOME_TRY(const auto text, read_file(runtime_, directory_ + "/current"));
    if (not text) return std::optional<Generation>{};
    const auto generation = parse_current(*text);
    if (generation) return generation;
    return fail(Failure::corrupt, "damaged-read-model",
                "read the file " + directory_ + "/current and found damage; remove the directory " + directory_ +
                    ", and the next start builds the read model anew");
}

result<void> Generations::make_current(const Generation& generation) const
{
    return replace_file(runtime_, directory_ + "/current",
                        "generation " + std::to_string(generation.number) + " version " +
                            std::to_string(generation.projection_version) + std::string{ending_of(generation.kept_in)});
}

result<bool> Generations::is_paused() const
{
    BOOST_OUTCOME_TRY(const auto text, read_file(runtime_, directory_ + "/paused"));
    return text == "yes\n";
}

result<void> Generations::set_paused(bool paused) const
{
    return replace_file(runtime_, directory_ + "/paused", paused ? "yes\n" : "no\n");
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

result<void> Generations::remove_others(std::uint64_t number) const
{
    BOOST_OUTCOME_TRY(remove_unfinished_replacement(runtime_, directory_ + "/current"));
    BOOST_OUTCOME_TRY(const auto all, numbers());
    for (const auto other : all) {
        if (other == number) continue;
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
