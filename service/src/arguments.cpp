#include <eventloom/service/arguments.hpp>

#include <eventloom/framework/utf8.hpp>

#include <charconv>
#include <string>

namespace eventloom {

namespace {

constexpr std::size_t shown_bytes = 40;

} // namespace

CLI::Validator whole_number(std::uint64_t least)
{
    const auto check = [least](std::string& word) -> std::string {
        std::uint64_t number = 0;
        const auto* end      = word.data() + word.size();
        const auto read      = std::from_chars(word.data(), end, number);
        if (read.ec != std::errc{} || read.ptr != end || number < least) {
            return "\"" + printable(word.substr(0, shown_bytes)) + "\" is no whole number of at least " +
                   std::to_string(least);
        }
        word = std::to_string(number);
        return "";
    };
    return CLI::Validator{check, ""};
}

CLI::Validator not_empty()
{
    return CLI::Validator{[](std::string& word) { return std::string{word.empty() ? "is an empty word" : ""}; }, ""};
}

} // namespace eventloom
