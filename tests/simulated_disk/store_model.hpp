// What an event store must hold and answer, by the simplest means: a list of events. Written apart from the store's own
// rules, so that both have to be wrong in the same way before a test is.
//
//     const auto expected = model.expect(request);
//     ... the store's answer must be that ...
//     model.take(request);                           // when it was acknowledged
//     CHECK(difference(*store, model) == "");
//
// Threads: one.
#pragma once

#include "simulated_disk/asked_of_streams.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace eventloom::testing {

class StoreModel {
public:
    struct Answer {
        std::string code                    = {}; // of the refusal; empty: taken
        bool repeated                       = false;
        std::vector<StreamAppended> streams = {};
        Position first                      = 0;
        Position last                       = 0;
    };
    // What an append is to be answered.
    Answer expect(const AppendRequest& request) const;
    // What the store has taken. An append that is refused or repeated changes nothing.
    void take(const AppendRequest& request);

    // When its events were recorded, which only the store can say; from then on that must stay as it is. Says whether the
    // log could be read to its end.
    bool take_times_from(const EventStore& store);
    // By which the ages of events are reckoned, when those of a stream are limited.
    void it_is(Time now) { now_ = now; }

    // Events that no reader of their streams is to see, and that are not gone.
    std::set<Position> hidden() const;
    const std::set<Position>& gone() const { return gone_; }
    // A scavenge begins: until nothing_is_going() any event that is hidden now may be found gone, and no other.
    void scavenge_begins();
    void nothing_is_going() { may_go_.clear(); }
    // What is gone of the events that the model has, which after an interrupted scavenge only the store can say. "" or what
    // is wrong: a place that is not as it was, an event that is gone and may not be, or that is there again.
    std::string take_gone_from(const LevelDbStore& store);

    Position head() const { return events_.size(); }
    const std::vector<RecordedEvent>& events() const { return events_; }
    const std::map<std::string, std::vector<Position>>& streams() const { return streams_; }
    const std::map<Uuid, CommandRecord>& commands() const { return commands_; }
    std::uint64_t length(const std::string& stream) const;
    std::vector<Position> matching(const ReadRequest& request) const;

private:
    std::optional<Answer> standing(const AppendRequest& request) const;
    bool stands(const StreamAppend& append, Answer& answer) const;
    std::string refusal_of(const StreamAppend& append) const;
    bool is_hidden(const RecordedEvent& event) const;
    std::string compare_with(const RecordedEvent& found) const;

    std::vector<RecordedEvent> events_;
    Position timed_ = 0; // up to there it is known when they were recorded, unless they are gone
    Time now_       = {};
    AskedOfStreams asked_;
    std::set<Position> gone_;
    std::set<Position> may_go_;
    std::map<std::string, std::vector<Position>> streams_;
    std::map<Uuid, Position> ids_;
    std::map<Uuid, CommandRecord> commands_;
};

// Whether an event is the one of the model, which may not know when it was recorded.
bool same_event(const RecordedEvent& event, const RecordedEvent& of_model);
// "" when the answer is the expected one, else what is wrong with it.
std::string wrong_answer(const StoreModel::Answer& expected, const result<Appended>& answer);
// "" when a reading gives what the model gives.
std::string wrong_reading(const EventStore& store, const StoreModel& model, const ReadRequest& request);
// "" when the store holds exactly what the model holds: events, streams, commands.
std::string difference(const EventStore& store, const StoreModel& model);
// After a crash: what was acknowledged is there; of the appends in doubt, each is there whole or not at all, in their
// order; nothing else is there. The model takes those that are.
std::string settle(const EventStore& store, StoreModel& model, const std::vector<AppendRequest>& in_doubt);

} // namespace eventloom::testing
