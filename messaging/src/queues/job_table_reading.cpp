// What is asked of the table of jobs.
#include "job_table_keys.hpp"

#include <eventloom/framework/detail/codec.hpp>

#include <algorithm>

namespace eventloom::queues {

namespace {

ReadyJob ready_in(std::string_view value)
{
    const auto end_of_key = value.find('\0', 16);
    return {keys::id_in(value), std::string{value.substr(16, end_of_key - 16)},
            std::string{value.substr(end_of_key + 1)}};
}

constexpr std::array all_states{JobState::waiting,   JobState::scheduled, JobState::running, JobState::completed,
                                JobState::cancelled, JobState::expired,   JobState::dead,    JobState::discarded};

} // namespace

result<std::vector<std::pair<Position, ReadyJob>>> JobTable::ready_after(const std::string& queue,
                                                                         std::uint32_t priority,
                                                                         std::optional<Position> after,
                                                                         std::size_t limit) const
{
    const auto prefix = keys::of_priority(queue, priority);
    auto from         = prefix;
    append_big_endian(from, after ? *after + 1 : 0);
    std::vector<std::pair<Position, ReadyJob>> found;
    auto cursor = database_->scan_cursor();
    for (cursor.seek(from); found.size() < limit && cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        found.emplace_back(read_big_endian(cursor.key().substr(prefix.size())), ready_in(cursor.value()));
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return found;
}

result<std::vector<std::pair<WakeKey, bool>>> JobTable::wakes_after(const std::optional<WakeKey>& after,
                                                                    std::size_t limit) const
{
    const std::string prefix{keys::wakes};
    std::vector<std::pair<WakeKey, bool>> found;
    auto cursor = database_->scan_cursor();
    cursor.seek(after ? keys::of_wake(*after) : prefix);
    for (; found.size() < limit && cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        const auto wake = keys::wake_in(cursor.key());
        if (wake != after) found.emplace_back(wake, true);
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return found;
}

result<std::uint64_t> JobTable::count_before(const JobRow& row, std::uint64_t most) const
{
    const auto prefix   = keys::of_queue(keys::ready, row.job.queue);
    const auto end      = keys::of_ready(row.job);
    std::uint64_t count = 0;
    auto cursor         = database_->scan_cursor();
    for (cursor.seek(prefix); count < most && cursor.valid() && cursor.key() < end; cursor.next()) ++count;
    BOOST_OUTCOME_TRY(cursor.status());
    return count;
}

result<std::optional<Uuid>> JobTable::head_of(const std::string& queue, const std::string& key) const
{
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(keys::of_key(keys::head, queue, key)));
    return bytes ? std::optional{keys::id_in(*bytes)} : std::optional<Uuid>{};
}

result<std::optional<JobRow>> JobTable::find(const Uuid& id) const
{
    BOOST_OUTCOME_TRY(const auto bytes, database_->get(keys::of_id(keys::row, id)));
    if (not bytes) return std::optional<JobRow>{};
    BOOST_OUTCOME_TRY(auto row, codec<JobRow>::decode(*bytes));
    return std::optional{std::move(row)};
}

result<void> JobTable::visit(const JobVisit& wanted, const std::function<bool(const Uuid&, const JobRow&)>& visit) const
{
    const auto queues = wanted.queue.empty() ? this->queues() : std::set{wanted.queue};
    for (const auto& queue : queues) {
        for (const JobState state : all_states) {
            if (wanted.state && *wanted.state != state) continue;
            const auto prefix = keys::of_listed(queue, state);
            auto cursor       = database_->scan_cursor();
            for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
                const auto id = keys::id_in(cursor.key().substr(prefix.size()));
                BOOST_OUTCOME_TRY(const auto row, find(id));
                if (row && not visit(id, *row)) return done();
            }
            BOOST_OUTCOME_TRY(cursor.status());
        }
    }
    return done();
}

result<std::vector<Uuid>> JobTable::begun() const
{
    const std::string prefix{keys::begun};
    std::vector<Uuid> ids;
    auto cursor = database_->scan_cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        ids.push_back(keys::id_in(cursor.key().substr(1)));
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return ids;
}

JobTable::Counts JobTable::count() const
{
    const std::lock_guard lock{mutex_};
    return counts_;
}

std::map<std::string, Time> JobTable::pauses() const
{
    const std::lock_guard lock{mutex_};
    return pauses_;
}

std::set<std::string> JobTable::queues() const
{
    std::set<std::string> names;
    const std::lock_guard lock{mutex_};
    for (const auto& [queue_and_state, number] : counts_) names.insert(queue_and_state.first);
    return names;
}

} // namespace eventloom::queues
