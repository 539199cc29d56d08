#include "settings.hpp"

#include "command_tree.hpp"
#include "settings_file.hpp"

#include <eventloom/framework/utf8.hpp>

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr auto config_option = "config";

std::string in_environment(std::string name)
{
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
        return c == '-' || c == '.' || c == ' ' ? '_' : c;
    });
    return name;
}

// The options of one command that settings can give, with those of its nameless groups: not help, and no words that are
// identified by their place.
std::vector<const CLI::Option*> options_of(const CLI::App& app)
{
    std::vector<const CLI::Option*> options;
    for (const CLI::Option* option : app.get_options()) {
        const bool is_help = option == app.get_help_ptr() || option == app.get_help_all_ptr();
        if (not is_help && not option->get_lnames().empty()) options.push_back(option);
    }
    for (const CLI::App* group : app.get_subcommands([](const CLI::App* below) { return below->get_name().empty(); })) {
        const auto more = options_of(*group);
        options.insert(options.end(), more.begin(), more.end());
    }
    return options;
}

// Every option of the program by its name in a file: "orders.list.limit".
using Names = std::map<std::string, const CLI::Option*>;

void collect(const CLI::App& app, const std::string& path, Names& names)
{
    for (const CLI::Option* option : options_of(app)) {
        for (const auto& name : option->get_lnames()) names.emplace(path + name, option);
    }
    for (const CLI::App* command : commands_of(app)) {
        // What the service is run with belongs to the whole program.
        const bool is_serve = path.empty() && command->get_name() == "serve";
        collect(*command, is_serve ? path : path + command->get_name() + ".", names);
    }
}

// What was typed: the commands from the program on, and the options.
struct Typed {
    std::vector<const CLI::App*> commands;
    std::set<const CLI::Option*> options;
    std::string config; // the word of --config

    explicit Typed(const CLI::App& app, const std::vector<std::string>& words) : commands{&app}
    {
        for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
            const auto& word = words[i];
            if (not word.starts_with('-')) {
                if (const auto* below = command_below(*commands.back(), word)) commands.push_back(below);
                continue;
            }
            const bool is_long = word.starts_with("--");
            const auto equals  = is_long ? word.find('=') : std::string::npos;
            const auto* option = find(is_long ? word.substr(0, equals) : word.substr(0, 2));
            if (option == nullptr) continue; // parsing says what is wrong
            options.insert(option);
            const bool has_its_word = equals != std::string::npos || (not is_long && word.size() > 2);
            const bool takes_next   = option->get_items_expected_min() > 0 && not has_its_word;
            if (takes_next) ++i;
            if (option->check_lname(config_option)) {
                config = takes_next ? (i < words.size() ? words[i] : "") : word.substr(equals + 1);
            }
        }
    }

    bool has(const CLI::Option* option) const { return options.contains(option); }

    // After the commands this name is that of another option.
    bool hides(const CLI::Option* option, const std::string& name) const { return find(name) != option; }

    // The option itself, or another one that was typed in its place.
    bool decides(const CLI::Option* option) const
    {
        const auto& excluded = option->get_excludes();
        if (has(option) || std::any_of(excluded.begin(), excluded.end(), [&](auto* other) { return has(other); })) {
            return true;
        }
        const auto choices = commands.back()->get_subcommands([&](const CLI::App* below) {
            const auto in_it = below->get_options();
            return below->get_name().empty() && std::find(in_it.begin(), in_it.end(), option) != in_it.end();
        });
        if (choices.empty()) return false;
        const auto in_it = choices.front()->get_options();
        return std::any_of(in_it.begin(), in_it.end(), [&](auto* other) { return has(other); });
    }

private:
    const CLI::Option* find(const std::string& name) const
    {
        for (auto at = commands.rbegin(); at != commands.rend(); ++at) {
            if (const auto* found = (*at)->get_option_no_throw(name)) return found;
        }
        return nullptr;
    }
};

// What the file has, by its key.
result<std::map<std::string, SettingInFile>> read_file(const std::string& path, const Names& names)
{
    std::map<std::string, SettingInFile> found;
    BOOST_OUTCOME_TRY(auto settings, read_settings_file(path));
    for (auto& setting : settings) {
        if (not names.contains(setting.key) || setting.key == config_option) {
            std::vector<std::string> known;
            for (const auto& [name, option] : names) known.push_back(name);
            const auto meant = nearest(setting.key, known);
            return wrong_setting(path, setting.line,
                                 "the key " + setting.key + ", which no option has" +
                                     (meant.empty() ? "" : "; did you mean " + meant + "?"));
        }
        found.emplace(setting.key, std::move(setting));
    }
    return found;
}

std::vector<Error> unknown_variables(const std::string& prefix, const Names& names)
{
    std::vector<std::string> known;
    for (const auto& [name, option] : names) known.push_back(in_environment(name));
    std::vector<Error> unknown;
    for (char** at = ::environ; at != nullptr && *at != nullptr; ++at) {
        const std::string entry{*at};
        const auto variable = entry.substr(0, entry.find('='));
        if (not variable.starts_with(prefix)) continue;
        const auto word = variable.substr(prefix.size());
        if (std::find(known.begin(), known.end(), word) != known.end()) continue;
        const auto meant = nearest(word, known);
        unknown.push_back({Failure::invalid, "unknown-variable",
                           "read the environment variable " + printable(variable) + " and found no option for it" +
                               (meant.empty() ? "" : "; did you mean " + prefix + meant + "?")});
    }
    return unknown;
}

std::string prefix_of(const CLI::App& app)
{
    return in_environment(app.get_name()) + "_";
}

} // namespace

std::string variable_of(const CLI::App& app, const CLI::Option& option)
{
    Names names;
    collect(app, {}, names);
    for (const auto& [name, known] : names) {
        if (known == &option) return prefix_of(app) + in_environment(name);
    }
    return "";
}

result<Settings> find_settings(const CLI::App& app, const std::vector<std::string>& words)
{
    Names names;
    collect(app, {}, names);
    const Typed typed{app, words};
    const auto prefix       = prefix_of(app);
    const auto in_variables = [&](const std::string& name) -> std::string {
        const char* const value = std::getenv((prefix + in_environment(name)).c_str());
        return value == nullptr ? "" : value;
    };
    const auto file = typed.config.empty() ? in_variables(config_option) : typed.config;
    std::map<std::string, SettingInFile> in_file;
    if (not file.empty()) {
        BOOST_OUTCOME_TRY(in_file, read_file(file, names));
    }
    std::set<const CLI::Option*> of_command;
    for (const CLI::App* command : typed.commands) {
        for (const CLI::Option* option : options_of(*command)) of_command.insert(option);
    }
    const auto first_options = options_of(app);
    const std::set<const CLI::Option*> of_program{first_options.begin(), first_options.end()};
    Settings settings{.used = {}, .unknown = unknown_variables(prefix, names)};
    for (const auto& [name, option] : names) {
        if (name == config_option || not of_command.contains(option) || typed.decides(option)) continue;
        const auto typed_name = "--" + name.substr(name.rfind('.') + 1);
        const auto word       = typed_name + "=";
        const bool goes_first = of_program.contains(option) && typed.hides(option, typed_name);
        if (const auto value = in_variables(name); not value.empty()) {
            settings.used.push_back(
                {option, {word + value}, "the environment variable " + prefix + in_environment(name), goes_first});
        } else if (const auto found = in_file.find(name); found != in_file.end()) {
            std::vector<std::string> each;
            for (const auto& of_file : found->second.values) each.push_back(word + of_file);
            settings.used.push_back({option, std::move(each),
                                     name + " in line " + std::to_string(found->second.line) + " of " + printable(file),
                                     goes_first});
        }
    }
    return settings;
}

std::vector<std::string> Settings::typed_into(std::vector<std::string> words,
                                              const std::vector<const CLI::Option*>& left_out) const
{
    std::vector<std::string> first;
    std::vector<std::string> more;
    for (const auto& setting : used) {
        if (std::find(left_out.begin(), left_out.end(), setting.option) != left_out.end()) continue;
        auto& into = setting.goes_first ? first : more;
        into.insert(into.end(), setting.words.begin(), setting.words.end());
    }
    words.insert(std::find(words.begin(), words.end(), "--"), more.begin(),
                 more.end()); // nothing after it is an option
    words.insert(words.begin(), first.begin(), first.end());
    return words;
}

std::set<const CLI::Option*> typed_options(const CLI::App& app, const std::vector<std::string>& words)
{
    return Typed{app, words}.options;
}

std::string Settings::explained(const std::string& sentence) const
{
    for (const auto& setting : used) {
        if (setting.goes_first) continue; // the sentence is about the other one
        const auto name = setting.words.empty() ? "" : setting.words.front().substr(0, setting.words.front().find('='));
        if (not name.empty() && sentence.find(name) != std::string::npos) return sentence + " (" + setting.source + ")";
    }
    return sentence;
}

} // namespace eventloom
