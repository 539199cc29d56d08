#include "exchange/history_import.hpp"

#include "exchange/cloud_events.hpp"
#include "exchange/history_writer.hpp"
#include "exchange/line_reader.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::uint64_t lines_between_reports = 256;

Error bad_line(Error error, const std::string& file, std::uint64_t line)
{
    error.sentence = fmt::format("read {}, line {}, and {}", file, line, error.sentence);
    return error;
}

Error out_of_order(const std::string& what)
{
    return {Failure::invalid, "line-out-of-order", "found " + what + "; give the unchanged file of the export"};
}

// Checks a file without keeping its content.
class DiscardedHistory final : public HistoryTaker {
public:
    result<void> take(RecordedEvent, std::uint64_t) override { return done(); }
    result<void> take(const CommandRecord&) override { return done(); }
    result<void> finish() override { return done(); }
};

// Reads the file, and sees that every line is whole and the next one.
class ImportedFile {
public:
    ImportedFile(std::string name, HistoryTaker& taker, const ImportProgress& progress, std::optional<Time> latest = {})
        : name_{std::move(name)}, taker_{taker}, progress_{progress}, latest_{latest}
    {
    }

    result<ImportReport> read(LineReader& lines)
    {
        for (;;) {
            BOOST_OUTCOME_TRY(const auto text, lines.next());
            if (not text) break;
            if (auto taken = take_line(*text, lines.number()); not taken)
                return bad_line(std::move(taken.error()), name_, lines.number());
            if (progress_ && lines.number() % lines_between_reports == 0) {
                BOOST_OUTCOME_TRY(progress_(lines.bytes_read()));
            }
        }
        if (ended_) return report_;
        return fail(Failure::corrupt, "export-cut-short",
                    fmt::format("read {} and found that it ends after line {} without the line that ends an export; "
                                "export it again, or copy the whole file",
                                name_, lines.number()));
    }

private:
    result<void> take_line(std::string_view text, std::uint64_t number)
    {
        if (ended_) return out_of_order("something after the line that ends the export");
        BOOST_OUTCOME_TRY(auto line, cloud_events::read_line(text));
        if (line.number != number) return out_of_order("what was line " + std::to_string(line.number));
        if (auto* event = std::get_if<RecordedEvent>(&line.content)) return take(std::move(*event), number);
        if (const auto* command = std::get_if<CommandRecord>(&line.content)) return take(*command);
        return take(std::get<HistoryEnd>(line.content));
    }

    result<void> take(RecordedEvent event, std::uint64_t line)
    {
        if (event.position != report_.events + 1) {
            return out_of_order(
                fmt::format("the event of position {} where {} belongs", event.position, report_.events + 1));
        }
        if (event.recorded_at < Time{}) return out_of_order("an event of before 1970");
        if (event.recorded_at < recorded_at_) return out_of_order("an event that is older than the one before it");
        recorded_at_ = event.recorded_at;
        if (latest_) event.recorded_at = std::min(event.recorded_at, *latest_);
        report_.events = event.position;
        return taker_.take(std::move(event), line);
    }

    result<void> take(const CommandRecord& command)
    {
        if (command.last_position != report_.events || command.count > command.last_position) {
            return out_of_order(fmt::format("a command of {} events up to position {} after position {}", command.count,
                                            command.last_position, report_.events));
        }
        ++report_.commands;
        return taker_.take(command);
    }

    result<void> take(const HistoryEnd& end)
    {
        if (end.position != report_.events) {
            return out_of_order(fmt::format("the end of {} events after position {}", end.position, report_.events));
        }
        ended_ = true;
        return taker_.finish();
    }

    const std::string name_;
    HistoryTaker& taker_;
    const ImportProgress& progress_;
    const std::optional<Time> latest_;
    ImportReport report_;
    Time recorded_at_{};
    bool ended_ = false;
};

struct Source {
    const std::string& file;
    LineReader& lines;
    const ImportProgress& progress;
    std::optional<Time> latest;
};

result<ImportReport> import_into(const ImportTarget& target, ToldClock& clock, const Source& source,
                                 const std::string& directory)
{
    const Engine& log    = target.engine;
    const Position found = log.store->head();
    HistoryWriter writer{log, clock, target.is_new};
    BOOST_OUTCOME_TRY(auto report,
                      ImportedFile(source.file, writer, source.progress, source.latest).read(source.lines));
    report.found  = found;
    report.is_new = target.is_new;
    if (not target.is_new) return report;
    BOOST_OUTCOME_TRY(log.upkeep->sync());
    BOOST_OUTCOME_TRY(const auto verified, log.upkeep->verify());
    if (verified.findings_total == 0) return report;
    return fail(Failure::corrupt, "not-imported",
                "verified what was imported into " + directory + " and found: " + verified.findings.front().sentence +
                    "; check the disk and the memory of this machine");
}

} // namespace

result<ImportReport> import_history(const Runtime& runtime, EngineKind& engine, const std::string& file,
                                    const std::string& data_directory, const ImportProgress& progress,
                                    std::optional<Time> latest)
{
    // Before anything is made for it. Once: it may be a pipe.
    BOOST_OUTCOME_TRY(const auto lines, LineReader::open(runtime, file, cloud_events::line_bytes_max));
    ToldClock clock;
    const Runtime then{clock, runtime.executor, runtime.ids, runtime.files};
    BOOST_OUTCOME_TRY(auto target, engine.open_import(then, data_directory));
    BOOST_OUTCOME_TRY(auto report, import_into(target, clock, {file, *lines, progress, latest}, data_directory));
    target.engine = {}; // what is open cannot take its place
    BOOST_OUTCOME_TRY(target.publish());
    return report;
}

result<ImportReport> check_import(const Runtime& runtime, const std::string& file, const ImportProgress& progress)
{
    DiscardedHistory discarded;
    BOOST_OUTCOME_TRY(const auto lines, LineReader::open(runtime, file, cloud_events::line_bytes_max));
    return ImportedFile{file, discarded, progress}.read(*lines);
}

} // namespace eventloom
