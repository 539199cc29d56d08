// Positions in ascending order, kept as runs: the events of one type, tag, category or stream.
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

class PositionList {
public:
    // They must follow all that are in it; a position that is already its last is not added again.
    void add(Position first, std::uint64_t count);

    bool empty() const { return runs_.empty(); }
    std::uint64_t count() const { return count_; }
    Position first() const { return runs_.front().first; }
    Position last() const { return runs_.back().first + runs_.back().count - 1; }

    std::optional<Position> at_or_after(Position position) const;
    std::optional<Position> at_or_before(Position position) const;

    // The position with this number, counted from 0; below count().
    Position operator[](std::uint64_t number) const;

    // How many positions are not after `position`.
    std::uint64_t count_up_to(Position position) const;

    // All of them, in their order.
    template <class Visit>
    void visit(Visit visit) const
    {
        for (const Run& run : runs_) {
            for (std::uint64_t i = 0; i < run.count; ++i) visit(run.first + i);
        }
    }

    // docs/format.md, "Positions". At most `positions_max` of them, from number `from` on.
    std::string encode(std::uint64_t from, std::uint64_t positions_max) const;
    static result<PositionList> decode(std::string_view bytes);

private:
    struct Run {
        Position first       = 0;
        std::uint64_t count  = 0;
        std::uint64_t before = 0; // how many positions stand in earlier runs
    };
    std::vector<Run>::const_iterator run_after(Position position) const;

    std::vector<Run> runs_;
    std::uint64_t count_ = 0;
};

} // namespace eventloom
