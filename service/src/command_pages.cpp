// Help, completion and the man page: the same tree of commands, written down for people and for other programs.
#include "command_tree.hpp"
#include "settings.hpp"

#include <eventloom/framework/utf8.hpp>

#include <CLI/Option.hpp>

#include <algorithm>

namespace eventloom {

namespace {

std::vector<const CLI::Option*> shown_options(const CLI::App& app)
{
    auto options = app.get_options();
    for (const CLI::App* group : app.get_subcommands([](const CLI::App* below) { return below->get_name().empty(); })) {
        const auto more = group->get_options();
        options.insert(options.end(), more.begin(), more.end());
    }
    std::erase_if(options, [](const CLI::Option* option) { return option->get_group().empty(); });
    return options;
}

std::string replaced(std::string text, std::string_view what, std::string_view by)
{
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
        text.replace(at, what.size(), by);
    }
    return text;
}

// Every command with the words that call it without the program's own: " orders place". The program itself first.
void visit(const CLI::App& app, const std::string& path,
           const std::function<void(const CLI::App&, const std::string&)>& look)
{
    look(app, path);
    for (const CLI::App* command : commands_of(app)) visit(*command, path + " " + command->get_name(), look);
}

// The long names of the options that are allowed there: the command's own, and those of the program.
std::string option_words(const CLI::App& app)
{
    std::string words;
    for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
        for (const CLI::Option* option : shown_options(*at)) {
            for (const auto& name : option->get_lnames()) {
                if (words.find(" --" + name + " ") == std::string::npos) words += " --" + name + " ";
            }
        }
    }
    return words;
}

std::string command_words(const CLI::App& app)
{
    std::string words;
    for (const CLI::App* command : commands_of(app)) words += " " + command->get_name();
    return words;
}

// A case for each command that has others below it, or all.
std::string cases(const CLI::App& app, const std::function<std::string(const CLI::App&)>& words_of)
{
    std::string text;
    visit(app, "", [&](const CLI::App& command, const std::string& path) {
        const auto words = words_of(command);
        if (not words.empty()) text += "    '" + path + "') " + words + " ;;\n";
    });
    return text;
}

std::string paths(const CLI::App& app)
{
    std::string text;
    visit(app, "", [&](const CLI::App&, const std::string& path) {
        if (not path.empty()) text += (text.empty() ? "'" : "|'") + path + "'";
    });
    return text;
}

std::string option_name(const CLI::Option& option)
{
    std::string name;
    for (const auto& letter : option.get_snames()) name += (name.empty() ? "-" : ", -") + letter;
    for (const auto& word : option.get_lnames()) name += (name.empty() ? "--" : ", --") + word;
    return name.empty() ? option.get_name() : name;
}

// In roff a backslash, a minus and a dot at the beginning of a line mean something else.
std::string roff(const std::string& text)
{
    auto plain = replaced(replaced(printable(text), "\\", "\\e"), "-", "\\-");
    return plain.starts_with('.') || plain.starts_with('\'') ? "\\&" + plain : plain;
}

std::string roff_options(const CLI::App& app)
{
    std::string text;
    for (const CLI::Option* option : shown_options(app)) {
        const bool takes_word = option->get_items_expected_max() != 0 && not option->get_positional();
        text += ".TP\n.B " + roff(option_name(*option)) + (takes_word ? " " + roff(option->get_type_name()) : "") +
                "\n" + roff(option->get_description()) + "\n";
    }
    return text;
}

class HelpWithVariables final : public CLI::Formatter {
public:
    explicit HelpWithVariables(const CLI::App& program) : program_{program} {}

    std::string make_option_desc(const CLI::Option* option) const override
    {
        const auto variable = variable_of(program_, *option);
        return option->get_description() + (variable.empty() ? "" : " [" + variable + "]");
    }

private:
    const CLI::App& program_;
};

} // namespace

std::shared_ptr<CLI::FormatterBase> help_of(const CLI::App& program)
{
    return std::make_shared<HelpWithVariables>(program);
}

std::string bash_completion(const CLI::App& app)
{
    const auto& name = app.get_name();
    return "# Completion of " + name + " for bash: eval \"$(" + name + " completion bash)\"\n_" + name +
           "_complete()\n{\n    local typed='' offered='' word=\"${COMP_WORDS[COMP_CWORD]}\" at\n"
           "    for ((at = 1; at < COMP_CWORD; at++)); do\n        case \"$typed ${COMP_WORDS[at]}\" in\n        " +
           paths(app) +
           ") typed+=\" ${COMP_WORDS[at]}\" ;;\n        esac\n    done\n    case \"$word\" in\n    -*) case \"$typed\" "
           "in\n" +
           cases(app, [](const CLI::App& command) { return "offered='" + option_words(command) + "'"; }) +
           "    esac ;;\n    *) case \"$typed\" in\n" +
           cases(app,
                 [](const CLI::App& command) {
                     const auto words = command_words(command);
                     return words.empty() ? "" : "offered='" + words + "'";
                 }) +
           "    esac ;;\n    esac\n    COMPREPLY=($(compgen -W \"$offered\" -- \"$word\"))\n}\ncomplete -o default -F "
           "_" +
           name + "_complete " + name + "\n";
}

std::string zsh_completion(const CLI::App& app)
{
    const auto& name  = app.get_name();
    const auto quoted = [](const std::string& text) { return replaced(replaced(text, "'", "'\\''"), ":", "\\:"); };
    return "#compdef " + name + "\n# Completion of " + name + " for zsh: source <(" + name + " completion zsh)\n_" +
           name +
           "_complete()\n{\n    local typed='' at\n    local -a offered options\n"
           "    for at in \"${(@)words[2,CURRENT-1]}\"; do\n        case \"$typed $at\" in\n        " +
           paths(app) + ") typed+=\" $at\" ;;\n        esac\n    done\n    case \"$typed\" in\n" +
           cases(app,
                 [&](const CLI::App& command) {
                     std::string text = "options=(" + option_words(command) + ")";
                     if (commands_of(command).empty()) return text;
                     text += "; offered=(";
                     for (const CLI::App* below : commands_of(command)) {
                         text += " '" + quoted(below->get_name()) + ":" + quoted(below->get_description()) + "'";
                     }
                     return text + ")";
                 }) +
           "    esac\n    if [[ \"$PREFIX\" == -* ]]; then compadd -- $options\n"
           "    elif (( $#offered )); then _describe command offered\n    else _files\n    fi\n}\ncompdef _" +
           name + "_complete " + name + "\n";
}

std::string man_page(const CLI::App& app, const std::string& summary, const std::string& version)
{
    const auto& name  = app.get_name();
    std::string title = name;
    std::transform(title.begin(), title.end(), title.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    const auto prefix = replaced(title, "-", "_");
    std::string page  = ".TH " + roff(title) + " 1 \"\" \"" + roff(version) + "\"\n.SH NAME\n" + roff(name) + " \\- " +
                       roff(summary) + "\n.SH SYNOPSIS\n.B " + roff(name) +
                       "\n.I COMMAND\n[OPTIONS]\n.SH OPTIONS\nMay stand after every command.\n" + roff_options(app) +
                       ".SH COMMANDS\n";
    visit(app, "", [&](const CLI::App& command, const std::string& path) {
        if (path.empty() || not commands_of(command).empty()) return;
        std::string call = name + path;
        for (const CLI::Option* option : shown_options(command)) {
            if (option->get_positional()) call += " " + option->get_name();
        }
        page += ".SS \"" + roff(call) + "\"\n" + roff(command.get_description()) + "\n" + roff_options(command);
    });
    return page +
           ".SH EXIT STATUS\n0 done, 1 failed, 2 typed wrongly, 130 ended by Ctrl\\-C, SIGTERM or SIGHUP.\n"
           ".SH ENVIRONMENT\n.TP\n.B " +
           prefix + "_COMMAND_OPTION\nThe \\-\\-option of a command that was not typed; of serve and of all commands " +
           prefix +
           "_OPTION.\n.TP\n.B COLUMNS\nNo line of a table is wider; what does not fit is cut, with a sign.\n"
           ".TP\n.B XDG_DATA_HOME\nWhere the data is kept without \\-\\-data.\n"
           ".TP\n.B EVENTLOOM_MASTER_KEY\nThe file with the master key of personal data.\n";
}

} // namespace eventloom
