// Does the store hold ten million events in a million streams: how fast, in how much memory, and how soon is it open?
#include "benches.hpp"
#include "support/phases.hpp"

#include "support/measuring/append_rate_plot.hpp"
#include "support/measuring/page_cache.hpp"

#include <eventloom/service/output.hpp>

#include <fmt/core.h>

#include <numeric>

namespace bench {

namespace {

Row one(std::string name, std::string unit, double value, std::optional<Target> target = std::nullopt)
{
    return {.name = std::move(name), .unit = std::move(unit), .target = target, .figures = {once("Eventloom", value)}};
}

Row memory_row(const std::string& phase, const PhaseReport& report)
{
    return one("many events: peak memory, " + phase, "MiB", report.at("peak_mib"), Target::at_most(512));
}

// How fast each tenth of the events was written.
std::vector<double> tenths_of(const std::vector<double>& seconds_of_hundredths, double events)
{
    std::vector<double> rates;
    for (auto at = seconds_of_hundredths.begin(); at != seconds_of_hundredths.end(); at += 10) {
        rates.push_back(events / 10 / std::accumulate(at, at + 10, 0.0));
    }
    return rates;
}

std::vector<Row> writing(const std::string& directory, std::uint64_t events)
{
    say(fmt::format("ten million: writing {} events", events));
    const auto report  = run_phase("write", directory, events);
    const auto seconds = report.list("seconds_of_hundredths");
    const auto number  = static_cast<double>(events);
    const auto rates   = tenths_of(seconds, number);
    plot_append_rate(seconds, number, "build/append-rate.svg");
    const auto payload = report.at("payload_bytes");
    return {
        {.name    = "many events: append, 1,024 in flight",
         .unit    = "events/s",
         .figures = {{"Eventloom", spread_of(rates)}},
         .note = "in a tenth as many streams, one event each in turn; median, least and most of the tenths of the run"},
        one("many events: append rate, last tenth over first", "ratio", rates.back() / rates.front(),
            Target::at_least(0.8)),
        one("many events: bytes on disk an event of 320 bytes", "bytes",
            static_cast<double>(bytes_in(directory)) / number),
        one("many events: write amplification", "ratio", report.at("written_bytes") / payload),
        memory_row("writing", report)};
}

std::vector<Row> opening_and_reading(const std::string& directory, std::uint64_t events)
{
    drop_page_cache(directory);
    say("ten million: opening after a clean stop");
    const auto opened = run_phase("open", directory, events);
    say("ten million: reading");
    const auto read = run_phase("read", directory, events);
    return {one("many events: open after a clean stop", "s", opened.at("seconds"), Target::at_most(1)),
            one("many events: read the whole log", "events/s", static_cast<double>(events) / read.at("seconds")),
            memory_row("reading", read)};
}

std::vector<Row> killing(const std::string& directory, std::uint64_t events)
{
    say("ten million: kill -9");
    const auto acknowledged = kill_writer(directory, events);
    drop_page_cache(directory);
    const auto opened = run_phase("open", directory, 0);
    require(opened.at("head") >= static_cast<double>(acknowledged), "nothing acknowledged is lost by kill -9");
    return {one("many events: open after kill -9", "s", opened.at("seconds"), Target::at_most(3)),
            memory_row("opening after kill -9", opened)};
}

std::vector<Row> verifying(const std::string& directory)
{
    // Each finds nothing in the page cache, as whoever verifies a large store does.
    drop_page_cache(directory);
    say("ten million: verify");
    const auto verified = run_phase("verify", directory, 0);
    drop_page_cache(directory);
    say("ten million: raw scan");
    const auto scanned = run_phase("scan", directory, 0);
    const auto events  = verified.at("events");
    return {{.name    = "many events: store verify",
             .unit    = "events/s",
             .target  = Target::times_the_better(0.5),
             .figures = {once("Eventloom", events / verified.at("seconds")),
                         once("raw scan of the same LevelDB", events / scanned.at("seconds"))}},
            memory_row("verify", verified)};
}

} // namespace

std::vector<Row> measure_ten_million(const Scale& scale)
{
    const auto directory = fresh_directory("ten-million");
    const auto events    = scale.of(10'000'000, 100'000) / 100'000 * 100'000; // a whole number of passes and hundredths
    auto rows            = writing(directory, events);
    for (auto part : {opening_and_reading(directory, events), killing(directory, events), verifying(directory)}) {
        rows.insert(rows.end(), part.begin(), part.end());
    }
    for (Row& row : rows)
        row.name.replace(0, std::string{"many"}.size(), eventloom::with_separators(static_cast<std::int64_t>(events)));
    remove_directory(directory);
    return rows;
}

} // namespace bench
