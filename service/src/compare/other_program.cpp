#include "compare/other_program.hpp"

#include "compare/event_frames.hpp"
#include "json/limited_json.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace eventloom {

namespace {

constexpr std::size_t sent_at_once     = 256u << 10;
constexpr Position progress_every      = 4'096;
constexpr std::size_t answer_depth_max = 10;
constexpr std::size_t errors_shown_max = 200;
constexpr int exit_code_wrong_usage    = static_cast<int>(ExitCode::wrong_usage);

struct SaidError {
    std::string code;
    std::string sentence;
};

// {"error": {"kind", "code", "sentence"}}, as every command of a service says it with --json.
std::optional<SaidError> said_error(const std::string& errors)
{
    const auto begin = errors.find('{');
    if (begin == std::string::npos) return std::nullopt;
    const auto json = parse_limited_json(errors.substr(begin), answer_depth_max);
    if (not json || not json.value()["error"].is_object()) return std::nullopt;
    const auto& error = json.value()["error"];
    if (not error.contains("code") || not error["code"].is_text()) return std::nullopt;
    if (not error.contains("sentence") || not error["sentence"].is_text()) return std::nullopt;
    return SaidError{error["code"].text(), error["sentence"].text()};
}

} // namespace

OtherProgram::OtherProgram(std::string path, std::string projection, std::unique_ptr<ScratchDirectory> scratch,
                           std::unique_ptr<ChildProgram> child, const Console& console)
    : path_{std::move(path)}, projection_{std::move(projection)}, console_{console}, scratch_{std::move(scratch)},
      child_{std::move(child)}, told_{*child_, console}
{
}

result<std::unique_ptr<OtherProgram>> OtherProgram::start(const std::string& path, const std::string& projection,
                                                          const Console& console)
{
    BOOST_OUTCOME_TRY(auto scratch, ScratchDirectory::make({}));
    BOOST_OUTCOME_TRY(auto child, ChildProgram::start(path, {"projections", "fold", projection, "--json", "--scratch",
                                                             scratch->path()}));
    std::unique_ptr<OtherProgram> other{
        new OtherProgram{path, projection, std::move(scratch), std::move(child), console}};
    auto line = other->child_->line(console);
    if (not line) return other->why(std::move(line.error()));
    if (not line.value()) return other->why({Failure::corrupt, "rows-cut-short", "that it says nothing"});
    auto head = ToldRows::head(*line.value());
    if (not head) return other->why(std::move(head.error()));
    other->head_ = std::move(head.value());
    return other;
}

result<void> OtherProgram::send_events(const EventStore& store, const RowsAsJson& rows, const LogProgress& progress)
{
    BOOST_OUTCOME_TRY(const Position last, rows.position());
    BOOST_OUTCOME_TRY(const auto left_out, rows.left_out());
    std::string bytes{event_frames::beginning()};
    std::uint64_t events = 0;
    const auto cursor    = store.read({.scope = Scope::everything()});
    const auto send      = [&]() -> result<bool> {
        BOOST_OUTCOME_TRY(const bool taken, child_->send(bytes, console_));
        bytes.clear();
        return taken;
    };
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr || event->position > last) break;
        if (event->position % progress_every == 0) {
            BOOST_OUTCOME_TRY(progress(event->position, last));
        }
        if (not head_.types.contains(event->type)) continue;
        if (std::binary_search(left_out.begin(), left_out.end(), event->position)) continue;
        event_frames::append(bytes, *event);
        ++events;
        if (bytes.size() < sent_at_once) continue;
        BOOST_OUTCOME_TRY(const bool taken, send());
        if (not taken) return done(); // its rows will tell why
    }
    event_frames::append_end(bytes, events);
    BOOST_OUTCOME_TRY(send());
    child_->end_input();
    return done();
}

Error OtherProgram::why(Error error)
{
    if (error.code == "not-a-service" || error.code == "not-rows") return error_of(error.code, error.sentence);
    if (error.code == "line-too-long") return error_of("not-rows", "a line without an end");
    if (error.code != "rows-cut-short") return error; // the command was stopped, or our own rows cannot be read
    auto failed = how_it_failed();
    return failed ? std::move(*failed) : error_of(error.code, error.sentence);
}

// Nothing when it ended well.
std::optional<Error> OtherProgram::how_it_failed()
{
    const auto& ended = child_->wait();
    if (not ended.exit_code) {
        return error_of("other-program-killed",
                        fmt::format("that it was ended by signal {} ({})", ended.signal, ::strsignal(ended.signal)));
    }
    if (*ended.exit_code == 0) return std::nullopt;
    const auto said = said_error(ended.errors);
    if (said && said->code == "no-such-projection") {
        return error_of("lacks-the-projection", "that it does not have it: " + printable(said->sentence));
    }
    if (said && *ended.exit_code == exit_code_wrong_usage) {
        return error_of("cannot-fold", "that it has no `projections fold`: it was built with an older Eventloom");
    }
    if (said) return error_of("other-program-failed", printable(said->sentence));
    return error_of("not-a-service", fmt::format("that it ended with exit code {} and said \"{}\"", *ended.exit_code,
                                                 printable(ended.errors.substr(0, errors_shown_max))));
}

Error OtherProgram::error_of(std::string code, const std::string& found) const
{
    return {Failure::invalid, std::move(code),
            "asked the program " + path_ + " to fold " + projection_ + " with its code and found " + found};
}

} // namespace eventloom
