#include "member.hpp"

namespace members {

namespace {

el::result<void> check_email(const std::string& email)
{
    const auto at = email.find('@');
    if (at == std::string::npos || at == 0 || at + 1 == email.size() ||
        email.find_first_of(" \r\n<>") != std::string::npos) {
        return el::refuse("no-email-address",
                          "\"" + email + "\" is no e-mail address; write it as in ada@example.org.");
    }
    return el::done();
}

} // namespace

Member evolve(Member member, const Registered& event)
{
    member.name  = event.name;
    member.email = event.email;
    return member;
}

Member evolve(Member member, const EmailChanged& event)
{
    member.email = event.to;
    return member;
}

el::result<Registered> decide(const Register& command, const Member& member)
{
    if (not member.name.empty()) return el::refuse("already-registered", "This member is registered already.");
    BOOST_OUTCOME_TRY(check_email(command.email));
    return Registered{command.name, command.email};
}

el::result<EmailChanged> decide(const ChangeEmail& command, const Member& member)
{
    if (member.name.empty()) return el::refuse("not-registered", "There is no such member; register it first.");
    if (command.email == member.email) return el::refuse("same-email", "This is the member's address already.");
    BOOST_OUTCOME_TRY(check_email(command.email));
    return EmailChanged{member.name, member.email, command.email};
}

Ticket evolve(Ticket ticket, const TicketOpened&)
{
    return ticket;
}

} // namespace members
