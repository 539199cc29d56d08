// Options that were not typed: from the environment, or from a file. What is found is typed into the command for the user, so
// that it is checked like every word. What was typed wins over the environment, and that over the file.
//
//     BOOST_OUTCOME_TRY(const Settings settings, find_settings(app, words));
//     app.parse(settings.typed_into(words));
//
// An option `--limit` of `shop orders list` is SHOP_ORDERS_LIST_LIMIT in the environment, and `limit` in the section
// [orders.list] of the file. Options of the program and of `serve` have no command in their names: SHOP_THREADS, and `threads`
// before the first section. Threads: as CLI::App.
#pragma once

#include <eventloom/framework/result.hpp>

#include <set>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace eventloom {

// An option that has its words from elsewhere.
struct Setting {
    const CLI::Option* option = nullptr;
    std::vector<std::string> words; // "--threads=4"
    std::string source;             // "the environment variable SHOP_THREADS"
    bool goes_first = false;        // of the program, and the command has an option of the same name
};

struct Settings {
    std::vector<Setting> used;
    std::vector<Error> unknown; // variables that begin with the program's name and are no option

    // The words with those of the settings, except of the options that are left out.
    std::vector<std::string> typed_into(std::vector<std::string> words,
                                        const std::vector<const CLI::Option*>& left_out = {}) const;
    // The error's sentence, with where the option comes from that it is about.
    std::string explained(const std::string& sentence) const;
};

// Of the command that the words call.
// Failure::invalid  "wrong-usage": the file cannot be read, or has a key that is no option.
result<Settings> find_settings(const CLI::App& app, const std::vector<std::string>& words);

// The options that the words give: of two of one name, the one of the command that the words have called up to there.
std::set<const CLI::Option*> typed_options(const CLI::App& app, const std::vector<std::string>& words);

// The environment variable of an option: "SHOP_THREADS". Empty: it can only be typed, as --help can.
std::string variable_of(const CLI::App& app, const CLI::Option& option);

} // namespace eventloom
