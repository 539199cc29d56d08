#include "history_import.hpp"

#include "cloud_events.hpp"
#include "line_reader.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>

#include <leveldb/env.h>

#include <deque>

namespace eventloom {

namespace {

constexpr std::uint64_t lines_between_progress = 256;
// Of an append that no command asks for: well within the store's limits.
constexpr std::size_t events_together = 256;
constexpr std::size_t bytes_together  = 4u << 20;

// The time of what is imported.
class ToldClock final : public Clock {
public:
    Time now() const override { return now_; }
    void tell(Time now) { now_ = now; }

private:
    Time now_{};
};

Error bad_line(Error error, const std::string& file, std::uint64_t line)
{
    error.sentence = "read " + file + ", line " + std::to_string(line) + ", and " + error.sentence;
    return error;
}

Error out_of_order(const std::string& what)
{
    return {Failure::invalid, "line-out-of-order", "found " + what + "; give the file as it was exported"};
}

// Whoever is handed the lines of a file.
class LineTaker {
public:
    virtual ~LineTaker()                                               = default;
    virtual result<void> take(RecordedEvent event, std::uint64_t line) = 0;
    virtual result<void> take(const CommandRecord& command)            = 0;
    virtual result<void> finish()                                      = 0;
};

class Nobody final : public LineTaker {
public:
    result<void> take(RecordedEvent, std::uint64_t) override { return done(); }
    result<void> take(const CommandRecord&) override { return done(); }
    result<void> finish() override { return done(); }
};

// Reads the file, and sees that every line is whole and the next one.
class ImportedFile {
public:
    ImportedFile(std::string name, LineTaker& taker, const ImportProgress& progress)
        : name_{std::move(name)}, taker_{taker}, progress_{progress}
    {
    }

    result<ImportReport> read(const Runtime& runtime)
    {
        BOOST_OUTCOME_TRY(const auto lines, LineReader::open(runtime, name_, cloud_events::line_bytes_max));
        for (;;) {
            BOOST_OUTCOME_TRY(const auto text, lines->next());
            if (not text) break;
            if (auto taken = take_line(*text, lines->number()); not taken)
                return bad_line(std::move(taken.error()), name_, lines->number());
            if (progress_ && lines->number() % lines_between_progress == 0) {
                BOOST_OUTCOME_TRY(progress_(lines->bytes_read()));
            }
        }
        if (ended_) return report_;
        return fail(Failure::corrupt, "export-cut-short",
                    "read " + name_ + " and found that it ends after line " + std::to_string(lines->number()) +
                        " without the line that ends an export; export it again, or copy the whole file");
    }

private:
    result<void> take_line(std::string_view text, std::uint64_t number)
    {
        if (ended_) return out_of_order("something behind the line that ends the export");
        BOOST_OUTCOME_TRY(auto line, cloud_events::read_line(text));
        if (line.number != number) return out_of_order("what was line " + std::to_string(line.number));
        if (auto* event = std::get_if<RecordedEvent>(&line.content)) return take(std::move(*event), number);
        if (const auto* command = std::get_if<CommandRecord>(&line.content)) return take(*command);
        return take(std::get<HistoryEnd>(line.content));
    }

    result<void> take(RecordedEvent event, std::uint64_t line)
    {
        if (event.position != report_.events + 1) {
            return out_of_order("the event of position " + std::to_string(event.position) + " where " +
                                std::to_string(report_.events + 1) + " belongs");
        }
        if (event.recorded_at < recorded_at_) return out_of_order("an event that is older than the one before it");
        recorded_at_   = event.recorded_at;
        report_.events = event.position;
        return taker_.take(std::move(event), line);
    }

    result<void> take(const CommandRecord& command)
    {
        if (command.last_position != report_.events || command.count > command.last_position) {
            return out_of_order("a command of " + std::to_string(command.count) + " events up to position " +
                                std::to_string(command.last_position) + " behind position " +
                                std::to_string(report_.events));
        }
        ++report_.commands;
        return taker_.take(command);
    }

    result<void> take(const HistoryEnd& end)
    {
        if (end.position != report_.events) {
            return out_of_order("the end of " + std::to_string(end.position) + " events behind position " +
                                std::to_string(report_.events));
        }
        ended_ = true;
        return taker_.finish();
    }

    const std::string name_;
    LineTaker& taker_;
    const ImportProgress& progress_;
    ImportReport report_;
    Time recorded_at_ = Time::min();
    bool ended_       = false;
};

// Puts lines into a store, or compares them with what stands there.
class StoreTaker final : public LineTaker {
public:
    StoreTaker(LevelDbStore& store, ToldClock& clock, bool may_append)
        : store_{store}, clock_{clock}, may_append_{may_append}, found_{store.head()}, cursor_{store.read({})}
    {
    }

    Position found() const { return found_; }

    result<void> take(RecordedEvent event, std::uint64_t line) override
    {
        if (event.position <= found_) {
            BOOST_OUTCOME_TRY(const RecordedEvent* standing, cursor_->next());
            if (standing != nullptr && *standing == event) return done();
            return another_event(event.position);
        }
        if (not may_append_) return another_event(event.position);
        // A command may claim the events before it that were recorded together, up to as many as an append may have.
        if (not waiting_.empty() && waiting_.back().event.recorded_at != event.recorded_at) {
            BOOST_OUTCOME_TRY(append_waiting(waiting_.size()));
        }
        bytes_ += event.data.size();
        waiting_.push_back({std::move(event), line});
        if (waiting_.size() <= limits_.append_events && bytes_ <= limits_.append_bytes) return done();
        return append_waiting(1);
    }

    result<void> take(const CommandRecord& command) override
    {
        if (command.last_position <= found_) {
            BOOST_OUTCOME_TRY(const auto standing, store_.find_command(command.id));
            if (standing && *standing == command) return done();
            if (standing) return another_command(command);
            // Commands alone may be lost behind the last event of an import that was interrupted.
            if (command.count > 0 || command.last_position < store_.head()) return another_command(command);
        }
        if (not may_append_ || command.count > waiting_.size()) return another_command(command);
        BOOST_OUTCOME_TRY(append_waiting(waiting_.size() - command.count));
        return append(command.count, command);
    }

    result<void> finish() override
    {
        BOOST_OUTCOME_TRY(append_waiting(waiting_.size()));
        if (store_.head() >= found_ && not standing_behind()) return done();
        return another_event(store_.head());
    }

private:
    struct Waiting {
        RecordedEvent event;
        std::uint64_t line;
    };

    // The store has events that the file does not.
    bool standing_behind()
    {
        const auto next = cursor_->next();
        return not next || next.value() != nullptr;
    }

    static Error another_event(Position position)
    {
        return {Failure::corrupt, "import-differs",
                "found that the store does not hold this event at position " + std::to_string(position) +
                    "; import into a directory without a store"};
    }

    static Error another_command(const CommandRecord& command)
    {
        return {Failure::corrupt, "import-differs",
                "found that the store does not hold the command " + to_string(command.id) + " behind position " +
                    std::to_string(command.last_position) + "; import into a directory without a store"};
    }

    // The first `count` of those that wait: no command claims them.
    result<void> append_waiting(std::size_t count)
    {
        while (count > 0) {
            const auto together = together_in(count);
            BOOST_OUTCOME_TRY(append(together, std::nullopt));
            count -= together;
        }
        return done();
    }

    // How many of the first `count` make one append: each stream's events stand together.
    std::size_t together_in(std::size_t count) const
    {
        std::vector<std::string_view> streams;
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const std::string_view stream = waiting_[i].event.stream;
            bytes += waiting_[i].event.data.size();
            if (i > 0 && (i == events_together || bytes > bytes_together)) return i;
            if (not streams.empty() && streams.back() == stream) continue;
            if (std::find(streams.begin(), streams.end(), stream) != streams.end()) return i;
            streams.push_back(stream);
        }
        return count;
    }

    result<void> append(std::size_t count, const std::optional<CommandRecord>& command)
    {
        AppendRequest request{.command = command};
        std::vector<StreamAppended> places;
        const auto first_line = waiting_.empty() ? 0 : waiting_.front().line;
        const auto first      = store_.head() + 1;
        for (std::size_t i = 0; i < count; ++i) add(request, places, std::move(waiting_[i].event));
        if (count > 0) clock_.tell(recorded_at_);
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
        auto appended = store_.append(request);
        if (not appended) return refused(std::move(appended.error()), first_line);
        const Appended& answer = appended.value();
        const bool in_place    = count == 0 || answer.first_position == first;
        const bool as_told =
            std::equal(places.begin(), places.end(), answer.streams.begin(), answer.streams.end(),
                       [](const StreamAppended& told, const StreamAppended& found) {
                           return told.first_version == found.first_version && told.last_version == found.last_version;
                       });
        if (not answer.repeated && in_place && as_told && answer.command == command) return done();
        return fail(Failure::invalid, "import-refused",
                    "found that the events from line " + std::to_string(first_line) +
                        " on, or their command, would stand elsewhere than they say; give the file as it was exported");
    }

    void add(AppendRequest& request, std::vector<StreamAppended>& places, RecordedEvent event)
    {
        bytes_ -= event.data.size();
        recorded_at_ = event.recorded_at;
        if (request.streams.empty() || request.streams.back().stream != event.stream) {
            request.streams.push_back({event.stream, ExpectedVersion::after(event.version), {}});
            places.push_back({event.version, event.version});
        }
        places.back().last_version = event.version;
        request.streams.back().events.push_back({.id             = event.id,
                                                 .type           = std::move(event.type),
                                                 .schema_version = event.schema_version,
                                                 .data           = std::move(event.data),
                                                 .metadata       = std::move(event.metadata)});
    }

    static Error refused(Error error, std::uint64_t first_line)
    {
        if (error.kind != Failure::conflict && error.kind != Failure::invalid) return error;
        return {Failure::invalid, "import-refused",
                "found that the store does not take what begins in line " + std::to_string(first_line) + ": " +
                    error.sentence};
    }

    LevelDbStore& store_;
    ToldClock& clock_;
    const bool may_append_;
    const Position found_; // of events, when it was opened
    const std::unique_ptr<EventCursor> cursor_;
    const StoreLimits limits_;
    std::deque<Waiting> waiting_;
    std::size_t bytes_ = 0; // of their data
    Time recorded_at_{};
};

result<std::uint64_t> commands_in(const LevelDbStore& store)
{
    std::uint64_t commands = 0;
    BOOST_OUTCOME_TRY(store.visit_history(1, {.event   = [](const RecordedEvent&) { return done(); },
                                              .command = [&](const CommandRecord&) -> result<void> {
                                                  ++commands;
                                                  return done();
                                              }}));
    return commands;
}

// A command that the file has twice is in the store once, and one that the file has lost may be there.
result<void> check_commands(const LevelDbStore& store, const std::string& file, const ImportReport& report)
{
    BOOST_OUTCOME_TRY(const auto commands, commands_in(store));
    if (commands == report.commands) return done();
    return fail(Failure::corrupt, "import-differs",
                "read " + file + " up to its last line and found " + std::to_string(report.commands) +
                    " commands, where the store holds " + std::to_string(commands) +
                    "; give the file as it was exported, and a directory without a store");
}

result<ImportReport> import_into(const Runtime& runtime, const std::string& file, const std::string& directory,
                                 bool is_new, const ImportProgress& progress)
{
    ToldClock clock;
    const Runtime then{clock, runtime.executor, runtime.ids, runtime.files};
    // Nobody is told that anything was taken before all of it is durable.
    BOOST_OUTCOME_TRY(const auto store, LevelDbStore::open(then, {.directory         = directory,
                                                                  .durability        = Durability::buffered,
                                                                  .create_if_missing = is_new}));
    StoreTaker taker{*store, clock, is_new};
    ImportedFile lines{file, taker, progress};
    BOOST_OUTCOME_TRY(auto report, lines.read(runtime));
    BOOST_OUTCOME_TRY(check_commands(*store, file, report));
    report.found  = taker.found();
    report.is_new = is_new;
    if (not is_new) return report;
    BOOST_OUTCOME_TRY(const auto verified, store->verify());
    if (verified.findings_total == 0) return report;
    return fail(Failure::corrupt, "not-imported",
                "verified what was imported into " + directory + " and found: " + verified.findings.front().sentence +
                    "; check the disk and the memory of this machine");
}

} // namespace

result<ImportReport> import_history(const Runtime& runtime, const std::string& file, const std::string& data_directory,
                                    const ImportProgress& progress)
{
    const auto log = data_directory + "/log";
    BOOST_OUTCOME_TRY(const auto standing, list_directory(runtime, log));
    if (not standing.empty()) return import_into(runtime, file, log, false, progress);
    const auto importing = data_directory + "/importing";
    BOOST_OUTCOME_TRY(make_directory(runtime, data_directory));
    BOOST_OUTCOME_TRY(auto report, import_into(runtime, file, importing, true, progress));
    const auto status = runtime.files.RenameFile(importing, log);
    if (status.ok()) return report;
    return fail(Failure::storage, "not-imported",
                "gave what was imported its place " + log + " and found: " + status.ToString() +
                    "; import again: it goes on where it was");
}

result<ImportReport> check_import(const Runtime& runtime, const std::string& file, const ImportProgress& progress)
{
    Nobody nobody;
    return ImportedFile{file, nobody, progress}.read(runtime);
}

} // namespace eventloom
