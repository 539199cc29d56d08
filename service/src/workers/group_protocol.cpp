#include "workers/group_protocol.hpp"

#include "workers/message_bytes.hpp"

namespace eventloom::work {

FinishEventsRequest finish_request(std::string group, const Lease& lease, EndedBatch ended)
{
    FinishEventsRequest request{std::move(group), lease, ended.handled, std::nullopt, ended.leaves};
    if (ended.failed) request.failed = answered_error(std::move(*ended.failed));
    return request;
}

result<EndedBatch> ended_in(FinishEventsRequest request)
{
    EndedBatch ended{static_cast<std::size_t>(request.handled), std::nullopt, request.leaves};
    if (not request.failed) return ended;
    ended.failed = error_in(std::move(*request.failed));
    if (not ended.failed) return wrong_worker_request("an error of an unknown kind");
    return ended;
}

template std::string to_bytes(const PullEventsRequest& message);
template std::string to_bytes(const LeasedEvents& message);
template std::string to_bytes(const FinishEventsRequest& message);
template result<PullEventsRequest> message_in(std::string_view bytes);
template result<LeasedEvents> message_in(std::string_view bytes);
template result<FinishEventsRequest> message_in(std::string_view bytes);

} // namespace eventloom::work

template struct eventloom::codec<eventloom::work::PullEventsRequest>;
template struct eventloom::codec<eventloom::LeasedEvents>;
template struct eventloom::codec<eventloom::work::FinishEventsRequest>;
