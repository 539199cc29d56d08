#include "command_tree.hpp"

#include <eventloom/framework/utf8.hpp>

#include <CLI/Option.hpp>

#include <algorithm>
#include <numeric>

namespace eventloom {

namespace {

// How many letters have to be put in, taken out, changed or swapped with their neighbour.
std::size_t distance(std::string_view from, std::string_view to)
{
    std::vector<std::vector<std::size_t>> steps(from.size() + 1, std::vector<std::size_t>(to.size() + 1));
    for (std::size_t i = 0; i <= from.size(); ++i) steps[i][0] = i;
    std::iota(steps[0].begin(), steps[0].end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t changed = from[i - 1] == to[j - 1] ? 0 : 1;
            steps[i][j] = std::min({steps[i - 1][j] + 1, steps[i][j - 1] + 1, steps[i - 1][j - 1] + changed});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                steps[i][j] = std::min(steps[i][j], steps[i - 2][j - 2] + 1);
            }
        }
    }
    return steps[from.size()][to.size()];
}

constexpr std::size_t longest_name = 64;

} // namespace

std::vector<const CLI::App*> commands_of(const CLI::App& app)
{
    // A group of options is one without a name.
    return app.get_subcommands([](const CLI::App* command) { return not command->get_name().empty(); });
}

const CLI::App* command_below(const CLI::App& app, std::string_view word)
{
    for (const CLI::App* command : commands_of(app)) {
        if (command->get_name() == word) return command;
    }
    return nullptr;
}

std::string call_of(const CLI::App& app)
{
    return app.get_parent() == nullptr ? app.get_name() : call_of(*app.get_parent()) + " " + app.get_name();
}

std::string nearest(std::string_view word, const std::vector<std::string>& names)
{
    std::string found;
    if (word.empty() || word.size() > longest_name) return found;
    // One mistake in three letters is still the same word; the beginning of one is, too.
    std::size_t least = word.size() / 3 + 2;
    for (const auto& name : names) {
        const auto steps = name.starts_with(word) ? 1 : distance(word, name);
        if (steps >= least || steps >= name.size()) continue;
        least = steps;
        found = name;
    }
    return found;
}

Error no_such_command(const CLI::App& app, const std::string& word)
{
    std::vector<std::string> names;
    for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
    const auto meant = nearest(word, names);
    const auto* top  = &app;
    while (top->get_parent() != nullptr) top = top->get_parent();
    const auto path = call_of(app).substr(top->get_name().size());
    return {Failure::invalid, "wrong-usage",
            "asked for the command `" + call_of(app) + " " + word + "` and found none of this name" +
                (meant.empty() ? "" : "; did you mean `" + call_of(app) + " " + meant + "`?") +
                (meant.empty() ? "; `" : " `") + top->get_name() + " help" + path + "` shows the commands"};
}

result<const CLI::App*> find_command(const CLI::App& app, const std::vector<std::string>& words)
{
    const CLI::App* found = &app;
    for (const auto& word : words) {
        const CLI::App* below = command_below(*found, word);
        if (below == nullptr) return no_such_command(*found, word);
        found = below;
    }
    return found;
}

} // namespace eventloom
