// A store, consumer groups over it, and members whose doings are in a ledger: for the tests of consumer groups.
#pragma once

#include "support/answers.hpp"
#include "support/group_ledger.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/messaging/consumer_groups.hpp>

#include <catch2/catch.hpp>

namespace eventloom::testing {

using Positions = std::vector<Position>;

struct GroupMachine : SimulatedMachine {
    TemporaryDirectory directory;
    StoreUnderTest store;
    std::unique_ptr<ConsumerGroups> groups;
    GroupLedger ledger;

    explicit GroupMachine(const StoreKind& kind) : store{kind.open(runtime)} { open_groups(); }

    void open_groups()
    {
        groups.reset();
        auto opened = ConsumerGroups::open(runtime, *store.store, {.directory = directory.path() + "/groups"});
        REQUIRE(opened);
        groups = std::move(opened.value());
    }

    std::shared_ptr<ConsumerGroup> open(ConsumerGroupOptions options)
    {
        auto opened = groups->open_group(std::move(options));
        REQUIRE(opened);
        return std::move(opened.value());
    }

    void append(const std::string& stream, int events = 1, const std::string& type = "noted",
                std::vector<std::string> tags = {})
    {
        std::vector<NewEvent> notes;
        for (int i = 0; i < events; ++i) notes.push_back(note_of(runtime, "x", type));
        for (auto& note : notes) note.metadata.tags = tags;
        REQUIRE(store->append(to(stream, ExpectedVersion::any(), std::move(notes))));
    }

    std::shared_ptr<GroupMember> join(ConsumerGroup& group, const std::string& name)
    {
        auto joined = group.join(name, [this, name](const RecordedEvent& event) -> result<void> {
            ledger.handed_over(name, event);
            ledger.acknowledged(event);
            return done();
        });
        REQUIRE(joined);
        return std::move(joined.value());
    }

    std::shared_ptr<PullingMember> pull(ConsumerGroup& group, const std::string& name)
    {
        auto joined = group.join(name);
        REQUIRE(joined);
        simulated.run_until_idle();
        return std::move(joined.value());
    }

    // The next batch, after everything that could be read is read.
    MemberBatch next(PullingMember& member)
    {
        auto batch = member.next();
        REQUIRE(batch);
        for (const auto& event : batch.value().events) ledger.handed_over(member.name(), event);
        return std::move(batch.value());
    }

    void acknowledge(PullingMember& member, const MemberBatch& batch, std::size_t count)
    {
        REQUIRE(member.acknowledge(batch, count));
        for (std::size_t i = 0; i < count; ++i) ledger.acknowledged(batch.events[i]);
        simulated.run_until_idle();
    }
    void acknowledge(PullingMember& member, const MemberBatch& batch)
    {
        acknowledge(member, batch, batch.events.size());
    }

    // Takes and acknowledges until there is nothing more; gives what came.
    Positions drain(PullingMember& member)
    {
        Positions came;
        for (;;) {
            simulated.run_until_idle();
            const auto batch = next(member);
            if (batch.events.empty()) return came;
            for (const auto& event : batch.events) came.push_back(event.position);
            acknowledge(member, batch);
        }
    }
};

inline Positions positions_of(const MemberBatch& batch)
{
    Positions positions;
    for (const auto& event : batch.events) positions.push_back(event.position);
    return positions;
}

inline const StoreKind& any_store()
{
    static const StoreKind kind = every_store().front();
    return kind;
}

} // namespace eventloom::testing
