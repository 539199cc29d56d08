// The events that wait for a dead letter, when a projection also parks later events of the same key (OnFailure::park_key).
//
//     BOOST_OUTCOME_TRY(auto held, HeldKeys::in(*model.view()));
//     if (const auto wait = held.wait_of(definition, event)) ...        // this event becomes a dead letter too
//     held.add(letter);                                                 // and holds later events
//
// A dead letter holds its row. When its handler takes whole tables, or the event cannot be decoded, it holds its stream. An
// event of one row waits for a dead letter that holds the row or its stream. An event whose handler takes whole tables may
// change any row, so it waits for every dead letter of its stream. Threads: one.
#pragma once

#include <eventloom/projections/detail/read_model.hpp>

#include <map>
#include <set>
#include <string>

namespace eventloom {

// What is stored with a dead letter in the read model.
struct Hold {
    Position position  = 0;       // of the dead letter
    Position waits_for = 0;       // of an earlier dead letter; 0: this event itself failed
    std::set<std::string> rows{}; // their keys in the read model; none: whole tables
    std::string stream{};
};

class HeldKeys {
public:
    // Those in a read model.
    static result<HeldKeys> in(const ReadModelView& view);

    // What this event would hold as a dead letter, and the dead letter that it waits for, if any.
    Hold hold_of(const UntypedProjection& definition, const RecordedEvent& event) const;
    void add(const Hold& hold);
    bool is_empty() const { return streams_.empty(); }

    // As if no dead letter after this position had been added.
    void forget_after(Position position);

private:
    using Firsts = std::map<std::string, Position>; // the first dead letter that holds it

    Firsts rows_;
    Firsts whole_streams_;
    Firsts streams_; // of all dead letters
};

void put_hold(ModelBatch& batch, const Hold& hold);
// Why an event that waits is a dead letter.
Error waits_for_dead_letter(const Hold& hold);
// By the position of each dead letter that has one: what it waits for.
result<std::map<Position, Position>> waits_in(const ReadModelView& view);

} // namespace eventloom
