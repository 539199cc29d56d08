#include "workers/messages.hpp"

#include "workers/message_bytes.hpp"

namespace eventloom::work {

Error wrong_worker_request(std::string_view found)
{
    return {Failure::invalid, "wrong-worker-request",
            "read what a worker says and found " + std::string{found} +
                "; check whether the worker and the service are the same program"};
}

AnsweredError answered_error(Error error)
{
    return {static_cast<std::uint8_t>(error.kind), std::move(error.code), std::move(error.sentence)};
}

std::optional<Error> error_in(AnsweredError error)
{
    const auto kind = static_cast<Failure>(error.kind);
    if (kind < Failure::refused || kind > Failure::defect) return std::nullopt;
    return Error{kind, std::move(error.code), std::move(error.sentence)};
}

template std::string to_bytes(const ExtendRequest& message);
template std::string to_bytes(const LostLeases& message);
template result<ExtendRequest> message_in(std::string_view bytes);
template result<LostLeases> message_in(std::string_view bytes);

} // namespace eventloom::work

template struct eventloom::codec<eventloom::work::ExtendRequest>;
template struct eventloom::codec<eventloom::work::LostLeases>;
