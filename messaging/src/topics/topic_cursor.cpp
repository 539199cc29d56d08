#include "topic_cursor.hpp"

#include <algorithm>

namespace eventloom::topics {

TopicCursor::TopicCursor(const TopicLog& topic, ReadRequest request)
    : topic_{topic}, request_{std::move(request)}, until_{topic.head()}
{
}

result<void> TopicCursor::begin()
{
    if (std::exchange(has_begun_, true)) return done();
    from_ = request_.from.value_or(0);
    // In a stream places are versions: the first message has the version 0.
    if (request_.from && request_.scope.kind() == Scope::Kind::stream) ++from_;
    if (not request_.at) return done();
    BOOST_OUTCOME_TRY(const Position at, topic_.first_at(*request_.at));
    from_ = std::max(from_, at);
    return done();
}

result<const RecordedEvent*> TopicCursor::next()
{
    const auto fill = [&]() -> result<void> {
        BOOST_OUTCOME_TRY(begin());
        BOOST_OUTCOME_TRY(messages_, topic_.chunk(from_, until_));
        next_ = 0;
        if (not messages_.empty()) from_ = messages_.back().position + 1;
        return done();
    };
    while (given_ < request_.limit && not error_) {
        for (; next_ < messages_.size(); ++next_) {
            if (not request_.scope.contains(messages_[next_])) continue;
            ++given_;
            return &messages_[next_++];
        }
        if (auto filled = fill(); not filled) error_ = std::move(filled.error());
        if (messages_.empty()) break;
    }
    if (error_) return *error_;
    return nullptr;
}

} // namespace eventloom::topics
