#include "occurrences.hpp"

#include <date/tz.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace eventloom::queues {

namespace {

constexpr Duration shortest_period = std::chrono::seconds{1};
constexpr Duration longest_period  = std::chrono::hours{24 * 366};
constexpr int days_looked_at       = 366 * 9; // from one 29th of February to the next, over a turn of the century
constexpr std::size_t longest_cron = 256;

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

Error invalid_schedule(std::string_view what, std::string_view found)
{
    return {Failure::invalid, "invalid-schedule",
            fmt::format("read when a job recurs, \"{}\", and found {}", what, found)};
}

std::vector<std::string_view> split_at(std::string_view text, char mark)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(mark);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

struct Field {
    std::string_view name;
    unsigned least                          = 0;
    unsigned most                           = 0;
    std::span<const std::string_view> names = {}; // the first is `first_name`
    unsigned first_name                     = 0;
};

std::optional<unsigned> number_in(const Field& field, std::string_view word)
{
    for (std::size_t i = 0; i < field.names.size(); ++i) {
        const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
        if (std::equal(word.begin(), word.end(), field.names[i].begin(), field.names[i].end(), same)) {
            return field.first_name + static_cast<unsigned>(i);
        }
    }
    unsigned number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (word.empty() || read.ec != std::errc{} || read.ptr != word.data() + word.size()) return std::nullopt;
    return number >= field.least && number <= field.most ? std::optional{number} : std::nullopt;
}

// "*", "*/15", "1-5", "1-31/2", "mon"
template <std::size_t Size>
bool take_part(const Field& field, std::string_view part, std::bitset<Size>& set)
{
    const auto slash    = part.find('/');
    const auto range    = part.substr(0, slash);
    unsigned step       = 1;
    const bool has_step = slash != std::string_view::npos;
    if (has_step) {
        const auto word = part.substr(slash + 1);
        const auto read = std::from_chars(word.data(), word.data() + word.size(), step);
        if (read.ec != std::errc{} || read.ptr != word.data() + word.size() || step == 0 || step > field.most)
            return false;
    }
    std::optional<unsigned> first = field.least;
    std::optional<unsigned> last  = field.most;
    if (range != "*") {
        const auto hyphen = range.find('-');
        first             = number_in(field, range.substr(0, hyphen));
        if (hyphen != std::string_view::npos) last = number_in(field, range.substr(hyphen + 1));
        if (hyphen == std::string_view::npos && not has_step) last = first;
    }
    if (not first || not last || *last < *first) return false;
    for (unsigned value = *first; value <= *last; value += step) set.set(value % (field.names.size() == 7 ? 7 : Size));
    return true;
}

template <std::size_t Size>
result<void> read_field(std::string_view whole, const Field& field, std::string_view text, std::bitset<Size>& set)
{
    for (const auto part : split_at(text, ',')) {
        if (take_part(field, part, set)) continue;
        return invalid_schedule(
            whole, fmt::format("\"{}\" as {}, which goes from {} to {}: *, a number, a range (1-5), a step (*/15), "
                               "or several of them with commas",
                               text, field.name, field.least, field.most));
    }
    return done();
}

} // namespace

result<CronFields> read_cron(std::string_view text)
{
    std::vector<std::string_view> words;
    for (const auto word : split_at(text, ' ')) {
        if (not word.empty()) words.push_back(word);
    }
    if (words.size() != 5 || text.size() > longest_cron) {
        return invalid_schedule(
            text.substr(0, longest_cron),
            fmt::format("{} fields instead of five: minute, hour, day of the month, month, day of the week",
                        words.size()));
    }
    CronFields fields;
    BOOST_OUTCOME_TRY(read_field(text, {"the minute", 0, 59}, words[0], fields.minutes));
    BOOST_OUTCOME_TRY(read_field(text, {"the hour", 0, 23}, words[1], fields.hours));
    BOOST_OUTCOME_TRY(read_field(text, {"the day of the month", 1, 31}, words[2], fields.days));
    BOOST_OUTCOME_TRY(read_field(text, {"the month", 1, 12, month_names, 1}, words[3], fields.months));
    BOOST_OUTCOME_TRY(read_field(text, {"the day of the week", 0, 7, weekday_names, 0}, words[4], fields.weekdays));
    fields.any_day     = words[2].starts_with('*');
    fields.any_weekday = words[4].starts_with('*');
    return fields;
}

result<Occurrences> Occurrences::of(const Recurrence& when)
{
    Occurrences occurrences{when};
    if (when.fields.empty()) {
        if (when.period >= shortest_period && when.period <= longest_period) return occurrences;
        return invalid_schedule(occurrences.text(), "a period that is not from a second to 366 days");
    }
    BOOST_OUTCOME_TRY(occurrences.fields_, read_cron(when.fields));
    try {
        occurrences.zone_ = date::locate_zone(when.zone);
    } catch (const std::exception& error) { // none of that name, or no database
        return fail(
            Failure::invalid, "no-such-time-zone",
            fmt::format("asked for the time zone \"{}\" and found: {}; a name is such as Europe/Berlin, and the "
                        "package tzdata has the zones",
                        when.zone, error.what()));
    }
    return occurrences;
}

std::optional<Time> Occurrences::after(Time moment) const
{
    if (zone_ != nullptr) return first_of_cron(moment);
    return *until(moment) + when_.period;
}

std::optional<Time> Occurrences::until(Time moment) const
{
    if (zone_ != nullptr) return last_of_cron(moment);
    auto since = (moment - when_.from) % when_.period;
    if (since < Duration{0}) since += when_.period;
    return moment - since;
}

std::string Occurrences::text() const
{
    if (not when_.fields.empty()) return when_.fields + " in " + when_.zone;
    return fmt::format("every {} s", static_cast<double>(when_.period.count()) / 1e6);
}

std::optional<Time> Occurrences::first_of_cron(Time moment) const
{
    const auto local = zone_->to_local(moment);
    const auto today = date::floor<date::days>(local).time_since_epoch().count();
    for (auto day = today - 1; day < today + days_looked_at; ++day) {
        const auto found = on_day(day);
        const auto next  = std::upper_bound(found.begin(), found.end(), moment);
        if (next != found.end()) return *next;
    }
    return std::nullopt;
}

std::optional<Time> Occurrences::last_of_cron(Time moment) const
{
    const auto local = zone_->to_local(moment);
    const auto today = date::floor<date::days>(local).time_since_epoch().count();
    for (auto day = today + 1; day > today - days_looked_at; --day) {
        const auto found = on_day(day);
        const auto next  = std::upper_bound(found.begin(), found.end(), moment);
        if (next != found.begin()) return *std::prev(next);
    }
    return std::nullopt;
}

// In order. `day` counts from 1970 in the zone's own time.
std::vector<Time> Occurrences::on_day(std::int64_t day) const
{
    const date::local_days local_day{date::days{static_cast<int>(day)}};
    const date::year_month_day date{local_day};
    const bool is_day     = fields_.days.test(static_cast<unsigned>(date.day()));
    const bool is_weekday = fields_.weekdays.test(date::weekday{local_day}.c_encoding());
    // Where both are given either counts, as everywhere.
    const bool either  = not fields_.any_day && not fields_.any_weekday;
    const bool matches = either ? is_day || is_weekday : is_day && is_weekday;
    std::vector<Time> found;
    if (not matches || not fields_.months.test(static_cast<unsigned>(date.month()))) return found;
    for (unsigned hour = 0; hour < 24; ++hour) {
        if (not fields_.hours.test(hour)) continue;
        for (unsigned minute = 0; minute < 60; ++minute) {
            if (not fields_.minutes.test(minute)) continue;
            const auto local = local_day + std::chrono::hours{hour} + std::chrono::minutes{minute};
            const auto info  = zone_->get_info(local);
            const auto add   = [&](std::chrono::seconds offset) {
                found.push_back(Time{std::chrono::duration_cast<Duration>(local.time_since_epoch() - offset)});
            };
            if (info.result == date::local_info::nonexistent) {
                if (not fields_.hours.all())
                    found.push_back(Time{std::chrono::duration_cast<Duration>(info.first.end.time_since_epoch())});
                continue;
            }
            add(info.first.offset);
            if (info.result == date::local_info::ambiguous && fields_.hours.all()) add(info.second.offset);
        }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

} // namespace eventloom::queues
