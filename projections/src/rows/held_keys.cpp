#include "rows/held_keys.hpp"

#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

struct StoredHold {
    Position waits_for = 0;
    std::set<std::string> rows;
    std::string stream;
};

template <class Visit>
result<void> visit_holds(const ReadModelView& view, const Visit& visit)
{
    const std::string prefix(1, row_keys::held);
    const auto cursor = view.scan({prefix, after_prefix(prefix)});
    for (; cursor->valid(); cursor->next()) {
        auto hold = codec<StoredHold>::decode(cursor->value());
        if (not hold || cursor->key().size() != 9) {
            return fail(Failure::corrupt, "damaged-read-model",
                        "read the dead letters of the read model in " + view.directory() +
                            " and found damage; rebuild the projection");
        }
        auto& [waits_for, rows, stream] = hold.value();
        visit(Hold{read_big_endian(cursor->key().substr(1)), waits_for, std::move(rows), std::move(stream)});
    }
    return cursor->status();
}

// The earlier of two dead letters, of which either may not be there.
void take_first(Position& first, const std::map<std::string, Position>& firsts, const std::string& key)
{
    const auto found = firsts.find(key);
    if (found != firsts.end() && (first == 0 || found->second < first)) first = found->second;
}

} // namespace

result<HeldKeys> HeldKeys::in(const ReadModelView& view)
{
    HeldKeys held;
    BOOST_OUTCOME_TRY(visit_holds(view, [&](const Hold& hold) { held.add(hold); }));
    return held;
}

Hold HeldKeys::hold_of(const UntypedProjection& definition, const RecordedEvent& event) const
{
    Hold hold{.position = event.position, .stream = event.stream};
    if (auto rows = definition.rows_of(event)) hold.rows = std::move(rows.value());
    for (const auto& row : hold.rows) take_first(hold.waits_for, rows_, row);
    take_first(hold.waits_for, hold.rows.empty() ? streams_ : whole_streams_, event.stream);
    return hold;
}

void HeldKeys::add(const Hold& hold)
{
    streams_.try_emplace(hold.stream, hold.position);
    for (const auto& row : hold.rows) rows_.try_emplace(row, hold.position);
    if (hold.rows.empty()) whole_streams_.try_emplace(hold.stream, hold.position);
}

void HeldKeys::forget_after(Position position)
{
    for (auto* const firsts : {&rows_, &whole_streams_, &streams_}) {
        std::erase_if(*firsts, [&](const auto& held) { return held.second > position; });
    }
}

void put_hold(ModelBatch& batch, const Hold& hold)
{
    std::string bytes;
    codec<StoredHold>::encode({hold.waits_for, hold.rows, hold.stream}, bytes);
    batch.put(row_keys::of_held(hold.position), bytes);
}

Error waits_for_dead_letter(const Hold& hold)
{
    return {Failure::unavailable, "waits-for-dead-letter",
            fmt::format(
                "waits for the event at position {}, which is a dead letter of the same {}; retry or discard that one",
                hold.waits_for, hold.rows.empty() ? "stream" : "row or stream")};
}

result<std::map<Position, Position>> waits_in(const ReadModelView& view)
{
    std::map<Position, Position> waits;
    BOOST_OUTCOME_TRY(visit_holds(view, [&](const Hold& hold) { waits.emplace(hold.position, hold.waits_for); }));
    return waits;
}

} // namespace eventloom
