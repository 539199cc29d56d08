// Double opt-in: who signs up gets a one-time password by mail, and confirms with it within an hour, once.
#pragma once

#include <eventloom/framework/decision.hpp>

#include <optional>

namespace sign_up {

namespace el = eventloom;

inline constexpr auto validity = std::chrono::minutes{60};

// clang-format off

struct Initiated { std::string email; std::string password; std::string name; };
struct Confirmed { std::string email; std::string password; std::string name; };

inline el::Tags tags_of(const Initiated& event) { return {el::tag("email", event.email), el::tag("otp", event.password)}; }
inline el::Tags tags_of(const Confirmed& event) { return {el::tag("email", event.email), el::tag("otp", event.password)}; }

struct SignUps {
    static constexpr auto stream = "sign-ups";
    using Events = el::events<el::event<"sign-up-initiated", Initiated>, el::event<"sign-up-confirmed", Confirmed>>;
};
static_assert(el::decision_context<SignUps>);

struct Pending { std::string email; std::string password; el::Time now; std::optional<std::string> name; bool used = false; bool expired = false; };

inline el::Tags tags_of(const Pending& view) { return {el::tag("email", view.email), el::tag("otp", view.password)}; }

inline Pending evolve(Pending view, const Initiated& event, el::Time at) { view.name = event.name; view.expired = view.now - at > validity; return view; }
inline Pending evolve(Pending view, const Confirmed&)                    { view.used = true; return view; }

struct Initiate { std::string email; std::string password; std::string name; };
struct Confirm  { std::string email; std::string password; };

inline auto boundary_of(const Initiate&)                      { return std::tuple{}; }
inline auto boundary_of(const Confirm& command, el::Time now) { return Pending{command.email, command.password, now, {}}; }

// clang-format on

inline el::result<Initiated> decide(const Initiate& command)
{
    return Initiated{command.email, command.password, command.name};
}

inline el::result<Confirmed> decide(const Confirm& command, const Pending& pending)
{
    if (not pending.name) return el::refuse("no-sign-up", "Nobody signed up with this address and password.");
    if (pending.used) return el::refuse("password-used", "This password was used before.");
    if (pending.expired) return el::refuse("password-expired", "This password is no longer valid.");
    return Confirmed{command.email, command.password, *pending.name};
}

} // namespace sign_up
