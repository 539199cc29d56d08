#include "backup/backup_manifest.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <optional>

namespace eventloom {

namespace {

constexpr std::string_view version      = "1";
constexpr std::string_view unknown      = "-"; // identity
constexpr std::size_t digits_of_content = 32;
constexpr std::size_t digits_of_record  = 16;

std::string hexadecimal(std::uint64_t number)
{
    std::string text(digits_of_record, '0');
    for (std::size_t i = text.size(); i-- > 0; number >>= 4) text[i] = "0123456789abcdef"[number & 15];
    return text;
}

std::string checksum_of_text(std::string_view text)
{
    return hexadecimal(XXH3_64bits(text.data(), text.size()));
}

bool is_hexadecimal(std::string_view text, std::size_t digits)
{
    return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

template <class Number>
std::optional<Number> number_of(std::string_view text, int base = 10)
{
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// Only such names as a store has: what is restored stays in its directory.
bool is_name_of_store_file(std::string_view name)
{
    const auto slash = name.rfind('/');
    if (slash == std::string_view::npos) return false;
    const auto directory = name.substr(0, slash);
    if (directory != "log" && directory != "log/index" && directory != "groups") return false;
    const auto file      = name.substr(slash + 1);
    const auto number    = file.substr(0, file.find('.'));
    const auto is_number = [](std::string_view digits) {
        return not digits.empty() && digits.size() <= 20 &&
               digits.find_first_not_of("0123456789") == std::string_view::npos;
    };
    constexpr std::string_view manifest = "MANIFEST-";
    if (file.starts_with(manifest)) return is_number(file.substr(manifest.size()));
    return file == "CURRENT" || (is_number(number) && (file.ends_with(".ldb") || file.ends_with(".log")) &&
                                 file.size() == number.size() + 4);
}

// The words of a line, which is taken off the text.
std::vector<std::string_view> take_line(std::string_view& text)
{
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::vector<std::string_view> words;
    while (not line.empty()) {
        words.push_back(line.substr(0, line.find(' ')));
        line.remove_prefix(std::min(line.size(), words.back().size() + 1));
    }
    return words;
}

std::optional<BackupFile> file_of(const std::vector<std::string_view>& words)
{
    if (words.size() != 5 || words[0] != "file" || not is_name_of_store_file(words[1])) return std::nullopt;
    const auto bytes = number_of<std::uint64_t>(words[2]);
    if (not bytes || not is_hexadecimal(words[3], digits_of_content)) return std::nullopt;
    return BackupFile{std::string{words[1]},
                      {std::string{words[3]}, *bytes},
                      words[4] == unknown ? std::string{} : std::string{words[4]}};
}

std::optional<BackupManifest> read_manifest(std::string_view text)
{
    constexpr std::string_view end = "end ";
    const auto last                = text.rfind("\n" + std::string{end});
    if (last == std::string_view::npos || not text.ends_with('\n')) return std::nullopt;
    const auto checked = text.substr(0, last + 1);
    auto rest          = text.substr(last + 1);
    if (take_line(rest) != std::vector<std::string_view>{"end", checksum_of_text(checked)} || not rest.empty())
        return std::nullopt;

    BackupManifest manifest;
    rest = checked;
    take_line(rest); // whoever reads it has looked at the title
    const auto made = take_line(rest);
    const auto log  = take_line(rest);
    if (made.size() != 2 || made[0] != "made" || (log.size() != 7 && log.size() != 9) || log[0] != "log")
        return std::nullopt;
    const auto micros   = number_of<std::int64_t>(made[1]);
    const auto format   = number_of<std::uint32_t>(log[2]);
    const auto head     = number_of<Position>(log[4]);
    const auto checksum = number_of<std::uint64_t>(log[6], 16);
    const auto first    = log.size() == 9 ? number_of<std::uint64_t>(log[8], 16) : std::uint64_t{0};
    if (not micros || not format || not head || not checksum || not first || (log.size() == 9 && *first == 0))
        return std::nullopt;
    manifest.made         = Time{Duration{*micros}};
    manifest.store_format = *format;
    manifest.head         = *head;
    manifest.checksum     = *checksum;
    manifest.first        = *first;
    while (not rest.empty()) {
        auto file = file_of(take_line(rest));
        if (not file) return std::nullopt;
        manifest.files.push_back(std::move(*file));
    }
    return manifest;
}

} // namespace

ContentSum::ContentSum() : state_{XXH3_createState()}
{
    if (state_ == nullptr) throw std::bad_alloc{};
    XXH3_128bits_reset(state_);
}

ContentSum::~ContentSum()
{
    XXH3_freeState(state_);
}

void ContentSum::add(std::string_view bytes)
{
    XXH3_128bits_update(state_, bytes.data(), bytes.size());
    bytes_ += bytes.size();
}

FileContent ContentSum::content() const
{
    const auto sum = XXH3_128bits_digest(state_);
    return {hexadecimal(sum.high64) + hexadecimal(sum.low64), bytes_};
}

std::uint64_t BackupManifest::bytes() const
{
    std::uint64_t all = 0;
    for (const BackupFile& file : files) all += file.content.bytes;
    return all;
}

std::string encode(const BackupManifest& manifest)
{
    std::string text{title_of_list};
    text += version;
    text += "\nmade " + std::to_string(manifest.made.time_since_epoch().count());
    text += fmt::format("\nlog format {} position {} checksum {}", manifest.store_format, manifest.head,
                        hexadecimal(manifest.checksum));
    text += manifest.first == 0 ? "\n" : " first " + hexadecimal(manifest.first) + "\n";
    for (const BackupFile& file : manifest.files) {
        text += fmt::format("file {} {} {} ", file.name, file.content.bytes, file.content.checksum);
        text += file.identity.empty() ? unknown : std::string_view{file.identity};
        text += "\n";
    }
    return text + "end " + checksum_of_text(text) + "\n";
}

result<BackupManifest> decode_manifest(std::string_view text, const std::string& path)
{
    auto rest        = text;
    const auto title = take_line(rest);
    if (title.size() == 3 && text.starts_with(title_of_list) && title[2] != version) {
        return fail(Failure::corrupt, "newer-backup-format",
                    "read the list of a backup " + path + " of format " + std::string{title[2].substr(0, 20)} +
                        ", but this program knows format " + std::string{version} + "; use a newer program");
    }
    auto manifest = text.starts_with(title_of_list) ? read_manifest(text) : std::nullopt;
    if (manifest) return std::move(*manifest);
    return fail(Failure::corrupt, "damaged-backup",
                "read the list of a backup " + path +
                    " and found it damaged; use another backup, and remove this file if there is no "
                    "other copy of it");
}

} // namespace eventloom
