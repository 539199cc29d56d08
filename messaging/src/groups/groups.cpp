#include <eventloom/messaging/groups.hpp>

#include <eventloom/framework/detail/ensure.hpp>

#include <mutex>

namespace eventloom {

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
    mutable std::mutex mutex; // over what follows
    std::unique_ptr<ConsumerGroups> opened;
    std::vector<Running> running;

    result<void> run(const Added& one)
    {
        BOOST_OUTCOME_TRY(auto group, opened->open_group(one.options));
        running.push_back({group, {}});
        for (unsigned i = 1; i <= one.members; ++i) {
            BOOST_OUTCOME_TRY(auto member, group->join(std::to_string(i), one.handler));
            running.back().members.push_back(std::move(member));
        }
        return done();
    }
};

Groups::Groups(const Runtime& runtime, EventStore& store, std::string directory)
    : state_{new State{runtime, store, std::move(directory), {}, {}, {}, {}}}
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

} // namespace eventloom
