#include "exchange/history_export.hpp"

#include "exchange/cloud_events.hpp"
#include "exchange/line_reader.hpp"

#include <eventloom/storage/plain_files.hpp>

namespace eventloom {

namespace {

constexpr std::uint64_t lines_between_progress = 256;
constexpr std::size_t piece_bytes              = 256u << 10;

Error not_written(const std::string& file, const Error& found)
{
    return {Failure::storage, "file-not-written",
            "wrote the file " + file + " and found: " + found.sentence +
                "; free space or check the rights, then export again: it continues where it stopped"};
}

Error differs(const std::string& part)
{
    return {Failure::corrupt, "export-differs",
            "continued the export in " + part +
                " and found that it is not an export of this store; remove it and export again"};
}

// What an earlier export has left.
struct Left {
    std::string part;         // the file
    std::string last_line;    // without its end
    std::uint64_t number = 0; // of that line; 0: no line
    Position position    = 0; // that it speaks of
    bool has_end         = false;
    std::string torn;        // what follows it
    std::uint64_t bytes = 0; // all in all
};

result<void> look_at_last_line(Left& left)
{
    const auto last = cloud_events::read_line(left.last_line);
    if (not last || last.value().number != left.number) return differs(left.part);
    const auto& content = last.value().content;
    if (const auto* event = std::get_if<RecordedEvent>(&content)) left.position = event->position;
    if (const auto* command = std::get_if<CommandRecord>(&content)) left.position = command->last_position;
    if (const auto* end = std::get_if<HistoryEnd>(&content)) left.position = end->position;
    left.has_end = std::holds_alternative<HistoryEnd>(content);
    return done();
}

result<Left> what_is_left(const Runtime& runtime, const std::string& part)
{
    Left left;
    left.part = part;
    if (not file_exists(runtime, part)) return left;
    BOOST_OUTCOME_TRY(const auto lines, LineReader::open(runtime, part, cloud_events::line_bytes_max));
    for (;;) {
        BOOST_OUTCOME_TRY(const auto line, lines->next());
        if (not line) break;
        left.bytes = lines->bytes_read();
        if (not lines->is_whole()) {
            left.torn.assign(*line);
            break;
        }
        // Where the power went, there may be holes.
        if (not cloud_events::is_line(*line, lines->number())) return differs(part);
        left.last_line.assign(*line);
        left.number = lines->number();
    }
    if (left.number > 0) {
        BOOST_OUTCOME_TRY(look_at_last_line(left));
    }
    return left;
}

// What has its end already holds less than the store does by now, perhaps, and cannot be gone on with.
result<Left> what_can_be_gone_on_with(const Runtime& runtime, const std::string& part)
{
    BOOST_OUTCOME_TRY(auto left, what_is_left(runtime, part));
    if (not left.has_end) return left;
    if (const auto deleted = delete_file(runtime, part); not deleted) return not_written(part, deleted.error());
    Left nothing;
    nothing.part = part;
    return nothing;
}

// Turns what a store tells into lines, from after what is left on.
class Lines {
public:
    using TakeLine = std::function<result<void>(std::string line)>;

    Lines(const Left& left, const TakeLine& take, const ExchangeProgress& progress)
        : left_{left}, take_{take}, progress_{progress}, number_{left.number}, found_{left.number == 0}
    {
        report_.events     = left.position;
        report_.resumed_at = left.position;
    }

    // All but the last.
    result<void> run(const EventHistory& history)
    {
        BOOST_OUTCOME_TRY(history.visit_history(
            std::max<Position>(left_.position, 1),
            {.event   = [&](const RecordedEvent& event) { return tell(event, event.position); },
             .command = [&](const CommandRecord& command) { return tell(command, command.last_position); }}));
        if (found_) return done();
        return differs(left_.part);
    }

    result<void> end() { return tell(HistoryEnd{report_.events}, report_.events); }

    const ExportReport& report() const { return report_; }

private:
    template <class Content>
    result<void> tell(const Content& content, Position position)
    {
        if (not found_) return look_for(content, position);
        report_.events = position;
        if (progress_ && ++told_ % lines_between_progress == 0) {
            BOOST_OUTCOME_TRY(progress_(position));
        }
        return take_(cloud_events::line_of(content, ++number_) + "\n");
    }

    // The last complete line must be one of the lines of its position.
    template <class Content>
    result<void> look_for(const Content& content, Position position)
    {
        found_ = cloud_events::line_of(content, number_) == left_.last_line;
        if (found_ || position <= left_.position) return done();
        return differs(left_.part);
    }

    const Left& left_;
    const TakeLine& take_;
    const ExchangeProgress& progress_;
    std::uint64_t number_;
    bool found_;
    std::uint64_t told_ = 0;
    ExportReport report_;
};

// Adds lines to what is left: each is the same every time, so one that was cut short is ended.
class PartFile {
public:
    explicit PartFile(const Left& left) : name_{left.part}, torn_{left.torn}, bytes_{left.bytes} {}

    result<void> open(const Runtime& runtime)
    {
        auto opened = AppendedFile::open(runtime, name_);
        if (not opened) return not_written(name_, opened.error());
        file_ = std::move(opened.value());
        return done();
    }

    result<void> add(std::string line)
    {
        if (not line.starts_with(torn_)) return differs(name_);
        line.erase(0, torn_.size());
        torn_.clear();
        bytes_ += line.size();
        const auto added = file_->append(line);
        if (added) return done();
        return not_written(name_, added.error());
    }

    result<void> sync()
    {
        const auto synced = file_->sync();
        if (synced) return done();
        return not_written(name_, synced.error());
    }

    result<void> close(const Runtime& runtime)
    {
        const auto closed = file_->close();
        file_.reset();
        if (not closed) return not_written(name_, closed.error());
        const auto bytes = file_size(runtime, name_);
        if (not bytes) return not_written(name_, bytes.error());
        if (bytes.value() == bytes_) return done();
        return fail(Failure::corrupt, "export-differs",
                    "wrote the export in " + name_ +
                        " and found that another program has written to it; remove it and export again");
    }

private:
    const std::string name_;
    std::string torn_;    // the beginning of a line at the end of the file
    std::uint64_t bytes_; // of the file, if no other program writes to it
    std::unique_ptr<AppendedFile> file_;
};

} // namespace

result<void> check_export(const Runtime& runtime, const std::string& file)
{
    if (file_exists(runtime, file)) {
        return fail(Failure::invalid, "file-exists",
                    "asked to export into " + file + " and found that it exists; give another name");
    }
    const auto name_at   = file.rfind('/');
    const auto directory = name_at == std::string::npos ? "." : name_at == 0 ? "/" : file.substr(0, name_at);
    if (file_exists(runtime, directory)) return done();
    return fail(Failure::invalid, "no-such-directory",
                "asked to export into " + file + " and found no directory " + directory + "; make it first");
}

result<ExportReport> export_history(const Runtime& runtime, const EventHistory& history, const std::string& file,
                                    const ExchangeProgress& progress)
{
    BOOST_OUTCOME_TRY(check_export(runtime, file));
    BOOST_OUTCOME_TRY(const auto left, what_can_be_gone_on_with(runtime, file + ".part"));
    PartFile out{left};
    const Lines::TakeLine add = [&](std::string line) { return out.add(std::move(line)); };
    Lines lines{left, add, progress};
    BOOST_OUTCOME_TRY(out.open(runtime));
    BOOST_OUTCOME_TRY(lines.run(history));
    // Syncing takes long. Its last line comes after it: what is killed meanwhile can be gone on with.
    BOOST_OUTCOME_TRY(out.sync());
    BOOST_OUTCOME_TRY(lines.end());
    BOOST_OUTCOME_TRY(out.close(runtime));
    if (const auto named = rename_file(runtime, left.part, file); not named) return not_written(file, named.error());
    return lines.report();
}

result<ExportReport> export_history(const EventHistory& history, const TakeText& take, const ExchangeProgress& progress)
{
    std::string piece;
    const Left nothing;
    const Lines::TakeLine add = [&](const std::string& line) -> result<void> {
        piece += line;
        if (piece.size() < piece_bytes) return done();
        BOOST_OUTCOME_TRY(take(piece));
        piece.clear();
        return done();
    };
    Lines lines{nothing, add, progress};
    BOOST_OUTCOME_TRY(lines.run(history));
    BOOST_OUTCOME_TRY(lines.end());
    BOOST_OUTCOME_TRY(take(piece));
    return lines.report();
}

} // namespace eventloom
