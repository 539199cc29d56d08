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

Option Option::type_name(const std::string& name) const
{
    option_->type_name(name);
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

Command Command::add_subcommand(const std::string& name, const std::string& summary) const
{
    return Command{*app_->add_subcommand(name, summary)};
}

void Command::require_subcommand() const
{
    app_->require_subcommand(1);
}

template <option_value Value>
Option Command::add_option(const std::string& names, Value& value, const std::string& summary) const
{
    return Option{*app_->add_option(names, value, summary)};
}

template Option Command::add_option(const std::string&, std::string&, const std::string&) const;
template Option Command::add_option(const std::string&, std::int32_t&, const std::string&) const;
template Option Command::add_option(const std::string&, std::uint32_t&, const std::string&) const;
template Option Command::add_option(const std::string&, std::int64_t&, const std::string&) const;
template Option Command::add_option(const std::string&, std::uint64_t&, const std::string&) const;
template Option Command::add_option(const std::string&, double&, const std::string&) const;
template Option Command::add_option(const std::string&, std::vector<std::string>&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<std::string>&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<std::int64_t>&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<std::uint64_t>&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<double>&, const std::string&) const;

Option Command::add_option_function(const std::string& names, std::function<void(const std::string&)> take,
                                    const std::string& summary) const
{
    return Option{*app_->add_option_function<std::string>(names, take, summary)};
}

Option Command::add_flag(const std::string& names, bool& is_there, const std::string& summary) const
{
    return Option{*app_->add_flag(names, is_there, summary)};
}

Command Command::add_choice(const std::string& name, const std::string& summary) const
{
    auto* const group = app_->add_option_group(name, summary);
    group->require_option(1);
    return Command{*group};
}

} // namespace eventloom
