#include "commands/watching.hpp"

#include <fmt/core.h>

#include <optional>

namespace eventloom {

namespace {

constexpr Duration between_refreshes = std::chrono::seconds{1};

// Keeps what a command writes, so that it can be compared.
class KeptText final : public Console {
public:
    explicit KeptText(Console& console) : console_{console} {}

    void out(std::string_view text) override { said += text; }
    void err(std::string_view text) override { console_.err(text); }
    const ConsoleShape& shape() const override { return console_.shape(); }
    result<void> go_on() const override { return console_.go_on(); }
    result<void> wait(Duration span) const override { return console_.wait(span); }

    std::string said;

private:
    Console& console_;
};

std::vector<std::string> lines_of(std::string_view text)
{
    std::vector<std::string> lines;
    while (not text.empty()) {
        const auto end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

result<void> watch_shown(Output& out, const std::function<result<void>(Output&)>& show)
{
    const bool is_drawn = out.console().shape().out_is_terminal && not out.json();
    Redrawn screen{out.console()};
    std::optional<std::string> before;
    return watch_until_stopped(out, [&]() -> result<void> {
        KeptText kept{out.console()};
        Output look{kept, {.json = not is_drawn}};
        BOOST_OUTCOME_TRY(show(look));
        if (before == kept.said) return done();
        if (is_drawn) {
            screen.draw(lines_of(kept.said));
        } else {
            const auto document = Json::parse(kept.said);
            out.console().out((document ? document->dump() : kept.said) + "\n");
        }
        before = std::move(kept.said);
        return done();
    });
}

} // namespace

void add_watched(CommandLine& line, Command command, std::function<result<void>(Output&)> show)
{
    const auto is_watched = std::make_shared<bool>(false);
    command.add_flag(
        "--watch", *is_watched,
        "Update until Ctrl-C; in a pipe and with --json, a document a line whenever something has changed");
    line.on(
        command,
        [&line, is_watched, show = std::move(show)](Output& out) -> result<void> {
            if (not *is_watched) return show(out);
            BOOST_OUTCOME_TRY(check_may_watch(line));
            return watch_shown(out, show);
        },
        DirectoryUse::reading);
}

result<void> watch_until_stopped(Output& out, const std::function<result<void>()>& look)
{
    for (;;) {
        BOOST_OUTCOME_TRY(look());
        auto waited = out.console().wait(between_refreshes);
        if (waited) continue;
        if (out.console().shape().out_is_terminal) out.say(""); // after the ^C
        return waited.error().code == "interrupted" ? result<void>{done()} : std::move(waited);
    }
}

result<void> check_may_watch(const CommandLine& line)
{
    if (line.is_running_service()) return done();
    return fail(Failure::unavailable, "no-service-to-watch",
                "asked to watch what is in " + line.data_directory() +
                    " and found that no service runs there; nothing changes until one does");
}

void Redrawn::draw(const std::vector<std::string>& lines)
{
    std::string text = lines_drawn_ > 0 ? fmt::format("\033[{}A", lines_drawn_) : "";
    for (const auto& line : lines) {
        text += "\r" + std::string{cut_to_width(line, console_.shape().width - 1)} + "\033[K\n";
    }
    console_.out(text + "\033[J");
    lines_drawn_ = lines.size();
}

} // namespace eventloom
