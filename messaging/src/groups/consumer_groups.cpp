#include <eventloom/messaging/consumer_groups.hpp>

#include "consumer_group.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <map>

namespace eventloom {

namespace {

// What the user holds of a member. The seat outlives it while a turn runs.
class Membership final : public PullingMember {
public:
    Membership(std::shared_ptr<Group> group, std::shared_ptr<Group::Seat> seat)
        : group_{std::move(group)}, seat_{std::move(seat)}
    {
    }
    ~Membership() override { group_->leave(*seat_); }
    Membership(const Membership&)            = delete;
    Membership& operator=(const Membership&) = delete;

    const std::string& name() const override { return seat_->name; }
    std::optional<Error> error() const override { return group_->ended(*seat_); }
    void leave() override { group_->leave(*seat_); }
    result<MemberBatch> next(std::optional<Time> deadline) override { return group_->next(*seat_, deadline); }
    result<void> acknowledge(const MemberBatch& batch) override { return acknowledge(batch, batch.events.size()); }
    result<void> acknowledge(const MemberBatch& batch, std::size_t count) override
    {
        return group_->acknowledge(*seat_, batch, count, nullptr);
    }
    result<void> fail(const MemberBatch& batch, std::size_t count, Error why) override
    {
        return group_->acknowledge(*seat_, batch, count, &why);
    }
    result<void> renew() override { return group_->renew(*seat_); }

private:
    const std::shared_ptr<Group> group_;
    const std::shared_ptr<Group::Seat> seat_;
};

} // namespace

result<std::shared_ptr<GroupMember>> Group::join(std::string member, GroupHandler handler)
{
    ensure(handler != nullptr, "a member joins a consumer group with an empty handler");
    BOOST_OUTCOME_TRY(auto taken, seat(std::move(member), std::move(handler)));
    return std::shared_ptr<GroupMember>{std::make_shared<Membership>(shared_from_this(), std::move(taken))};
}

result<std::shared_ptr<PullingMember>> Group::join(std::string member)
{
    BOOST_OUTCOME_TRY(auto taken, seat(std::move(member), nullptr));
    return std::shared_ptr<PullingMember>{std::make_shared<Membership>(shared_from_this(), std::move(taken))};
}

struct ConsumerGroups::Core {
    Runtime runtime;
    EventStore& store;
    std::shared_ptr<CheckpointTable> table;
    std::mutex mutex;
    std::map<std::string, std::weak_ptr<Group>> groups;

    // A new group's beginning is kept at once: another `after`, the next time, must not leave anything out.
    result<GroupCheckpoint> checkpoint_of(const ConsumerGroupOptions& options)
    {
        BOOST_OUTCOME_TRY(const auto stored, table->find(options.name));
        if (stored) {
            BOOST_OUTCOME_TRY(check_checkpoint(store, stored->read, "opened the consumer group " + options.name,
                                               "begin a new group under another name"));
            return *stored;
        }
        const auto head = store.head();
        if (options.after > head) {
            return fail(Failure::invalid, "group-begins-after-log",
                        fmt::format("began the consumer group {} after position {} and found a log that ends at {}; "
                                    "begin it at the head",
                                    options.name, options.after, head));
        }
        GroupCheckpoint first{options.after, {}, 0, {}};
        BOOST_OUTCOME_TRY(table->put(options.name, first));
        return first;
    }
};

ConsumerGroups::ConsumerGroups(std::unique_ptr<Core> core) : core_{std::move(core)} {}

ConsumerGroups::~ConsumerGroups() = default;

result<std::unique_ptr<ConsumerGroups>> ConsumerGroups::open(const Runtime& runtime, EventStore& store,
                                                             const ConsumerGroupsOptions& options)
{
    BOOST_OUTCOME_TRY(auto table, CheckpointTable::open(runtime, options.directory));
    std::unique_ptr<Core> core{new Core{runtime, store, std::move(table), {}, {}}};
    return std::unique_ptr<ConsumerGroups>{new ConsumerGroups{std::move(core)}};
}

result<std::shared_ptr<ConsumerGroup>> ConsumerGroups::open_group(ConsumerGroupOptions options)
{
    ensure(options.batch_events_max > 0 && options.buffered_events_max > 0 && options.buffered_bytes_max > 0 &&
               options.attempts_max > 0 && options.buffered_events_max <= 65'536,
           "a consumer group is opened with a bound of nothing, or with one beyond 65,536 events");
    if (options.name.empty() || options.name.size() > StoreLimits{}.stream_name_bytes ||
        not is_clean_name(options.name)) {
        return fail(Failure::invalid, "invalid-group-name",
                    "opened a consumer group and found a name that is not 1 to 512 bytes of UTF-8 without control "
                    "characters; give it another");
    }
    BOOST_OUTCOME_TRY(check_scope(options.scope));
    const std::lock_guard lock{core_->mutex};
    auto& known = core_->groups[options.name];
    if (const auto open = known.lock(); open && not open->is_closed()) {
        return fail(Failure::conflict, "group-is-open",
                    "opened the consumer group " + options.name + " and found it open; use that one");
    }
    BOOST_OUTCOME_TRY(const auto checkpoint, core_->checkpoint_of(options));
    auto group = std::make_shared<Group>(core_->runtime, core_->store, core_->table, std::move(options), checkpoint);
    group->start(checkpoint.members);
    known = group;
    // A task in flight holds the group too; what the caller holds is the promise that it closes.
    return std::shared_ptr<ConsumerGroup>{group.get(), [group](ConsumerGroup*) { group->close(); }};
}

result<std::vector<std::string>> ConsumerGroups::names() const
{
    return core_->table->names();
}

result<std::unique_ptr<DatabaseCapture>> ConsumerGroups::capture() const
{
    return core_->table->capture();
}

} // namespace eventloom
