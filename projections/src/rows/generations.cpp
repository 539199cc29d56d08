#include "rows/generations.hpp"

#include <eventloom/storage/database.hpp>

#include <fmt/core.h>

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

// What follows the version. LevelDB has no word: it was the only place when the names were made.
std::string_view words_of(RowPlace place)
{
    switch (place) {
    case RowPlace::leveldb:
        break;
    case RowPlace::sqlite:
        return " in sqlite";
    case RowPlace::memory:
        return " in memory";
    case RowPlace::log: // which says so itself
        break;
    }
    return "";
}

std::string text_of(const Generation& generation)
{
    return fmt::format("generation {} version {}{}{}\n", generation.number, generation.projection_version,
                       words_of(generation.kept_in), generation.shape.empty() ? "" : " shape " + generation.shape);
}

// Reads "generation 3 version 1 in sqlite shape 0123456789abcdef\n"; nothing when the text is anything else.
std::optional<Generation> parse(const std::string& text)
{
    Generation generation;
    std::string_view left = text;
    if (not take_word(left, "generation ") || not take_number(left, generation.number) ||
        not take_word(left, " version ") || not take_number(left, generation.projection_version)) {
        return std::nullopt;
    }
    for (const auto place : {RowPlace::sqlite, RowPlace::memory}) {
        if (take_word(left, words_of(place))) generation.kept_in = place;
    }
    if (take_word(left, " shape ")) generation.shape = left.substr(0, left.find('\n'));
    return text_of(generation) == text ? std::optional{generation} : std::nullopt;
}

} // namespace

Generations::Generations(const Runtime& runtime, std::string directory)
    : runtime_{runtime}, directory_{std::move(directory)}
{
}

std::string Generations::directory_of(std::uint64_t number) const
{
    return fmt::format("{}/{}{}", directory_, prefix, number);
}

result<void> Generations::begin() const
{
    return make_directory(runtime_, directory_);
}

result<std::optional<Generation>> Generations::current() const
{
    BOOST_OUTCOME_TRY(const auto text, read_file(runtime_, path_of("current")));
    if (not text) return std::optional<Generation>{};
    auto generation = parse(*text);
    if (generation) return generation;
    return fail(Failure::corrupt, "damaged-read-model",
                "read the file " + path_of("current") + " and found damage; remove the directory " + directory_ +
                    ", and the next start builds the read model again");
}

result<void> Generations::make_current(const Generation& generation) const
{
    BOOST_OUTCOME_TRY(remove_file(runtime_, path_of("stopped")));
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

// A damaged one is as good as none: the next start says why it stops.
result<std::optional<StoppedProjection>> Generations::stopped() const
{
    BOOST_OUTCOME_TRY(const auto text, read_file(runtime_, path_of("stopped")));
    StoppedProjection stopped;
    std::string_view left = text ? std::string_view{*text} : std::string_view{};
    const bool is_read    = take_word(left, "generation ") && take_number(left, stopped.generation) &&
                         take_word(left, " at ") && take_number(left, stopped.reached) && take_word(left, " ");
    const auto end_of_code = left.find('\n');
    if (not is_read || end_of_code == std::string_view::npos) return std::optional<StoppedProjection>{};
    stopped.why = {Failure::unavailable, std::string{left.substr(0, end_of_code)},
                   std::string{left.substr(end_of_code + 1)}};
    return std::optional{std::move(stopped)};
}

result<void> Generations::set_stopped(const StoppedProjection& stopped) const
{
    return replace_file(runtime_, path_of("stopped"),
                        fmt::format("generation {} at {} {}\n{}", stopped.generation, stopped.reached, stopped.why.code,
                                    stopped.why.sentence));
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
    return fmt::format("{}/{}{}{}{}", directory_, copy_prefix, number, copy_middle, position);
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

result<std::vector<std::uint64_t>> Generations::all() const
{
    BOOST_OUTCOME_TRY(auto found, numbers());
    BOOST_OUTCOME_TRY(const auto all_copies, copies());
    for (const Copy& copy : all_copies) found.push_back(copy.generation);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

result<void> Generations::remove(std::span<const std::uint64_t> these) const
{
    for (const auto* file : {"current", "next", "paused", "stopped"}) {
        BOOST_OUTCOME_TRY(remove_unfinished_replacement(runtime_, path_of(file)));
    }
    for (const auto number : these) {
        BOOST_OUTCOME_TRY(remove_database(runtime_, directory_of(number)));
        BOOST_OUTCOME_TRY(const auto positions, copies_of(number));
        for (const Position position : positions) {
            BOOST_OUTCOME_TRY(remove_database(runtime_, directory_of_copy(number, position)));
        }
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
