#include "followers/service_followers.hpp"

#include <eventloom/messaging/groups.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

// Those of the running service: no other has members.
class GroupFollowers final : public FollowerKind {
public:
    GroupFollowers(Groups& groups, const EventStore& store, const Clock& clock)
        : groups_{groups}, store_{store}, clock_{clock}
    {
    }

    std::string_view kind() const override { return "group"; }

    result<std::vector<FollowerStatus>> list() override
    {
        std::vector<FollowerStatus> all;
        for (const auto& status : groups_.status()) {
            FollowerStatus one{.name = status.name, .state = "running"};
            one.position = status.checkpoint;
            one.lag      = status.lag;
            BOOST_OUTCOME_TRY(one.behind, age_of_next(store_, one.position, clock_.now()));
            if (not status.stopped.empty()) one.state = fmt::format("{} streams stopped", status.stopped.size());
            if (not status.stopped.empty()) one.error = status.stopped.front().error;
            if (status.error) {
                one.state = "stopped";
                one.error = status.error;
            }
            all.push_back(std::move(one));
        }
        return all;
    }

private:
    Groups& groups_;
    const EventStore& store_;
    const Clock& clock_;
};

} // namespace

std::unique_ptr<FollowerKind> group_followers(Groups& groups, const EventStore& store, const Clock& clock)
{
    return std::make_unique<GroupFollowers>(groups, store, clock);
}

} // namespace eventloom
