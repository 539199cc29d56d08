// Sends mails by SMTP.
//
//     Mailer mailer{"smtp://127.0.0.1:2525"};
//     BOOST_OUTCOME_TRY(mailer.send({"ada@example.org", "Welcome", "Welcome, Ada."}, key));
//
// The key is the mail's Message-ID: whoever gets a mail twice sees that it is the same one. Threads: any.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/framework/result.hpp>

#include <string>

namespace members {

namespace el = eventloom;

struct Mail {
    std::string to;
    std::string subject;
    std::string text;
};

class Mailer {
public:
    explicit Mailer(std::string server);

    // Returns when the server has taken it. Failure::refused "mail-refused": it does not take this mail.
    // Failure::unavailable "mail-server-unavailable".
    el::result<void> send(const Mail& mail, const el::Uuid& key) const;

private:
    const std::string server_;
};

} // namespace members
