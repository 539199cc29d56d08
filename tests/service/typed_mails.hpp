// A service with a queue of mails, at which commands are typed. A mail to the one who is `refused` is a dead letter at once.
//
//     TypedMails mails;
//     mails.while_it_serves([&] { mails.send({"jobs", "enqueue", "send-mail", mail_to("ada@example.org")}); });
//
// Threads: one.
#pragma once

#include "service/typed_commands.hpp"
#include "support/mailing.hpp"

#include <eventloom/messaging/queues.hpp>

namespace eventloom::testing {

struct TypedMails : TypedCommands {
    TypedMails()
    {
        serving.more = [this](Service& service) {
            service.queues().add<Mailing>(
                {.workers = 2, .attempts = 1},
                [this](const SendMail& mail) -> result<void> {
                    if (mail.to == refused) return refuse("no-such-person", "Nobody is called so.");
                    sent.push_back(mail.to);
                    return done();
                },
                [](const WriteStatement&) -> result<void> { return done(); });
        };
    }

    std::string refused = "nobody@example.org";
    std::vector<std::string> sent;
};

inline std::string mail_to(const std::string& to)
{
    return Json{{"to", to}, {"subject", "x"}}.dump();
}

} // namespace eventloom::testing
