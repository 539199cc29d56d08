// The log as the next request of a group must see it: with what the group has staged.
#pragma once

#include "append/append_rules.hpp"
#include "index/query_walk.hpp"
#include "read/log_reader.hpp"

#include <limits>
#include <unordered_map>

namespace eventloom {

class StagedLog final : public LogView {
public:
    StagedLog(const EventIndex& index, const LogReader& log) : index_{index}, log_{log}, view_{index.view()} {}

    result<std::uint64_t> length_of(const std::string& stream) const override
    {
        return index_.length_of(view_, stream, std::numeric_limits<Position>::max());
    }
    result<std::optional<Position>> position_of(const Uuid& id) const override
    {
        if (index_.surely_new(id)) return std::optional<Position>{};
        auto found = index_.position_of(view_, id);
        if (found && found.value() && *found.value() > log_.head()) met_staged_ = true;
        return found;
    }
    result<RecordedEvent> event_at(Position position) const override { return log_.event_at(position); }
    result<std::optional<CommandRecord>> command(const Uuid& id) const override
    {
        auto found = index_.command(view_, id);
        if (found && found.value() && staged_commands_.contains(id)) met_staged_ = true;
        return found;
    }
    result<StreamStatus> status_of(const std::string& stream, Position before) const override
    {
        BOOST_OUTCOME_TRY(const auto position, log_.settings().position_of(view_, stream, before));
        if (position <= log_.head()) return log_.settings().status_at(position, stream);
        met_staged_ = true;
        return StreamStatus{};
    }
    result<std::optional<Position>> find_match(const EventQuery& query, Position after) const override
    {
        if (after >= head()) return std::optional<Position>{};
        QueryWalk walk{index_, view_, query};
        for (Position from = after + 1;;) {
            BOOST_OUTCOME_TRY(const auto found, walk.find(from, Direction::forwards));
            if (not found || *found > log_.head()) return found;
            // The index may name an event that is gone.
            BOOST_OUTCOME_TRY(const auto event, log_.event_at(*found));
            if (not is_gone(event)) return found;
            from = *found + 1;
        }
    }
    Position head() const override { return index_.newest().last(); }

    void stage(const CommandRecord& command) { staged_commands_.insert({command.id, true}); }

    // The answer depends on what the group itself has staged, so it is given only when that is durable.
    bool met_staged() const { return std::exchange(met_staged_, false); }

private:
    const EventIndex& index_;
    const LogReader& log_;
    const IndexView view_;
    std::unordered_map<Uuid, bool, UuidHash> staged_commands_;
    mutable bool met_staged_ = false;
};

} // namespace eventloom
