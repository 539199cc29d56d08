#include "history_export.hpp"

#include "cloud_events.hpp"
#include "line_reader.hpp"

#include <leveldb/env.h>

namespace eventloom {

namespace {

constexpr Position events_between_progress = 256;
constexpr std::size_t piece_bytes          = 256u << 10;

// Turns what a store tells into lines.
class Lines {
public:
    // `position` is that of the event, or of the last one before.
    using TakeLine = std::function<result<void>(Position position, std::string line)>;

    Lines(const TakeLine& take, const ExchangeProgress& progress) : take_{take}, progress_{progress} {}

    result<void> run(const LevelDbStore& store, Position from)
    {
        BOOST_OUTCOME_TRY(
            store.visit_history(from, {.event   = [&](const RecordedEvent& event) { return tell(event); },
                                       .command = [&](const CommandRecord& command) { return tell(command); }}));
        return take_(report_.events, cloud_events::line_of(HistoryEnd{report_.events}) + "\n");
    }

    const ExportReport& report() const { return report_; }

private:
    result<void> tell(const RecordedEvent& event)
    {
        report_.events = event.position;
        if (progress_ && event.position % events_between_progress == 0) {
            BOOST_OUTCOME_TRY(progress_(event.position));
        }
        return take_(event.position, cloud_events::line_of(event) + "\n");
    }

    result<void> tell(const CommandRecord& command)
    {
        ++report_.commands;
        return take_(command.last_position, cloud_events::line_of(command) + "\n");
    }

    const TakeLine& take_;
    const ExchangeProgress& progress_;
    ExportReport report_;
};

Error not_written(const std::string& file, const leveldb::Status& status)
{
    return {Failure::storage, "file-not-written",
            "wrote the file " + file + " and found: " + status.ToString() +
                "; make room or check the rights, then export again: it goes on where it was"};
}

Error differs(const std::string& part)
{
    return {Failure::corrupt, "export-differs",
            "went on with the export in " + part +
                " and found that it is not the beginning of this store's; remove it and export again"};
}

// What an earlier export has left.
struct Left {
    std::string last_line; // with its end; empty: there is none
    std::string torn;      // what stands behind it
    Position position = 0; // of the last line
    bool is_whole     = false;
};

result<Left> what_is_left(const Runtime& runtime, const std::string& part)
{
    Left left;
    if (not runtime.files.FileExists(part)) return left;
    BOOST_OUTCOME_TRY(const auto lines, LineReader::open(runtime, part, cloud_events::line_bytes_max));
    for (;;) {
        BOOST_OUTCOME_TRY(const auto line, lines->next());
        if (not line) break;
        if (lines->is_whole())
            left.last_line.assign(*line) += '\n';
        else
            left.torn.assign(*line);
    }
    if (left.last_line.empty()) return left;
    const auto last = cloud_events::read_line(std::string_view{left.last_line}.substr(0, left.last_line.size() - 1));
    if (not last) return differs(part);
    if (const auto* event = std::get_if<RecordedEvent>(&last.value())) left.position = event->position;
    if (const auto* command = std::get_if<CommandRecord>(&last.value())) left.position = command->last_position;
    if (const auto* end = std::get_if<HistoryEnd>(&last.value())) {
        left.position = end->position;
        left.is_whole = left.torn.empty();
    }
    return left;
}

// Adds lines to what is left: each is the same every time, so one that was cut short is ended.
class PartFile {
public:
    PartFile(std::string name, Left left) : name_{std::move(name)}, left_{std::move(left)} {}

    result<void> open(const Runtime& runtime)
    {
        leveldb::WritableFile* opened = nullptr;
        const auto status             = runtime.files.NewAppendableFile(name_, &opened);
        if (not status.ok()) return not_written(name_, status);
        file_.reset(opened);
        return done();
    }

    result<void> add(Position position, std::string line)
    {
        if (not left_.last_line.empty()) {
            if (position > left_.position) return differs(name_);
            if (line == left_.last_line) left_.last_line.clear();
            return done();
        }
        if (not left_.torn.empty()) {
            if (not line.starts_with(left_.torn)) return differs(name_);
            line.erase(0, left_.torn.size());
            left_.torn.clear();
        }
        const auto status = file_->Append(line);
        if (status.ok()) return done();
        return not_written(name_, status);
    }

    result<void> close()
    {
        auto status = file_->Sync();
        if (status.ok()) status = file_->Close();
        file_.reset();
        if (status.ok()) return done();
        return not_written(name_, status);
    }

private:
    const std::string name_;
    Left left_;
    std::unique_ptr<leveldb::WritableFile> file_;
};

result<void> check_absent(const Runtime& runtime, const std::string& file)
{
    if (not runtime.files.FileExists(file)) return done();
    return fail(Failure::invalid, "file-exists",
                "asked to export into " + file + " and found it there; give a name that is not taken");
}

} // namespace

result<ExportReport> export_history(const Runtime& runtime, const LevelDbStore& store, const std::string& file,
                                    const ExchangeProgress& progress)
{
    BOOST_OUTCOME_TRY(check_absent(runtime, file));
    const auto part = file + ".part";
    BOOST_OUTCOME_TRY(auto left, what_is_left(runtime, part));
    ExportReport report{.events = left.position, .resumed_at = left.position};
    if (not left.is_whole) {
        const auto from = std::max<Position>(left.position, 1);
        PartFile out{part, std::move(left)};
        BOOST_OUTCOME_TRY(out.open(runtime));
        const Lines::TakeLine add = [&](Position at, std::string line) { return out.add(at, std::move(line)); };
        Lines lines{add, progress};
        BOOST_OUTCOME_TRY(lines.run(store, from));
        BOOST_OUTCOME_TRY(out.close());
        report.events   = lines.report().events;
        report.commands = lines.report().commands;
    }
    const auto status = runtime.files.RenameFile(part, file);
    if (not status.ok()) return not_written(file, status);
    return report;
}

result<ExportReport> export_history(const LevelDbStore& store, const TakeText& take, const ExchangeProgress& progress)
{
    std::string piece;
    const Lines::TakeLine add = [&](Position, const std::string& line) -> result<void> {
        piece += line;
        if (piece.size() < piece_bytes) return done();
        BOOST_OUTCOME_TRY(take(piece));
        piece.clear();
        return done();
    };
    Lines lines{add, progress};
    BOOST_OUTCOME_TRY(lines.run(store, 1));
    BOOST_OUTCOME_TRY(take(piece));
    return lines.report();
}

} // namespace eventloom
