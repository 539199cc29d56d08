#include "commit_path.hpp"

#include "key_spaces.hpp"

#include <eventloom/framework/ensure.hpp>

namespace eventloom {

namespace {

std::string number_bytes(std::uint64_t number)
{
    std::string bytes;
    append_big_endian(bytes, number);
    return bytes;
}

} // namespace

CommitPath::CommitPath(const Runtime& runtime, Database& database, LogReader& log, Observers& observers,
                       Durability durability, const LogEnd& end)
    : runtime_{runtime}, database_{database}, log_{log}, observers_{observers}, durability_{durability}, end_{end}
{
}

LogEnd CommitPath::end() const
{
    const std::lock_guard lock{mutex_};
    return end_;
}

void CommitPath::put(const RecordedEvent& event, Batch& batch, LogEnd& end) const
{
    ensure(event.position == end.position + 1, "the log was about to get a gap");
    const auto position = number_bytes(event.position);
    std::string record;
    end.checksum = encode_record(event, end.checksum, record);
    end.position = event.position;
    batch.put(key_spaces::of_event(event.position), record);
    batch.put(key_spaces::with_number(key_spaces::of_stream(event.stream), event.version), position);
    batch.put(key_spaces::with_number(key_spaces::of_category(category_of(event.stream)), event.position), {});
    batch.put(key_spaces::of_id(key_spaces::event_id, event.id), position);
}

result<Appended> CommitPath::commit(const AppendRequest& request)
{
    const std::lock_guard one_at_a_time{mutex_};
    BOOST_OUTCOME_TRY(auto decision, decide_append(request, log_, runtime_.clock.now()));
    if (decision.repeated) return std::move(*decision.repeated);

    LogEnd end = end_;
    end.recorded_at =
        std::max(end.recorded_at, runtime_.clock.now()); // a clock that goes back does not reorder the log
    auto plan = plan_append(request, decision, end.position, end.recorded_at);
    Batch batch;
    for (const RecordedEvent& event : plan.events) put(event, batch, end);
    for (std::size_t i = 0; i < request.streams.size(); ++i) {
        batch.put(key_spaces::of_length(request.streams[i].stream),
                  number_bytes(plan.answer.streams[i].last_version + 1));
    }
    if (plan.answer.command) {
        batch.put(key_spaces::of_id(key_spaces::command, plan.answer.command->id),
                  encode_command(*plan.answer.command));
    }
    BOOST_OUTCOME_TRY(database_.write(batch, durability_));

    end_ = end;
    log_.move_head(end.position);
    if (not plan.events.empty()) {
        observers_.tell(std::make_shared<const std::vector<RecordedEvent>>(std::move(plan.events)));
    }
    return std::move(plan.answer);
}

} // namespace eventloom
