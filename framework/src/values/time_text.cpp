#include <eventloom/framework/time.hpp>

#include <algorithm>
#include <charconv>

namespace eventloom {

namespace {

void append_padded(std::string& text, std::int64_t number, std::size_t digits)
{
    char written[20];
    const auto size =
        static_cast<std::size_t>(std::to_chars(std::begin(written), std::end(written), number).ptr - written);
    text.append(digits - std::min(digits, size), '0').append(written, size);
}

// Takes exactly `digits` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits)
{
    if (text.size() < digits) return std::nullopt;
    int number = 0;
    for (const char digit : text.substr(0, digits)) {
        if (digit < '0' || digit > '9') return std::nullopt;
        number = number * 10 + (digit - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, std::string_view one_of)
{
    if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text)
{
    const auto year = take_number(text, 4);
    if (not year || not take(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (not month || not take(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (not day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    return date.ok() ? std::optional{std::chrono::sys_days{date}} : std::nullopt;
}

// ".5" is half a second. Nothing is no time, too.
std::optional<Duration> take_fraction(std::string_view& text)
{
    Duration fraction{0};
    if (not take(text, ".")) return fraction;
    Duration unit      = std::chrono::seconds{1};
    std::size_t digits = 0;
    for (; not text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits, text.remove_prefix(1)) {
        unit /= 10;
        fraction += unit * (text.front() - '0');
    }
    return digits >= 1 && digits <= 6 ? std::optional{fraction} : std::nullopt;
}

std::optional<Duration> take_time_of_day(std::string_view& text)
{
    const auto hours = take_number(text, 2);
    if (not hours || *hours > 23 || not take(text, ":")) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (not minutes || *minutes > 59) return std::nullopt;
    Duration time = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    if (not take(text, ":")) return time;
    const auto seconds = take_number(text, 2);
    if (not seconds || *seconds > 59) return std::nullopt;
    const auto fraction = take_fraction(text);
    if (not fraction) return std::nullopt;
    return time + std::chrono::seconds{*seconds} + *fraction;
}

// "Z", "+01:00", "-0530", or nothing, which is UTC: how far the clock is ahead of that.
std::optional<Duration> take_offset(std::string_view& text)
{
    if (take(text, "Zz") || text.empty()) return Duration{0};
    const bool is_west = text.front() == '-';
    if (not take(text, "+-")) return std::nullopt;
    const auto hours = take_number(text, 2);
    take(text, ":");
    const auto minutes = take_number(text, 2);
    if (not hours || *hours > 23 || not minutes || *minutes > 59) return std::nullopt;
    const Duration ahead = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    return is_west ? -ahead : ahead;
}

} // namespace

std::string to_string(Time time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::string text;
    text.reserve(sizeof "2011-12-09T12:50:00.000000Z");
    const auto append = [&](std::int64_t number, std::size_t digits, char separator) {
        append_padded(text, number, digits);
        text.push_back(separator);
    };
    append(static_cast<int>(date.year()), 4, '-');
    append(static_cast<unsigned>(date.month()), 2, '-');
    append(static_cast<unsigned>(date.day()), 2, 'T');
    append(clock.hours().count(), 2, ':');
    append(clock.minutes().count(), 2, ':');
    append(clock.seconds().count(), 2, '.');
    append(clock.subseconds().count(), 6, 'Z');
    return text;
}

std::optional<Time> parse_time(std::string_view text)
{
    const auto date = take_date(text);
    if (not date) return std::nullopt;
    Time time{*date};
    if (take(text, "T ")) {
        const auto of_day = take_time_of_day(text);
        if (not of_day) return std::nullopt;
        const auto ahead = take_offset(text);
        if (not ahead) return std::nullopt;
        time += *of_day - *ahead;
    }
    return text.empty() ? std::optional{time} : std::nullopt;
}

} // namespace eventloom
