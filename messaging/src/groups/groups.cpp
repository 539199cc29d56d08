#include <eventloom/messaging/groups.hpp>

#include <eventloom/framework/detail/ensure.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <mutex>

namespace eventloom {

namespace {

Error groups_not_open()
{
    return {Failure::unavailable, "groups-not-open",
            "asked for events of a consumer group while the groups do not run; ask again when the service runs"};
}

} // namespace

struct Groups::State {
    struct Added {
        ConsumerGroupOptions options;
        GroupHandler handler;
        unsigned members = 1;
    };
    struct Running {
        std::shared_ptr<ConsumerGroup> group;
        std::vector<std::shared_ptr<GroupMember>> members; // leave before the group closes
    };

    const Runtime runtime;
    EventStore& store;
    const std::string directory;
    std::vector<Added> added;
    bool only_elsewhere = false;
    mutable std::mutex mutex; // over what follows
    std::unique_ptr<ConsumerGroups> opened;
    std::vector<Running> running;

    result<std::shared_ptr<ConsumerGroup>> find(const Groups& groups, std::string_view name) const;

    result<void> run(const Added& one)
    {
        BOOST_OUTCOME_TRY(auto group, opened->open_group(one.options));
        running.push_back({group, {}});
        if (only_elsewhere) return done();
        for (unsigned i = 1; i <= one.members; ++i) {
            BOOST_OUTCOME_TRY(auto member, group->join(std::to_string(i), one.handler));
            running.back().members.push_back(std::move(member));
        }
        return done();
    }
};

Groups::Groups(const Runtime& runtime, EventStore& store, std::string directory)
    : state_{new State{runtime, store, std::move(directory), {}, false, {}, {}, {}}}
{
}

Groups::~Groups()
{
    stop();
}

void Groups::add(ConsumerGroupOptions options, HandledEvents handled, unsigned members)
{
    ensure(checkpoints() == nullptr, "a consumer group was added after start()");
    ensure(members > 0, "a consumer group was added without a member");
    if (options.scope.kind() == Scope::Kind::everything) options.scope = Scope::category(handled.category);
    options.types = std::move(handled.types);
    state_->added.push_back({std::move(options), std::move(handled.handle), members});
}

result<void> Groups::start()
{
    const std::lock_guard lock{state_->mutex};
    if (state_->added.empty() || state_->opened) return done();
    BOOST_OUTCOME_TRY(state_->opened,
                      ConsumerGroups::open(state_->runtime, state_->store, {.directory = state_->directory}));
    for (const auto& one : state_->added) {
        auto begun = state_->run(one);
        if (begun) continue;
        state_->running.clear();
        state_->opened.reset();
        return begun;
    }
    return done();
}

void Groups::stop()
{
    std::vector<State::Running> ended;
    {
        const std::lock_guard lock{state_->mutex};
        ended.swap(state_->running);
    }
    ended.clear(); // without the lock: it waits for handlers, which may ask for the status
    const std::lock_guard lock{state_->mutex};
    state_->opened.reset();
}

std::vector<ConsumerGroupStatus> Groups::status() const
{
    const std::lock_guard lock{state_->mutex};
    std::vector<ConsumerGroupStatus> all;
    for (const auto& one : state_->running) all.push_back(one.group->status());
    return all;
}

std::shared_ptr<ConsumerGroup> Groups::find(std::string_view name) const
{
    const std::lock_guard lock{state_->mutex};
    for (const auto& one : state_->running) {
        if (one.group->name() == name) return one.group;
    }
    return nullptr;
}

const ConsumerGroups* Groups::checkpoints() const
{
    const std::lock_guard lock{state_->mutex};
    return state_->opened.get();
}

void Groups::work_only_elsewhere()
{
    ensure(checkpoints() == nullptr, "consumer groups are told to work only elsewhere after start()");
    state_->only_elsewhere = true;
}

Error Groups::no_such_group(std::string_view name) const
{
    std::string names;
    for (const auto& one : state_->added) names += (names.empty() ? "" : ", ") + one.options.name;
    return {Failure::invalid, "no-such-group",
            fmt::format("asked for the consumer group {} and found {}", name,
                        names.empty() ? "that the service has none" : "only: " + names)};
}

result<GroupWork> Groups::handler_of(std::string_view group) const
{
    for (const auto& one : state_->added) {
        if (one.options.name == group) return GroupWork{one.members, one.options.lease, one.handler};
    }
    return no_such_group(group);
}

result<std::shared_ptr<ConsumerGroup>> Groups::State::find(const Groups& groups, std::string_view name) const
{
    {
        const std::lock_guard lock{mutex};
        if (not opened) return groups_not_open();
        for (const auto& one : running) {
            if (one.group->name() == name) return one.group;
        }
    }
    return groups.no_such_group(name);
}

void Groups::pull(PullEvents wanted, PullEventsDone done)
{
    const auto group = state_->find(*this, wanted.group);
    if (not group) return done(group.error());
    group.value()->pull(std::move(wanted), std::move(done));
}

void Groups::finish(std::string_view group, const Lease& lease, EndedBatch ended,
                    std::function<void(result<void>)> done)
{
    const auto found = state_->find(*this, group);
    if (not found) return done(found.error());
    found.value()->finish(lease, std::move(ended), std::move(done));
}

result<std::vector<Lease>> Groups::extend(const std::vector<HeldLease>& held)
{
    std::vector<std::shared_ptr<ConsumerGroup>> all;
    {
        const std::lock_guard lock{state_->mutex};
        if (not state_->opened) return groups_not_open();
        for (const auto& one : state_->running) all.push_back(one.group);
    }
    std::vector<Lease> lost;
    for (const auto& one : held) {
        const auto extends = [&](const auto& group) {
            return group->extend(one);
        }; // an id is that of one group's member
        if (std::none_of(all.begin(), all.end(), extends)) lost.push_back(one.lease);
    }
    return lost;
}

} // namespace eventloom
