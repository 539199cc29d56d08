// Reads what was typed, with the settings from elsewhere, and says what is wrong with it.
#include "command_line_state.hpp"
#include "command_tree.hpp"

#include "host/tenants.hpp"
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/utf8.hpp>

#include <CLI/Option.hpp>

#include <algorithm>
#include <array>
#include <regex>
#include <sstream>

namespace eventloom {

namespace {

constexpr std::size_t echoed_characters = 200; // of a word that was typed

std::vector<std::string> option_names(const CLI::App& app)
{
    std::vector<std::string> names;
    for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
        for (const CLI::Option* option : at->get_options()) {
            for (const auto& name : option->get_lnames()) names.push_back("--" + name);
        }
    }
    return names;
}

// Sentences of CLI11, by the kind of their error, and how they read here.
struct Wording {
    std::string_view error;
    const char* of_library;
    const char* plain;
};
constexpr std::array wordings{
    Wording{"ArgumentMismatch", R"(([^ ]*): At Most 1 required but received (\d+))",
            "$1 was given $2 values and takes one; give it once"},
    Wording{"ArgumentMismatch", R"(([^ ]*): At Most (\d+) required but received (\d+))",
            "$1 was given $3 values and takes at most $2"},
    Wording{"ArgumentMismatch", R"(([^ ]*): At least (\d+) required but received (\d+))",
            "$1 was given too few values: $3, but it takes at least $2"},
    Wording{"ArgumentMismatch", R"(([^ ]*): \d+ required [^]* missing)", "$1 was given no value; give one after it"},
    Wording{"ArgumentMismatch", R"(([^ ]*) was given a disallowed flag override)", "$1 takes no value"},
    Wording{"ConversionError", R"(Could not convert: ([^ ]*) = ([^]*))",
            "$1 was given \"$2\", which is not a value that it takes"},
    Wording{"ConversionError", R"(([^ ]*): Should be true/false or a number)", "$1 takes no value but true or false"},
    Wording{"RequiresError", R"(([^ ]*) requires ([^ ]*))", "$1 was given without $2, which it needs"},
    Wording{"ExcludesError", R"(([^ ]*) excludes ([^ ]*))", "$1 and $2 were given; give one of them"},
};

std::string in_plain_words(const CLI::ParseError& error)
{
    const std::string said = error.what();
    for (const Wording& wording : wordings) {
        std::smatch parts;
        if (error.get_name() != wording.error || not std::regex_match(said, parts, std::regex{wording.of_library})) {
            continue;
        }
        return parts.format(wording.plain);
    }
    return said;
}

Error wrong_usage(const CLI::App& app, const std::vector<std::string>& words, const CLI::ParseError& error)
{
    const auto& program     = app.get_name();
    const auto left         = app.remaining(true);
    const std::string found = left.empty() ? "" : left.front();
    // The command that was understood before it.
    const CLI::App* at = &app;
    for (const auto& word : words) {
        if (not left.empty() && word == found) break;
        if (const auto* below = command_below(*at, word); below != nullptr) at = below;
    }
    const auto help = "; `" + program + " help" + call_of(*at).substr(program.size()) + "` shows ";
    if (found.starts_with('-')) {
        const auto meant = nearest(found, option_names(*at));
        return {Failure::invalid, "wrong-usage",
                "asked for the option " + found + " and found none of this name for `" + call_of(*at) + "`" +
                    (meant.empty() ? "" : "; did you mean " + meant + "?") + help + "all"};
    }
    const auto commands = commands_of(*at);
    if (not left.empty() && not commands.empty()) return no_such_command(*at, found);
    if (not left.empty()) {
        return {Failure::invalid, "wrong-usage",
                "asked for `" + call_of(*at) + "` and found " + in_quotes(found) + ", a word too many" + help +
                    "how it is typed"};
    }
    if (commands.empty() || dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) {
        return {Failure::invalid, "wrong-usage", in_plain_words(error) + help + "how it is typed"};
    }
    std::string names;
    for (const auto* command : commands) names += (names.empty() ? "" : ", ") + command->get_name();
    return {Failure::invalid, "wrong-usage",
            "asked for `" + call_of(*at) + "` and found no command after it: " + names + help + "the commands"};
}

} // namespace

void CommandLine::State::tell(Error error) const
{
    for (const auto& word : words) {
        const auto typed = word.starts_with("--") ? word.substr(word.find('=') + 1) : word;
        for (const auto& form : {typed, printable(typed)}) {
            const std::string shown{cut_to_width(form, echoed_characters)};
            if (shown.size() == form.size()) continue;
            for (auto at = error.sentence.find(form); at != std::string::npos; at = error.sentence.find(form, at)) {
                error.sentence.replace(at, form.size(), shown + "…");
                at += shown.size();
            }
        }
    }
    report(place.console, error, json);
}

std::optional<int> CommandLine::read(std::vector<std::string> words)
{
    State& state = *state_;
    state.words  = words;
    if (not is_running_service()) { // it has its own, and the one who asks has sent his
        auto settings = find_settings(*state.app, words);
        if (not settings) {
            state.tell(settings.error());
            return static_cast<int>(ExitCode::wrong_usage);
        }
        state.settings = std::move(settings.value());
        words          = state.settings.typed_into(std::move(words));
    }
    std::reverse(words.begin(), words.end()); // CLI11 takes them from the end
    try {
        state.app->parse(std::move(words));
        if (state.chosen_use != DirectoryUse::none) {
            for (const Error& unknown : state.settings.unknown) state.warn(unknown);
        }
        if (state.tenant.empty()) return std::nullopt;
        const auto directory = tenant_directory(root_directory(), state.tenant);
        if (directory) return std::nullopt;
        state.tell(directory.error());
        return static_cast<int>(ExitCode::wrong_usage);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) { // asked for help
            std::ostringstream help;
            state.app->exit(error, help, help);
            state.place.console.out(help.str());
            return static_cast<int>(ExitCode::done);
        }
        auto wrong     = wrong_usage(*state.app, state.words, error);
        wrong.sentence = state.settings.explained(wrong.sentence);
        state.tell(std::move(wrong));
        return static_cast<int>(ExitCode::wrong_usage);
    } catch (...) { // what a program's own checks of arguments throw
        report(state.place.console, exception_in_user_code("the checks of the arguments of", state.program.name),
               state.json);
        return static_cast<int>(ExitCode::failed);
    }
}

std::vector<std::string> CommandLine::words_for_service() const
{
    std::vector<const CLI::Option*> of_opening; // the service was started with its own
    for (const Option& option : state_->opening_options) of_opening.push_back(&option.of_library());
    return state_->settings.typed_into(state_->words, of_opening);
}

} // namespace eventloom
