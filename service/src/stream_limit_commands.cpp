#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/command_line.hpp>

#include "consent.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

namespace eventloom {

namespace {

using Json = nlohmann::ordered_json;

struct Unit {
    char letter;
    std::string_view name;
    std::uint64_t seconds;
};
constexpr std::array units{Unit{'d', "days", 86'400}, Unit{'h', "hours", 3'600}, Unit{'m', "minutes", 60},
                           Unit{'s', "seconds", 1}};
constexpr std::uint64_t years_max = 1'000;

// "90d", "12h", "30m", "45s".
result<Duration> parse_age(const std::string& text)
{
    std::uint64_t number = 0;
    const auto* end      = text.data() + text.size();
    const auto read      = std::from_chars(text.data(), end, number);
    for (const Unit& unit : units) {
        if (read.ec != std::errc{} || read.ptr + 1 != end || *read.ptr != unit.letter) continue;
        if (number == 0 || number > years_max * 365 * 86'400 / unit.seconds) break;
        return Duration{std::chrono::seconds{number * unit.seconds}};
    }
    return fail(Failure::invalid, "not-an-age",
                "asked for events up to the age of \"" + printable(text) +
                    "\", which is none; give a number and d, h, m or s for days, hours, minutes or seconds, like 90d");
}

std::string age_text(Duration age)
{
    const auto seconds = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count());
    for (const Unit& unit : units) {
        if (seconds % unit.seconds == 0) return std::to_string(seconds / unit.seconds) + unit.letter;
    }
    return std::to_string(seconds) + "s";
}

template <class Value>
Json json_of(const std::optional<Value>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

void show(Output& out, const std::string& stream, const StreamStatus& status, std::uint64_t length)
{
    const auto& limits = status.limits;
    out.facts({{"stream", stream},
               {"events", length},
               {"max_age", limits.max_age ? Json(age_text(*limits.max_age)) : Json(nullptr)},
               {"max_count", json_of(limits.max_count)},
               {"truncate_before", json_of(limits.truncate_before)},
               {"deleted", length > 0 && status.is_deleted(length)},
               {"tombstoned", status.tombstoned}});
}

} // namespace

void CommandLine::add_stream_limit_commands(CLI::App& streams)
{
    struct Arguments {
        std::string stream;
        std::string max_age;
        std::uint64_t max_count       = 0;
        std::uint64_t truncate_before = 0;
        bool clear                    = false;
        bool for_good                 = false;
        bool yes                      = false;
        bool dry_run                  = false;
    };
    const auto arguments = std::make_shared<Arguments>();

    auto* limits = streams.add_subcommand("limits", "How much of a stream is kept: show it, or change what is given");
    limits->add_option("stream", arguments->stream, "Its name")->required();
    const auto* max_age =
        limits->add_option("--max-age", arguments->max_age, "Keep what is not older, like 90d, 12h, 30m")
            ->type_name("AGE");
    const auto* max_count =
        limits->add_option("--max-count", arguments->max_count, "Keep the last so many")->check(CLI::PositiveNumber);
    const auto* truncate =
        limits->add_option("--truncate-before", arguments->truncate_before, "Keep this version and all behind it");
    limits->add_flag("--clear", arguments->clear, "First take all limits off, and a deletion too");
    limits->add_flag("--dry-run", arguments->dry_run, "Show what they would be, and change nothing");
    on(limits, [this, arguments, max_age, max_count, truncate](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, open());
        auto& store = open_service->service().store();
        BOOST_OUTCOME_TRY(auto status, stream_status(store, arguments->stream));
        auto wanted = arguments->clear ? StreamLimits{} : status.limits;
        if (max_age->count() > 0) {
            BOOST_OUTCOME_TRY(wanted.max_age, parse_age(arguments->max_age));
        }
        if (max_count->count() > 0) wanted.max_count = arguments->max_count;
        if (truncate->count() > 0) wanted.truncate_before = arguments->truncate_before;
        if (wanted != status.limits && not arguments->dry_run) {
            BOOST_OUTCOME_TRY(set_stream_limits(store, runtime().ids, arguments->stream, wanted));
        }
        status.limits = wanted;
        BOOST_OUTCOME_TRY(const auto length, store.stream_length(arguments->stream));
        show(out, arguments->stream, status, length);
        return done();
    });

    auto* remove =
        streams.add_subcommand("delete", "Delete a stream: its events are seen no more, an append begins it anew");
    remove->add_option("stream", arguments->stream, "Its name")->required();
    remove->add_flag("--for-good", arguments->for_good, "For ever: nothing can be appended to it again. Needs --yes");
    remove->add_flag("--yes", arguments->yes, "For what cannot be undone");
    remove->add_flag("--dry-run", arguments->dry_run, "Show what would be deleted, and change nothing");
    on(remove, [this, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, open());
        auto& store        = open_service->service().store();
        const auto& stream = arguments->stream;
        BOOST_OUTCOME_TRY(const auto length, store.stream_length(stream));
        if (length == 0) {
            return fail(Failure::invalid, "no-such-stream",
                        "asked to delete the stream " + printable(stream) +
                            " and found no event in it; `streams list` shows all");
        }
        if (arguments->for_good && not arguments->dry_run) {
            BOOST_OUTCOME_TRY(require_consent(arguments->yes, "end the stream " + printable(stream) + " for good"));
        }
        if (not arguments->dry_run) {
            BOOST_OUTCOME_TRY(arguments->for_good ? tombstone_stream(store, runtime().ids, stream)
                                                  : delete_stream(store, runtime().ids, stream));
        }
        BOOST_OUTCOME_TRY(const auto status, stream_status(store, stream));
        show(out, stream, status, length);
        if (arguments->dry_run) out.say("Nothing was changed; it would be deleted as it stands here.");
        return done();
    });
}

} // namespace eventloom
