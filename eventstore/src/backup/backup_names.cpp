#include "backup/backup_names.hpp"

#include "backup/backup_manifest.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/storage/database.hpp>
#include <eventloom/storage/written_once.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <tuple>

namespace eventloom {

namespace {

constexpr std::string_view digits           = "0123456789";
constexpr std::string_view second_form      = "0000-00-00T00-00-00Z";
constexpr Time first_named                  = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
constexpr Time last_named                   = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31};
constexpr std::size_t number_digits_max     = 18;
constexpr std::size_t digits_of_checksum    = 32;
constexpr std::string_view checksum_symbols = "0123456789abcdef";

bool consists_of(std::string_view text, std::string_view symbols)
{
    return not text.empty() && text.find_first_not_of(symbols) == std::string_view::npos;
}

// Of the backups of one second the numbers are 1, 2, ...; the first is not written.
struct Moment {
    std::string_view second;
    std::uint64_t number = 0;
};

std::optional<Moment> moment_of(std::string_view name)
{
    const auto second = name.substr(0, second_form.size());
    const bool fits =
        std::equal(second.begin(), second.end(), second_form.begin(), second_form.end(), [](char found, char form) {
            return form == '0' ? digits.find(found) != std::string_view::npos : found == form;
        });
    if (not fits) return std::nullopt;
    auto number = name.substr(second.size());
    if (number.empty()) return Moment{second, 1};
    if (number.front() != '-' || number.size() > number_digits_max || not consists_of(number.substr(1), digits))
        return std::nullopt;
    number.remove_prefix(1);
    Moment moment{second, 0};
    std::from_chars(number.data(), number.data() + number.size(), moment.number);
    return moment;
}

// Takes the ending off, if it is there.
bool take_ending(std::string_view& name, std::string_view ending)
{
    if (not name.ends_with(ending)) return false;
    name.remove_suffix(ending.size());
    return true;
}

// What is in files/ and not ours.
std::optional<std::string> foreign_file_in(const Runtime& runtime, const std::string& path)
{
    const auto names = list_directory(runtime, path + "/files");
    if (not names) return "files"; // no directory
    for (const std::string& name : names.value()) {
        if (not is_shared_file_name(name) && not is_half_written_file(name)) return "files/" + name;
    }
    return std::nullopt;
}

} // namespace

bool is_backup_name(std::string_view name)
{
    return moment_of(name).has_value();
}

bool is_shared_file_name(std::string_view name)
{
    return name.size() > digits_of_checksum && name[digits_of_checksum] == '-' &&
           consists_of(name.substr(0, digits_of_checksum), checksum_symbols) &&
           consists_of(name.substr(digits_of_checksum + 1), digits);
}

bool is_half_written_list(std::string_view name)
{
    if (not take_ending(name, half_ending)) return false;
    return name == backups_mark || (take_ending(name, backup_ending) && is_backup_name(name));
}

bool is_half_written_file(std::string_view name)
{
    return take_ending(name, half_ending) && (name == incoming_name || is_shared_file_name(name));
}

bool is_older(const std::string& name, const std::string& other)
{
    const auto one = moment_of(name).value_or(Moment{});
    const auto two = moment_of(other).value_or(Moment{});
    return std::tie(one.second, one.number, name) < std::tie(two.second, two.number, other);
}

std::string name_of_new_backup(Time made, const std::string& newest)
{
    auto name = time_text(std::chrono::floor<std::chrono::seconds>(std::clamp(made, first_named, last_named)));
    std::replace(name.begin(), name.end(), ':', '-');
    const auto before = moment_of(newest);
    if (not before || before->second < name) return name;
    return fmt::format("{}-{}", before->second, before->number + 1);
}

std::optional<std::string> foreign_in(const Runtime& runtime, const std::string& path,
                                      const std::vector<std::string>& names)
{
    if (has_title(runtime, path + "/" + std::string{backups_mark}, backups_mark_title)) return std::nullopt;
    for (const std::string& name : names) {
        if (name.ends_with(backup_ending) && has_title(runtime, path + "/" + name, title_of_list)) return std::nullopt;
    }
    for (const std::string& name : names) {
        if (name == "LOCK" || is_half_written_list(name)) continue;
        const auto foreign = name == "files" ? foreign_file_in(runtime, path) : std::optional{name};
        if (foreign) return foreign;
    }
    return std::nullopt;
}

bool has_title(const Runtime& runtime, const std::string& path, std::string_view title)
{
    const auto file = FileReader::open(runtime, path);
    if (not file || file.value()->size() < title.size()) return false;
    std::string scratch;
    const auto beginning = file.value()->read(0, title.size(), scratch);
    return beginning && beginning.value() == title;
}

} // namespace eventloom
