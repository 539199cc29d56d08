#include "mailer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace members {

namespace {

constexpr long seconds_for_a_mail = 30;
constexpr auto sender             = "club@example.org";

// What is still to be given to the library.
struct Letter {
    std::string text;
    std::size_t given = 0;
};

std::size_t give(char* buffer, std::size_t size, std::size_t count, void* of)
{
    auto& letter     = *static_cast<Letter*>(of);
    const auto bytes = std::min(size * count, letter.text.size() - letter.given);
    std::memcpy(buffer, letter.text.data() + letter.given, bytes);
    letter.given += bytes;
    return bytes;
}

} // namespace

Mailer::Mailer(std::string server) : server_{std::move(server)}
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

el::result<void> Mailer::send(const Mail& mail, const el::Uuid& key) const
{
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> session{curl_easy_init(), &curl_easy_cleanup};
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> to{
        curl_slist_append(nullptr, ("<" + mail.to + ">").c_str()), &curl_slist_free_all};
    Letter letter{"From: <" + std::string{sender} + ">\r\nTo: <" + mail.to + ">\r\nSubject: " + mail.subject +
                  "\r\nMessage-ID: <" + to_string(key) + "@example.org>\r\n\r\n" + mail.text + "\r\n"};
    curl_easy_setopt(session.get(), CURLOPT_URL, server_.c_str());
    curl_easy_setopt(session.get(), CURLOPT_MAIL_FROM, sender);
    curl_easy_setopt(session.get(), CURLOPT_MAIL_RCPT, to.get());
    curl_easy_setopt(session.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(session.get(), CURLOPT_READFUNCTION, &give);
    curl_easy_setopt(session.get(), CURLOPT_READDATA, &letter);
    curl_easy_setopt(session.get(), CURLOPT_TIMEOUT, seconds_for_a_mail);
    curl_easy_setopt(session.get(), CURLOPT_NOSIGNAL, 1L); // other threads run
    const auto sent = curl_easy_perform(session.get());
    if (sent == CURLE_OK) return el::done();
    long answer = 0;
    curl_easy_getinfo(session.get(), CURLINFO_RESPONSE_CODE, &answer);
    const std::string what = "sent a mail to " + mail.to + " through " + server_ +
                             " and found: " + curl_easy_strerror(sent) +
                             (answer > 0 ? " (the server answered " + std::to_string(answer) + ")" : "");
    constexpr long first_permanent = 500; // RFC 5321, 4.2.1: 5xx will be the same next time
    if (answer >= first_permanent) {
        return el::fail(el::Failure::refused, "mail-refused", what + "; correct the address");
    }
    return el::fail(el::Failure::unavailable, "mail-server-unavailable",
                    what + "; see that the server runs and can be reached");
}

} // namespace members
