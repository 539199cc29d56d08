#include <eventloom/service/detail/arguments.hpp>

#include "checks.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace eventloom {

namespace {

constexpr std::size_t shown_bytes    = 40;
constexpr std::uint64_t seconds_most = 1'000ull * 365 * 86'400;

struct Unit {
    char letter;
    std::uint64_t seconds;
};
constexpr std::array units{Unit{'d', 86'400}, Unit{'h', 3'600}, Unit{'m', 60}, Unit{'s', 1}};

template <class Number>
std::optional<Number> number_in(std::string_view word)
{
    Number number{};
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (read.ec != std::errc{} || read.ptr != word.data() + word.size()) return std::nullopt;
    return number;
}

std::string no(std::string_view word, const std::string& what)
{
    return "\"" + printable(word.substr(0, shown_bytes)) + "\" is not a " + what;
}

// With a sign or without one.
Check whole_number_with_sign()
{
    const auto check = [](std::string& word) -> std::string {
        const auto number = number_in<std::int64_t>(word);
        if (not number) return no(word, "whole number");
        word = std::to_string(*number);
        return "";
    };
    return {check};
}

// Neither NaN nor infinite.
Check finite_number()
{
    const auto check = [](std::string& word) -> std::string {
        const auto number = number_in<double>(word);
        return number && std::isfinite(*number) ? "" : no(word, "number");
    };
    return {check};
}

} // namespace

Check whole_number(std::uint64_t least, std::uint64_t most)
{
    const auto check = [least, most](std::string& word) -> std::string {
        const auto number = number_in<std::uint64_t>(word);
        if (not number || *number < least || *number > most) {
            return no(word, "whole number " + (most == std::numeric_limits<std::uint64_t>::max()
                                                   ? "of at least " + std::to_string(least)
                                                   : fmt::format("from {} to {}", least, most)));
        }
        word = std::to_string(*number);
        return "";
    };
    return {check};
}

Check rate(double most)
{
    const auto check = [most](std::string& word) -> std::string {
        const auto number = number_in<double>(word);
        return number && *number >= 0 && *number <= most ? "" : no(word, fmt::format("number from 0 to {}", most));
    };
    return {check};
}

std::optional<Duration> parse_span(std::string_view text)
{
    for (const Unit& unit : units) {
        if (not text.ends_with(unit.letter)) continue;
        const auto number = number_in<std::uint64_t>(text.substr(0, text.size() - 1));
        if (not number || *number == 0 || *number > seconds_most / unit.seconds) return std::nullopt;
        return Duration{std::chrono::seconds{*number * unit.seconds}};
    }
    return std::nullopt;
}

Check span_of_time()
{
    const auto check = [](std::string& word) -> std::string {
        if (parse_span(word)) return "";
        return no(word, "span of time; give a whole number and d, h, m or s for days, hours, minutes or seconds, "
                        "like 30s, up to 365000d");
    };
    return {check};
}

Check point_in_time()
{
    const auto why_not = [](const std::string& word) {
        return parse_time(word)
                   ? ""
                   : in_quotes(word) + " is not a time such as 2011-12-09T12:50:00 (UTC) or 2011-12-09T12:50:00+01:00";
    };
    return {why_not, "TIME"};
}

Check one_of(std::vector<std::string> words)
{
    const CLI::Validator member = CLI::IsMember(std::move(words));
    return {[member](std::string& word) { return member(word); }, member.get_description()};
}

Check not_empty()
{
    return {[](std::string& word) { return std::string{word.empty() ? "is an empty word" : ""}; }};
}

Check identifier()
{
    const auto check = [](std::string& word) -> std::string {
        if (word.empty()) return "is an empty word";
        return word.find_first_not_of(" \t\r\n") == std::string::npos ? "is a word of blanks" : "";
    };
    return {check};
}

CLI::Validator validator_of(const Check& check)
{
    return CLI::Validator{check.why_not, check.shown};
}

void check_types(CLI::App& command)
{
    for (CLI::Option* option : command.get_options()) {
        if (option->get_items_expected_max() == 0) continue; // a flag
        const auto type = option->get_type_name();
        // Removes leading zeros: CLI11 would read another number.
        if (type.starts_with("UINT")) option->transform(validator_of(whole_number()));
        if (type.starts_with("INT")) option->transform(validator_of(whole_number_with_sign()));
        if (type.starts_with("FLOAT")) option->transform(validator_of(finite_number()));
        option->transform(validator_of(not_empty()));
    }
    for (CLI::App* below : command.get_subcommands([](CLI::App*) { return true; })) check_types(*below);
}

} // namespace eventloom
