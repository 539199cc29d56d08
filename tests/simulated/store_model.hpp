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

#include <eventloom/eventstore/leveldb_store.hpp>

#include <map>
#include <optional>
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

    // When its events were recorded, which only the store can say; from then on that must stay as it is.
    void take_times_from(const EventStore& store);

    Position head() const { return events_.size(); }
    const std::vector<RecordedEvent>& events() const { return events_; }
    const std::map<std::string, std::vector<Position>>& streams() const { return streams_; }
    const std::map<Uuid, CommandRecord>& commands() const { return commands_; }
    std::uint64_t length(const std::string& stream) const;
    std::vector<Position> matching(const ReadRequest& request) const;

private:
    std::optional<Answer> standing(const AppendRequest& request) const;
    bool stands(const StreamAppend& append, Answer& answer) const;

    std::vector<RecordedEvent> events_;
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
