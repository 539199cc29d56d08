#include "workers/group_work.hpp"

#include "workers/group_protocol.hpp"
#include "workers/program_of_worker.hpp"

#include <eventloom/framework/detail/user_code.hpp>

namespace eventloom::work {

namespace {

class EventsInHand final : public Task {
public:
    EventsInHand(LeasedEvents leased, std::string group, const GroupHandler& handle)
        : Task{leased.lease}, group_{std::move(group)}, events_{std::move(leased.events)}, handle_{handle}
    {
    }

    // Others may have the stream of an event whose lease is over: it is not begun.
    std::string perform(const std::function<bool()>& is_held) override
    {
        EndedBatch ended;
        for (const auto& event : events_) {
            if (stopping.stop_requested() || not is_held()) break;
            auto handled = call_user_code("the handler of the consumer group", group_, [&] { return handle_(event); });
            if (not handled && needs_log(handled.error())) cannot = handled.error();
            if (not handled) {
                ended.failed = std::move(handled.error());
                break;
            }
            ++handled_;
        }
        ended.handled = handled_;
        ended.leaves  = stopping.stop_requested();
        return to_bytes(finish_request(group_, lease, std::move(ended)));
    }
    std::string given_back() const override
    {
        return to_bytes(finish_request(group_, lease, {.handled = handled_, .failed = std::nullopt, .leaves = true}));
    }
    std::optional<ReportedProgress> take_report() override
    {
        if (handled_ == 0) return std::nullopt;
        return ReportedProgress{handled_, events_.size(), {}};
    }
    std::string name() const override { return "the batch of the group " + group_; }
    Error taken_away() const override
    {
        return {Failure::conflict, "lease-ended",
                "the lease of the member ended before its handler did; others have its streams"};
    }

private:
    const std::string group_;
    const std::vector<RecordedEvent> events_;
    const GroupHandler& handle_;
    std::atomic<std::size_t> handled_{0};
};

class GroupMembers final : public Work {
public:
    GroupMembers(std::string group, GroupHandler handle, AskedAs as, std::vector<Uuid> ids)
        : group_{std::move(group)}, handle_{std::move(handle)}, as_{std::move(as)}, ids_{std::move(ids)}
    {
    }

    WorkPaths paths() const override { return paths_of_groups; }
    std::string pull_request(unsigned thread, Duration wait) const override
    {
        return to_bytes(PullEventsRequest{group_, as_.name, ids_.at(thread),
                                          std::chrono::ceil<std::chrono::milliseconds>(as_.lease).count(),
                                          std::chrono::ceil<std::chrono::milliseconds>(wait).count()});
    }
    result<std::vector<TaskPtr>> tasks_in(std::string_view answer) const override
    {
        BOOST_OUTCOME_TRY(auto leased, message_in<LeasedEvents>(answer));
        if (leased.events.empty()) return std::vector<TaskPtr>{};
        return std::vector<TaskPtr>{std::make_shared<EventsInHand>(std::move(leased), group_, handle_)};
    }

private:
    const std::string group_;
    const GroupHandler handle_;
    const AskedAs as_;
    const std::vector<Uuid> ids_;
};

} // namespace

std::unique_ptr<const Work> events_of(std::string group, GroupHandler handle, AskedAs as, std::vector<Uuid> ids)
{
    return std::make_unique<GroupMembers>(std::move(group), std::move(handle), std::move(as), std::move(ids));
}

} // namespace eventloom::work
