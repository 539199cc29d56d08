#include "dates.hpp"

#include "cell.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <tuple>

namespace shop {

namespace {

using namespace std::chrono;

constexpr std::string_view months[]{"january", "february", "march",     "april",   "may",      "june",
                                    "july",    "august",   "september", "october", "november", "december"};
constexpr std::string_view weekdays[]{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

bool is_decimal(char c)
{
    return c >= '0' && c <= '9';
}

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The place of a name, of which at least three letters are written; 0 when it is none.
template <std::size_t N>
int place_of(std::string_view written, const std::string_view (&names)[N])
{
    std::string word{written};
    std::transform(word.begin(), word.end(), word.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    const auto found =
        std::find_if(std::begin(names), std::end(names), [&](std::string_view name) { return name.starts_with(word); });
    return word.size() < 3 || found == std::end(names) ? 0 : static_cast<int>(found - std::begin(names)) + 1;
}

int to_int(std::string_view digits)
{
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

// Takes the text apart from its front.
struct Scanner {
    std::string_view rest;

    template <class Is>
    std::string_view take_while(Is is)
    {
        const auto end   = std::find_if_not(rest.begin(), rest.end(), is);
        const auto taken = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
        rest.remove_prefix(taken.size());
        return taken;
    }
    std::string_view digits() { return take_while(is_decimal); }
    std::string_view letters() { return take_while(is_letter); }
    void blanks()
    {
        take_while([](char c) { return c == ' '; });
    }
    bool take(std::string_view any_of)
    {
        if (rest.empty() || any_of.find(rest.front()) == std::string_view::npos) return false;
        rest.remove_prefix(1);
        return true;
    }
};

struct Calendar {
    int year = 0, month = 0, day = 0;
    int hour = 0, minute = 0, second = 0;
    int offset = 0; // minutes that the clock is ahead of UTC

    std::optional<BusinessTime> time() const
    {
        // The calendar's own types would wrap around.
        if (year < 1900 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
        if (hour < 0 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
        const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                  std::chrono::day{static_cast<unsigned>(day)}};
        if (not date.ok()) return std::nullopt;
        return BusinessTime{sys_days{date} + hours{hour} + minutes{minute - offset} + seconds{second}};
    }
};

// "Z", "UTC", "+01:00", "-0500", "+01"
bool read_offset(Scanner& text, Calendar& read)
{
    text.blanks();
    const bool utc = text.rest.starts_with("UTC") || text.rest.starts_with("GMT");
    text.rest.remove_prefix(utc ? 3 : 0);
    if (not utc && text.take("Zz")) return true;
    text.blanks();
    const bool west = text.rest.starts_with('-');
    if (not text.take("+-")) return true;
    auto digits = std::string{text.digits()};
    if (text.take(":")) digits += text.digits();
    if (digits.size() != 2 && digits.size() != 4) return false;
    const int ahead = to_int(digits.substr(0, 2)) * 60 + to_int(digits.substr(2));
    read.offset     = west ? -ahead : ahead;
    return ahead <= 14 * 60;
}

bool read_half_of_day(Scanner& text, Calendar& read)
{
    const auto before = text;
    text.blanks();
    const bool pm = text.rest.starts_with('p') || text.rest.starts_with('P');
    if (text.take("apAP")) {
        text.take(".");
        if (not text.take("mM")) return false;
        text.take(".");
        read.hour = read.hour < 1 || read.hour > 12 ? -1 : read.hour % 12 + (pm ? 12 : 0);
        return true;
    }
    text = before;
    return true;
}

// "8:26", "08:26:00.123 PM +01:00", "082600", "8.26"
bool read_time(Scanner text, Calendar& read)
{
    const auto first = text.digits();
    if (first.size() == 4 || first.size() == 6) {
        read.hour   = to_int(first.substr(0, 2));
        read.minute = to_int(first.substr(2, 2));
        read.second = to_int(first.substr(4));
    } else {
        const char between = text.rest.empty() ? '\0' : text.rest.front();
        if (first.empty() || first.size() > 2 || not text.take(":.")) return false;
        const auto second = text.digits();
        if (second.size() != 2) return false;
        read.hour   = to_int(first);
        read.minute = to_int(second);
        if (text.take({&between, 1})) {
            const auto third = text.digits();
            if (third.size() != 2) return false;
            read.second = to_int(third);
        }
    }
    if (text.take(".,") && text.digits().empty()) return false; // of a second: dropped
    return read_half_of_day(text, read) && read_offset(text, read) && text.rest.empty();
}

// One of the three parts of a date.
struct Part {
    std::string_view digits;
    int month = 0; // by its name

    bool is_year() const { return digits.size() == 4; }
    bool may_be_year() const { return digits.size() == 4 || digits.size() == 2; }
    bool may_be_day() const { return digits.size() == 1 || digits.size() == 2; }
};

std::optional<Part> read_part(Scanner& text)
{
    Part part{.digits = text.digits(), .month = 0};
    if (part.digits.empty()) part.month = place_of(text.letters(), months);
    if (part.digits.empty() && part.month == 0) return std::nullopt;
    return part;
}

// What stands between two parts: one of - / . or a comma, with blanks or without; nothing when it is anything else.
std::optional<char> read_between(Scanner& text)
{
    const auto between =
        text.take_while([](char c) { return std::string_view{" -/.,"}.find(c) != std::string_view::npos; });
    const auto mark = between.find_first_not_of(' ');
    if (mark == std::string_view::npos) return between.empty() ? '\0' : ' ';
    if (between.find_first_not_of(' ', mark + 1) != std::string_view::npos) return std::nullopt;
    return between[mark];
}

int year_of(std::string_view digits)
{
    const int year = to_int(digits);
    if (digits.size() == 4) return year;
    return year < 50 ? 2000 + year : year < 70 ? 0 : 1900 + year; // neither 1960 nor 2060 is likely
}

// Which part is what; false when this order cannot be.
bool assign(const Part (&parts)[3], DateOrder order, Calendar& read)
{
    const auto name =
        std::find_if(std::begin(parts), std::end(parts), [](const Part& part) { return part.month != 0; });
    const bool is_named   = name != std::end(parts);
    const bool year_first = parts[0].is_year() || (order == DateOrder::ymd && not is_named);
    const bool day_second = year_first && order == DateOrder::ydm;
    const auto year_at    = year_first ? 0 : 2;
    const auto month_at   = is_named                                    ? name - std::begin(parts)
                            : day_second                                ? 2
                            : order == DateOrder::mdy && not year_first ? 0
                                                                        : 1;
    if (month_at == year_at || (month_at == 2 && not day_second)) return false;
    const auto day_at              = 3 - year_at - month_at;
    const auto& [year, month, day] = std::tie(parts[year_at], parts[month_at], parts[day_at]);
    if (not year.may_be_year() || not day.may_be_day() || (month.month == 0 && not month.may_be_day())) return false;
    read.year  = year_of(year.digits);
    read.month = month.month != 0 ? month.month : to_int(month.digits);
    read.day   = to_int(day.digits);
    return true;
}

ParsedDate of_calendar(const Calendar& calendar)
{
    return {calendar.time(), true};
}

// A number alone: 20101201, 20101201082600, 40513.35139, 1291191960, 1291191960000. Nothing when it is none of them.
std::optional<ParsedDate> read_bare_number(std::string_view text)
{
    Scanner scanner{text};
    const auto whole = scanner.digits();
    std::string fraction{"0."};
    if (scanner.take(".,")) fraction += scanner.digits();
    if (not scanner.rest.empty() || whole.empty()) return std::nullopt;
    double part = 0;
    std::from_chars(fraction.data(), fraction.data() + fraction.size(), part);
    std::int64_t number = 0;
    std::from_chars(whole.data(), whole.data() + whole.size(), number);
    switch (whole.size()) {
    case 5: // days since the day before 1900 began, as spreadsheets count, with a leap day that never was
        return ParsedDate{BusinessTime{sys_days{1899y / 12 / 30} + days{number} + seconds{std::llround(part * 86400)}},
                          true};
    case 10:
        return ParsedDate{BusinessTime{seconds{number}}, true};
    case 13:
        return ParsedDate{BusinessTime{seconds{number / 1000}}, true};
    case 8:
    case 12:
    case 14:
        return of_calendar({.year   = to_int(whole.substr(0, 4)),
                            .month  = to_int(whole.substr(4, 2)),
                            .day    = to_int(whole.substr(6, 2)),
                            .hour   = whole.size() > 8 ? to_int(whole.substr(8, 2)) : 0,
                            .minute = whole.size() > 8 ? to_int(whole.substr(10, 2)) : 0,
                            .second = whole.size() > 12 ? to_int(whole.substr(12)) : 0});
    default:
        return std::nullopt;
    }
}

} // namespace

ParsedDate parse_date(std::string_view written, DateOrder order)
{
    const std::string text = plain(written);
    if (const auto number = read_bare_number(text)) return *number;
    Scanner rest{text};
    Calendar read;
    if (const auto weekday = Scanner{text}.letters(); place_of(weekday, weekdays) != 0) {
        rest.letters();
        rest.take(".,");
        rest.blanks();
    }
    auto compact = rest;
    if (const auto digits = compact.digits(); digits.size() == 8) {
        read = {
            .year = to_int(digits.substr(0, 4)), .month = to_int(digits.substr(4, 2)), .day = to_int(digits.substr(6))};
        rest = compact;
    } else {
        Part parts[3];
        std::optional<char> between[2];
        for (int i = 0; i < 3; ++i) {
            const auto part = read_part(rest);
            if (not part) return {};
            parts[i] = *part;
            if (i < 2 && not(between[i] = read_between(rest))) return {};
        }
        const bool named = parts[0].month != 0 || parts[1].month != 0;
        if (not named && (between[0] != between[1] || between[0] == '\0' || between[0] == ',')) return {};
        if (not assign(parts, order, read)) return {.time = {}, .in_form = true};
    }
    rest.take(".,");
    if (not rest.rest.empty() && not rest.take("Tt :")) return {};
    rest.blanks();
    if (not rest.rest.empty() && not read_time(rest, read)) return {};
    return of_calendar(read);
}

} // namespace shop
