// Accounts have user names that nobody else has. A name that was given up, by closing the account or by changing the name, is
// kept back for three days.
#pragma once

#include <eventloom/framework/decision.hpp>

#include <algorithm>
#include <cctype>

namespace usernames {

namespace el = eventloom;

inline constexpr auto retention = std::chrono::days{3};

// "JamesBond" is "jamesbond". A tag is whatever stands for the value; a hash of it would do.
inline std::string username_tag(std::string name)
{
    const auto lower = [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); };
    std::transform(name.begin(), name.end(), name.begin(), lower);
    return el::tag("username", name);
}

// clang-format off

struct Registered { std::string username; };
struct Renamed    { std::string from; std::string to; };
struct Closed     { std::string username; };

inline el::Tags tags_of(const Registered& event) { return {username_tag(event.username)}; }
inline el::Tags tags_of(const Renamed& event)    { return {username_tag(event.from), username_tag(event.to)}; }
inline el::Tags tags_of(const Closed& event)     { return {username_tag(event.username)}; }

struct Accounts {
    static constexpr auto stream = "accounts";
    using Events = el::events<el::event<"account-registered", Registered>,
                              el::event<"account-renamed", Renamed>,
                              el::event<"account-closed", Closed>>;
};
static_assert(el::decision_context<Accounts>);

struct Username { std::string name; el::Time now; bool in_use = false; bool kept_back = false; };

inline el::Tags tags_of(const Username& view) { return {username_tag(view.name)}; }

// `at` is when the event was recorded.
inline Username given_up(Username view, el::Time at)                  { view.in_use = false; view.kept_back = view.now - at <= retention; return view; }
inline Username evolve(Username view, const Registered&)              { view.in_use = true; return view; }
inline Username evolve(Username view, const Closed&, el::Time at)     { return given_up(std::move(view), at); }
inline Username evolve(Username view, const Renamed& event, el::Time at)
{
    view.in_use = username_tag(event.to) == username_tag(view.name);
    return view.in_use ? view : given_up(std::move(view), at);
}

struct Register { std::string username; };
struct Rename   { std::string from; std::string to; };
struct Close    { std::string username; };

inline auto boundary_of(const Register& command, el::Time now) { return Username{command.username, now}; }
inline auto boundary_of(const Close& command, el::Time now)    { return Username{command.username, now}; }
inline auto boundary_of(const Rename& command, el::Time now)
{
    return std::tuple{Username{command.from, now}, Username{command.to, now}};
}

// clang-format on

inline el::result<void> check_free(const Username& name)
{
    if (name.in_use || name.kept_back) return el::refuse("username-claimed", "This user name is claimed.");
    return el::done();
}

inline el::result<Registered> decide(const Register& command, const Username& name)
{
    if (const auto checked = check_free(name); not checked) return checked.as_failure();
    return Registered{command.username};
}

inline el::result<Renamed> decide(const Rename& command, const Username& from, const Username& to)
{
    if (not from.in_use) return el::refuse("no-such-account", "There is no account with this user name.");
    if (const auto checked = check_free(to); not checked) return checked.as_failure();
    return Renamed{command.from, command.to};
}

inline el::result<Closed> decide(const Close& command, const Username& name)
{
    if (not name.in_use) return el::refuse("no-such-account", "There is no account with this user name.");
    return Closed{command.username};
}

} // namespace usernames
