// A club whose members get mails, are counted, and are looked after.
//
//     members serve --mail-server smtp://127.0.0.1:2525
//     members register ada Ada ada@example.org
#include "club.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/output.hpp>

namespace members {

namespace {

void add_commands(el::CommandLine& line)
{
    struct Arguments {
        std::string member, name, email;
    };
    const auto arguments = std::make_shared<Arguments>();

    const auto joins = line.app().add_subcommand("register", "Register a member");
    joins.add_option("member", arguments->member, "Its id").required().check(el::identifier());
    joins.add_option("name", arguments->name, "The name").required();
    joins.add_option("email", arguments->email, "The e-mail address").required();
    line.on(joins, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const club, line.open<Club>(true));
        BOOST_OUTCOME_TRY(
            club->service().commands().send(MemberId{arguments->member}, Register{arguments->name, arguments->email}));
        out.say(el::printable(arguments->name) + " is a member.");
        return el::done();
    });

    const auto moves = line.app().add_subcommand("change-email", "Give a member another e-mail address");
    moves.add_option("member", arguments->member, "Which one").required().check(el::identifier());
    moves.add_option("email", arguments->email, "The new address").required();
    line.on(moves, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const club, line.open<Club>());
        BOOST_OUTCOME_TRY(club->service().commands().send(MemberId{arguments->member}, ChangeEmail{arguments->email}));
        out.say("The address is changed.");
        return el::done();
    });

    line.on_rows(line.app().add_subcommand("tickets", "What customer service has to look at"), {"tickets"},
                 [&line](el::Output& out) -> el::result<void> {
                     BOOST_OUTCOME_TRY(auto* const club, line.open<Club>());
                     BOOST_OUTCOME_TRY(const auto page, club->tickets().all());
                     el::TableRows rows;
                     for (const auto& [ticket, row] : page.rows)
                         rows.push_back({ticket.value, row.member.value, row.about});
                     out.table({{"ticket"}, {"member"}, {"about"}}, rows);
                     return el::done();
                 });

    line.on(line.app().add_subcommand("analytics", "How many members have registered, by the domain of their address"),
            [&line](el::Output& out) -> el::result<void> {
                BOOST_OUTCOME_TRY(auto* const club, line.open<Club>());
                BOOST_OUTCOME_TRY(const auto counts, club->analytics().counts());
                el::TableRows rows;
                for (const auto& [domain, number] : counts) rows.push_back({domain, number});
                out.table({{"domain"}, {"members", el::Align::right}}, rows);
                return el::done();
            });
}

void set_up(el::CommandLine& line)
{
    const auto options = std::make_shared<ClubOptions>();
    line.opens([options](const el::Runtime& runtime, const std::string& directory,
                         bool create_if_missing) -> el::result<std::unique_ptr<el::OpenService>> {
        BOOST_OUTCOME_TRY(auto club, Club::open(runtime, directory, *options, create_if_missing));
        return std::unique_ptr<el::OpenService>{std::move(club)};
    });
    line.knows(el::event_types<Member>());
    line.knows(el::event_types<Ticket>());
    line.used_when_opening(
        line.app().add_option("--mail-server", options->mail_server, "Where mails go (default smtp://127.0.0.1:2525)"));
    add_commands(line);
}

} // namespace

} // namespace members

int main(int argc, char** argv)
{
    return eventloom::run({"members", "A club, and those that hear of its members.", members::set_up}, argc, argv);
}
