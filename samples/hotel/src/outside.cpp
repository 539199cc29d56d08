#include "outside.hpp"

#include <fstream>

namespace grand_hotel {

namespace {

constexpr auto ask_for_payment = "ask-for-payment ";

} // namespace

void Outside::perform_for(el::Sagas& sagas)
{
    const el::ActivityOptions limits{.attempt_time = std::chrono::seconds{30}};
    sagas.perform<AskForPayment>(
        [this](const AskForPayment& request, const el::CallKey& key) -> el::result<Receipt> {
            BOOST_OUTCOME_TRY(once(key, ask_for_payment + request.stay.value + " " + std::to_string(request.cents)));
            return el::answered_later();
        },
        limits);
    sagas.perform<ClosePayment>(
        [this](const ClosePayment& request, const el::CallKey& key) -> el::result<Closed> {
            BOOST_OUTCOME_TRY(once(key, "close-payment " + request.stay.value + " " + request.receipt));
            return Closed{};
        },
        limits);
    sagas.perform<MailReminder>(
        [this](const MailReminder& request, const el::CallKey& key) -> el::result<Sent> {
            BOOST_OUTCOME_TRY(once(key, "mail-reminder " + request.stay.value));
            return Sent{};
        },
        limits);
}

std::optional<el::CallKey> Outside::asked_for(const StayId& stay) const
{
    const std::lock_guard lock{mutex_};
    std::string line;
    for (std::ifstream done{file_}; std::getline(done, line);) {
        const auto space = line.find(' ');
        if (space == std::string::npos) continue;
        if (line.substr(space + 1).starts_with(ask_for_payment + stay.value + " ")) {
            return el::parse_uuid(line.substr(0, space));
        }
    }
    return std::nullopt;
}

el::result<void> Outside::once(const el::CallKey& key, const std::string& what)
{
    const std::lock_guard lock{mutex_};
    const std::string wanted = el::to_string(key);
    std::string line;
    for (std::ifstream done{file_}; std::getline(done, line);) {
        if (line.starts_with(wanted)) return el::done();
    }
    std::ofstream file{file_, std::ios::app};
    file << wanted + " " + what + "\n" << std::flush;
    if (not file) {
        return el::fail(el::Failure::unavailable, "outside-not-reached",
                        "asked the world outside to " + what + " and found that " + file_ +
                            " cannot be written; make it writable");
    }
    return el::done();
}

} // namespace grand_hotel
