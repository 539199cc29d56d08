#include "workers/job_protocol.hpp"

#include "workers/message_bytes.hpp"
#include <eventloom/framework/detail/value_codec.hpp>

namespace eventloom::work {

namespace {

AnsweredEvents answered(StreamAppend append)
{
    using Expected = AnsweredEvents::Expected;
    AnsweredEvents events{std::move(append.stream), Expected::exactly, append.expected.version(),
                          std::move(append.events)};
    if (append.expected == ExpectedVersion::any()) events.expected = Expected::any;
    if (append.expected == ExpectedVersion::no_stream()) events.expected = Expected::no_stream;
    if (append.expected == ExpectedVersion::stream_exists()) events.expected = Expected::stream_exists;
    return events;
}

result<ExpectedVersion> expected_in(const AnsweredEvents& events)
{
    switch (events.expected) {
    case AnsweredEvents::Expected::any:
        return ExpectedVersion::any();
    case AnsweredEvents::Expected::no_stream:
        return ExpectedVersion::no_stream();
    case AnsweredEvents::Expected::stream_exists:
        return ExpectedVersion::stream_exists();
    case AnsweredEvents::Expected::exactly:
        return ExpectedVersion::exactly(events.version);
    }
    return wrong_worker_request("an expected version of an unknown kind");
}

} // namespace

FinishRequest finish_request(const Lease& lease, result<JobDone> answer)
{
    FinishRequest request{lease, std::nullopt, std::nullopt};
    if (not answer) {
        request.error = answered_error(std::move(answer.error()));
        return request;
    }
    JobDone& done = answer.value();
    request.done  = AnsweredJob{
        static_cast<std::uint8_t>(done.kind), std::move(done.result), done.again_at, {}, std::move(done.jobs)};
    for (auto& append : done.streams) request.done->streams.push_back(answered(std::move(append)));
    return request;
}

result<AnsweredLease> answer_in(FinishRequest request)
{
    if (request.done.has_value() == request.error.has_value()) return wrong_worker_request("no answer, or two");
    if (request.error) {
        auto error = error_in(std::move(*request.error));
        if (not error) return wrong_worker_request("an error of an unknown kind");
        return AnsweredLease{request.lease, std::move(*error)};
    }
    AnsweredJob& job = *request.done;
    if (job.kind > static_cast<std::uint8_t>(JobDone::Kind::given_back)) {
        return wrong_worker_request("an answer of an unknown kind");
    }
    JobDone done;
    done.kind     = static_cast<JobDone::Kind>(job.kind);
    done.result   = std::move(job.result);
    done.again_at = job.again_at;
    done.jobs     = std::move(job.jobs);
    for (auto& events : job.streams) {
        BOOST_OUTCOME_TRY(const auto expected, expected_in(events));
        done.streams.push_back({std::move(events.stream), expected, std::move(events.events)});
    }
    return AnsweredLease{request.lease, std::move(done)};
}

template std::string to_bytes(const PullRequest& message);
template std::string to_bytes(const LeasedJobs& message);
template std::string to_bytes(const FinishRequest& message);
template result<PullRequest> message_in(std::string_view bytes);
template result<LeasedJobs> message_in(std::string_view bytes);
template result<FinishRequest> message_in(std::string_view bytes);

} // namespace eventloom::work

template struct eventloom::codec<eventloom::work::PullRequest>;
template struct eventloom::codec<eventloom::work::LeasedJobs>;
template struct eventloom::codec<eventloom::work::FinishRequest>;
