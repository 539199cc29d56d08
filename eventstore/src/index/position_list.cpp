#include "index/position_list.hpp"

#include "record/record.hpp"

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/framework/detail/ensure.hpp>

#include <algorithm>

namespace eventloom {

void PositionList::add(Position first, std::uint64_t count)
{
    if (not runs_.empty()) {
        if (first == last() && count == 1) return;
        ensure(first > last(), "positions are added out of their order");
        if (first == last() + 1) {
            runs_.back().count += count;
            count_ += count;
            return;
        }
    }
    runs_.push_back({first, count, count_});
    count_ += count;
}

std::vector<PositionList::Run>::const_iterator PositionList::run_after(Position position) const
{
    return std::upper_bound(runs_.begin(), runs_.end(), position,
                            [](Position wanted, const Run& run) { return wanted < run.first; });
}

std::optional<Position> PositionList::at_or_after(Position position) const
{
    const auto after = run_after(position);
    if (after != runs_.begin() && std::prev(after)->first + std::prev(after)->count > position) return position;
    return after == runs_.end() ? std::nullopt : std::optional{after->first};
}

std::optional<Position> PositionList::at_or_before(Position position) const
{
    const auto after = run_after(position);
    if (after == runs_.begin()) return std::nullopt;
    const Run& run = *std::prev(after);
    return std::min(position, run.first + run.count - 1);
}

Position PositionList::operator[](std::uint64_t number) const
{
    ensure(number < count_, "a position is asked for that is not in the list");
    const auto after = std::upper_bound(runs_.begin(), runs_.end(), number,
                                        [](std::uint64_t wanted, const Run& run) { return wanted < run.before; });
    const Run& run   = *std::prev(after);
    return run.first + (number - run.before);
}

std::uint64_t PositionList::count_up_to(Position position) const
{
    const auto after = run_after(position);
    if (after == runs_.begin()) return 0;
    const Run& run = *std::prev(after);
    return run.before + std::min(run.count, position - run.first + 1);
}

std::string PositionList::encode(std::uint64_t from, std::uint64_t positions_max) const
{
    std::string bytes;
    BinaryWriter writer{bytes};
    Position after           = 0;
    const std::uint64_t till = std::min(count_, from + positions_max);
    for (const Run& run : runs_) {
        const auto begin = std::max(run.before, from);
        const auto end   = std::min(run.before + run.count, till);
        if (begin >= end) continue;
        const Position first = run.first + (begin - run.before);
        writer.unsigned_number(first - after);
        writer.unsigned_number(end - begin);
        after = first + (end - begin);
    }
    return bytes;
}

result<PositionList> PositionList::decode(std::string_view bytes)
{
    PositionList list;
    try {
        BinaryReader in{bytes};
        Position after = 0;
        while (in.left() > 0) {
            const Position first = after + in.unsigned_number();
            const auto count     = in.unsigned_number();
            if (first < after || first == 0 || count == 0 || first + count < first) {
                return damaged_index("a list of positions that is none");
            }
            list.add(first, count);
            after = first + count;
        }
    } catch (const DamagedBytes& damage) {
        return damaged_index(damage.what());
    }
    if (list.empty()) return damaged_index("an empty list of positions");
    return list;
}

} // namespace eventloom
