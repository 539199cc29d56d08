// A member of the club, and the tickets of its customer service.
#pragma once

#include <eventloom/framework/aggregate.hpp>

#include <string>

namespace members {

namespace el = eventloom;

struct Member;
struct Ticket;
using MemberId = el::id<Member>;
using TicketId = el::id<Ticket>;

// Events: what has happened.
struct Registered {
    std::string name;
    std::string email;
};
struct EmailChanged {
    std::string name;
    std::string from;
    std::string to;
};

// Commands: what somebody asks for.
struct Register {
    std::string name;
    std::string email;
};
struct ChangeEmail {
    std::string email;
};

struct Member {
    static constexpr auto category = "member";
    using Events = el::events<el::event<"member-registered", Registered>, el::event<"email-changed", EmailChanged>>;

    std::string name; // empty: nobody has registered
    std::string email;
};

Member evolve(Member member, const Registered& event);
Member evolve(Member member, const EmailChanged& event);
el::result<Registered> decide(const Register& command, const Member& member);
el::result<EmailChanged> decide(const ChangeEmail& command, const Member& member);
static_assert(el::aggregate<Member>);

// What customer service has to look at.
struct TicketOpened {
    MemberId member;
    std::string about;
};
struct Ticket {
    static constexpr auto category = "ticket";
    using Events                   = el::events<el::event<"ticket-opened", TicketOpened>>;
};
Ticket evolve(Ticket ticket, const TicketOpened& event);
static_assert(el::aggregate<Ticket>);

} // namespace members
