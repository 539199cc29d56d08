// A command of a program, and what may be typed after it. Both are handles to parts of a CommandLine: pass them by value.
//
//     const auto orders = line.app().add_subcommand("orders", "Orders: place, list");
//     orders.require_subcommand();
//     const auto list = orders.add_subcommand("list", "All orders, or those of one customer");
//     list.add_option("customer", arguments->customer, "Whose").required();               // typed without a name
//     list.add_option("-n,--limit", arguments->limit, "At most this many").check(el::whole_number(1));
//     list.add_flag("--open", arguments->only_open, "Only those that are not completed");
//     line.on(list, [&line, arguments](el::Output& out) { return list_orders(out, line, *arguments); });
//
// The variables must live as long as the CommandLine. They hold what was typed when the command's action is called. Threads:
// those of the CommandLine.
#pragma once

#include <eventloom/service/detail/arguments.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace eventloom {

template <class Value, class... Values>
concept one_of_types = (std::same_as<Value, Values> || ...);

// The types of variables for a word; a vector is for several words.
template <class Value>
concept option_value = one_of_types<Value, std::string, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t,
                                    double, std::vector<std::string>, std::optional<std::string>,
                                    std::optional<std::int64_t>, std::optional<std::uint64_t>, std::optional<double>>;

class Option {
public:
    explicit Option(CLI::Option& option) : option_{&option} {}

    // Each returns the same option.
    Option required() const;
    Option check(const Check& check) const;
    Option type_name(std::string_view name) const; // the name of the word in help
    Option needs(Option other) const;
    Option excludes(Option other) const;
    Option one_word_each_time() const; // for a vector: the option's name is typed before each word

    CLI::Option& of_library() const { return *option_; }

private:
    CLI::Option* option_;
};

class Command {
public:
    explicit Command(CLI::App& app) : app_{&app} {}

    Command add_subcommand(std::string_view name, std::string_view summary = {}) const;
    // One of the subcommands must be typed.
    void require_subcommand() const;

    // `names`: "--limit", "-n,--limit", or without a minus for a word that is identified by its place.
    template <option_value Value>
    Option add_option(std::string_view names, Value& value, std::string_view summary = {}) const;
    Option add_option_function(std::string_view names, std::function<void(const std::string& word)> take,
                               std::string_view summary = {}) const;
    Option add_flag(std::string_view names, bool& is_there, std::string_view summary = {}) const;

    // Options of which exactly one must be typed.
    Command add_choice(std::string_view name, std::string_view summary) const;

    CLI::App& of_library() const { return *app_; }

private:
    CLI::App* app_;
};

} // namespace eventloom
