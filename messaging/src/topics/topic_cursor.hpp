// A reader of a topic. It takes some messages at a time and holds nothing between two of these, so that a slow one keeps no file
// of a segment that has gone; then it goes on with the oldest that is kept.
//
//     TopicCursor cursor{topic, {.from = 17}};
//     BOOST_OUTCOME_TRY(const RecordedEvent* message, cursor.next());
//
// Threads: one. The topic outlives it.
#pragma once

#include "topic_log.hpp"

namespace eventloom::topics {

class TopicCursor final : public EventCursor {
public:
    TopicCursor(const TopicLog& topic, ReadRequest request);
    result<const RecordedEvent*> next() override;

private:
    result<void> begin();

    const TopicLog& topic_;
    const ReadRequest request_;
    const Position until_;
    Position from_       = 0;
    bool has_begun_      = false;
    std::uint64_t given_ = 0;
    std::vector<RecordedEvent> messages_;
    std::size_t next_ = 0;
    std::optional<Error> error_;
};

// Gives an error alone.
class NoMessages final : public EventCursor {
public:
    explicit NoMessages(Error error) : error_{std::move(error)} {}
    result<const RecordedEvent*> next() override { return error_; }

private:
    const Error error_;
};

} // namespace eventloom::topics
