#include <eventloom/service/detail/command.hpp>

#include "checks.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Option.hpp>

namespace eventloom {

Option Option::required() const
{
    option_->required();
    return *this;
}

Option Option::check(const Check& check) const
{
    option_->check(validator_of(check));
    return *this;
}

Option Option::type_name(std::string_view name) const
{
    option_->type_name(std::string{name});
    return *this;
}

Option Option::needs(Option other) const
{
    option_->needs(other.option_);
    return *this;
}

Option Option::excludes(Option other) const
{
    option_->excludes(other.option_);
    return *this;
}

Option Option::one_word_each_time() const
{
    option_->allow_extra_args(false);
    return *this;
}

Command Command::add_subcommand(std::string_view name, std::string_view summary) const
{
    return Command{*app_->add_subcommand(std::string{name}, std::string{summary})};
}

void Command::require_subcommand() const
{
    app_->require_subcommand(1);
}

template <option_value Value>
Option Command::add_option(std::string_view names, Value& value, std::string_view summary) const
{
    return Option{*app_->add_option(std::string{names}, value, std::string{summary})};
}

template Option Command::add_option(std::string_view, std::string&, std::string_view) const;
template Option Command::add_option(std::string_view, std::int32_t&, std::string_view) const;
template Option Command::add_option(std::string_view, std::uint32_t&, std::string_view) const;
template Option Command::add_option(std::string_view, std::int64_t&, std::string_view) const;
template Option Command::add_option(std::string_view, std::uint64_t&, std::string_view) const;
template Option Command::add_option(std::string_view, double&, std::string_view) const;
template Option Command::add_option(std::string_view, std::vector<std::string>&, std::string_view) const;
template Option Command::add_option(std::string_view, std::optional<std::string>&, std::string_view) const;
template Option Command::add_option(std::string_view, std::optional<std::int64_t>&, std::string_view) const;
template Option Command::add_option(std::string_view, std::optional<std::uint64_t>&, std::string_view) const;
template Option Command::add_option(std::string_view, std::optional<double>&, std::string_view) const;

Option Command::add_option_function(std::string_view names, std::function<void(const std::string&)> take,
                                    std::string_view summary) const
{
    return Option{*app_->add_option_function<std::string>(std::string{names}, take, std::string{summary})};
}

Option Command::add_flag(std::string_view names, bool& is_there, std::string_view summary) const
{
    return Option{*app_->add_flag(std::string{names}, is_there, std::string{summary})};
}

Command Command::add_choice(std::string_view name, std::string_view summary) const
{
    auto* const group = app_->add_option_group(std::string{name}, std::string{summary});
    group->require_option(1);
    return Command{*group};
}

} // namespace eventloom
