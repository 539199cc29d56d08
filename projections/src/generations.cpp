#include "generations.hpp"

#include <eventloom/storage/database.hpp>

#include <algorithm>
#include <charconv>

namespace eventloom {

namespace {

constexpr std::string_view prefix      = "generation-";
constexpr std::string_view copy_prefix = "copy-";
constexpr std::string_view copy_middle = "-at-";

// Takes a number off the front of a text; false when there is none.
template <class Number>
bool take_number(std::string_view& text, Number& number)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc{};
}

bool take_word(std::string_view& text, std::string_view word)
{
    if (not text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
}

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
    if (not take_word(text, "generation ") || not take_number(text, generation.number) ||
        not take_word(text, " version ") || not take_number(text, generation.projection_version)) {
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
    for (std::string_view name : names) {
        std::uint64_t number = 0;
        if (take_word(name, prefix) && take_number(name, number)) found.push_back(number);
    }
    return found;
}

std::string Generations::directory_of_copy(std::uint64_t number, Position position) const
{
    return directory_ + "/" + std::string{copy_prefix} + std::to_string(number) + std::string{copy_middle} +
           std::to_string(position);
}

result<std::vector<Generations::Copy>> Generations::copies() const
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, directory_));
    std::vector<Copy> found;
    for (std::string_view name : names) {
        Copy copy;
        if (take_word(name, copy_prefix) && take_number(name, copy.generation) && take_word(name, copy_middle) &&
            take_number(name, copy.position)) {
            found.push_back(copy);
        }
    }
    return found;
}

result<std::vector<Position>> Generations::copies_of(std::uint64_t number) const
{
    BOOST_OUTCOME_TRY(const auto all, copies());
    std::vector<Position> positions;
    for (const Copy& copy : all) {
        if (copy.generation == number) positions.push_back(copy.position);
    }
    std::sort(positions.begin(), positions.end());
    return positions;
}

result<void> Generations::remove_others(std::uint64_t number) const
{
    BOOST_OUTCOME_TRY(remove_unfinished_replacement(runtime_, directory_ + "/current"));
    BOOST_OUTCOME_TRY(const auto all, numbers());
    for (const auto other : all) {
        if (other == number) continue;
        BOOST_OUTCOME_TRY(remove_database(runtime_, directory_of(other)));
    }
    BOOST_OUTCOME_TRY(const auto all_copies, copies());
    for (const Copy& copy : all_copies) {
        if (copy.generation == number) continue;
        BOOST_OUTCOME_TRY(remove_database(runtime_, directory_of_copy(copy.generation, copy.position)));
    }
    return done();
}

result<void> Generations::remove_all() const
{
    BOOST_OUTCOME_TRY(const auto all, numbers());
    for (const auto number : all) {
        BOOST_OUTCOME_TRY(remove_database(runtime_, directory_of(number)));
    }
    BOOST_OUTCOME_TRY(const auto all_copies, copies());
    for (const Copy& copy : all_copies) {
        BOOST_OUTCOME_TRY(remove_database(runtime_, directory_of_copy(copy.generation, copy.position)));
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
