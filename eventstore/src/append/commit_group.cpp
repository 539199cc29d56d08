#include "append/commit_group.hpp"

#include "record/key_spaces.hpp"

#include <algorithm>

namespace eventloom {

CommitPath::Group::Group(CommitPath& path, Time now)
    : path_{path}, staged_{path.index_, path.log_}, rows_{path.rows_.folds(), path.find_row_}, end_{path.end_},
      now_{now}
{
    end_.recorded_at = std::max(end_.recorded_at, now); // a clock that goes back does not reorder the log
    path_.batch_.clear();
    path_.writer_.begin(end_.position + 1, end_.recorded_at, end_.checksum);
}

bool CommitPath::Group::take(Submission& submission)
{
    auto decision           = decide_append(submission.request(), staged_, now_);
    const bool asked_staged = staged_.met_staged();
    if (asked_staged) return false;
    if (not decision) {
        submission.keep(std::move(decision.error()));
    } else if (decision.value().repeated) {
        submission.keep(std::move(*decision.value().repeated));
    } else {
        take(submission, decision.value());
    }
    return true;
}

result<void> CommitPath::Group::write()
{
    close_record();
    if (records_.empty()) return done();
    LogRows::put(path_.batch_, rows_);
    const auto written = path_.database_.write(path_.batch_, path_.options_.durability);
    if (not written) {
        const bool is_unknown = written.error().kind == Failure::unknown;
        return is_unknown ? path_.outcome_unknown() : written.error();
    }
    for (auto& [first, last, bytes] : records_) path_.log_.recent().add(first, last, std::move(bytes));
    path_.end_ = end_;
    path_.log_.move_head(end_.position);
    if (not rows_.empty()) path_.rows_.publish();
    rows_.tell_written(end_.position);
    if (not events_->empty()) path_.observers_.tell(std::move(events_));
    return done();
}

void CommitPath::Group::take(Submission& submission, const AppendDecision& decision)
{
    const AppendRequest& request = submission.request();
    auto answer                  = answer_of(request, decision, end_.position);
    const auto events_before     = events_->size();
    if (rows_.has_folds() || not path_.observers_.empty()) {
        record_events(request, answer, end_.recorded_at, *events_);
    }
    if (auto folded = fold(std::span{*events_}.subspan(events_before)); not folded) {
        events_->resize(events_before);
        return submission.keep(std::move(folded.error()));
    }
    stage(submission, answer);
    submission.keep(std::move(answer));
}

result<void> CommitPath::Group::fold(std::span<const RecordedEvent> events)
{
    if (events.empty() || not rows_.has_folds()) return done();
    return rows_.fold(events);
}

void CommitPath::Group::stage(Submission& submission, const Appended& answer)
{
    const AppendRequest& request = submission.request();
    auto& newest                 = path_.index_.newest();
    {
        const std::unique_lock lock{newest.mutex()};
        std::size_t body = 0;
        for (std::size_t i = 0; i < request.streams.size(); ++i) {
            stage(request.streams[i], answer.streams[i].first_version, submission.bodies(), body, newest);
        }
        if (answer.command) newest.add(*answer.command);
    }
    if (answer.command) {
        path_.writer_.add(*answer.command);
        staged_.stage(*answer.command);
    }
}

void CommitPath::Group::stage(const StreamAppend& append, Version version, const EventBodies& bodies, std::size_t& body,
                              IndexTail& newest)
{
    path_.writer_.enter_stream(append.stream, version);
    if (is_settings_stream(append.stream))
        path_.batch_.put(key_spaces::of_about("format"), format_bytes(store_format_version));
    for (const NewEvent& event : append.events) {
        if (path_.writer_.bytes() >= path_.options_.record_bytes) {
            close_record();
            path_.writer_.enter_stream(append.stream, version);
        }
        path_.writer_.add(bodies.bytes_of(body), bodies.bodies[body].checksum);
        newest.add(IndexedEvent{event.id, append.stream, version, ++end_.position, event.type, event.metadata.tags});
        ++version;
        ++body;
    }
}

void CommitPath::Group::close_record()
{
    RecordWriter& writer = path_.writer_;
    if (writer.empty()) return;
    auto bytes       = path_.log_.recent().spare();
    const auto count = writer.events();
    end_.checksum    = writer.finish(bytes);
    end_.ordinal     = count == 0 ? end_.ordinal + 1 : 0;
    path_.batch_.put(key_spaces::of_record(end_.position, end_.ordinal), bytes);
    records_.emplace_back(end_.position - count + 1, end_.position, std::move(bytes));
    if (count > 0) end_.checksum_of_position = end_.checksum;
    writer.begin(end_.position + 1, end_.recorded_at, end_.checksum);
}

} // namespace eventloom
