#include "job_table_writing.hpp"

#include <eventloom/framework/detail/value_codec.hpp>

template struct eventloom::codec<eventloom::queues::JobRow>;
template struct eventloom::codec<eventloom::QueueLimits>;

namespace eventloom::queues {

namespace {

std::string value_of_ready(const Uuid& id, const Job& job)
{
    std::string value{keys::bytes_of(id)};
    value.append(job.terms.key).push_back('\0');
    return value.append(job.type);
}

Time wakes_at(const JobRow& row)
{
    if (row.place == Place::ended) return Time::max();
    return row.place == Place::delayed ? std::min(row.wakes, row.job.expires) : row.job.expires;
}

} // namespace

result<std::optional<JobRow>> JobTable::Writing::find(const Uuid& id) const
{
    if (const auto known = rows_.find(id); known != rows_.end()) return std::optional{known->second};
    return table_.find(id);
}

result<std::optional<Uuid>> JobTable::Writing::head_of(const std::string& key) const
{
    if (const auto known = heads_.find(key); known != heads_.end()) return known->second;
    BOOST_OUTCOME_TRY(const auto bytes, table_.database_->get(key));
    return bytes ? std::optional{keys::id_in(*bytes)} : std::nullopt;
}

void JobTable::Writing::set_head(const std::string& key, std::optional<Uuid> id)
{
    id ? batch_.put(key, keys::bytes_of(*id)) : batch_.remove(key);
    heads_[key] = id;
}

result<void> JobTable::Writing::find_place(const Uuid& id, JobRow& row, Time at)
{
    const Job& job = row.job;
    if (is_held_in_order(job)) {
        const auto key = keys::of_key(keys::head, job.queue, job.terms.key);
        BOOST_OUTCOME_TRY(const auto head, head_of(key));
        if (head && *head != id) {
            row.place = Place::held;
            return done();
        }
        set_head(key, id);
    }
    row.place = job.due > at ? Place::delayed : Place::ready;
    row.wakes = job.due;
    return done();
}

result<void> JobTable::Writing::put(const Uuid& id, std::optional<JobRow> before, JobRow now, Time at)
{
    now.job.result.clear(); // it is in the stream
    if (now.place != Place::delayed) now.wakes = Time::max();
    now.wakes            = wakes_at(now);
    const bool has_ended = now.place == Place::ended && (not before || before->place != Place::ended);
    std::optional<Uuid> next;
    if (has_ended && is_held_in_order(now.job)) {
        BOOST_OUTCOME_TRY(next, free_key_of(id, now.job));
    }
    replace(id, before, now);
    rows_[id] = now;
    folded.jobs.push_back({id, before ? before->wakes : Time::max(), std::move(now)});
    if (not next) return done();
    BOOST_OUTCOME_TRY(auto held, find(*next));
    if (not held) return done();
    JobRow ready = *held;
    BOOST_OUTCOME_TRY(find_place(*next, ready, at));
    return put(*next, std::move(held), std::move(ready), at);
}

// The one that waits for it longest. What is written before has its entries; what follows from this is one batch with it.
result<std::optional<Uuid>> JobTable::Writing::free_key_of(const Uuid& id, const Job& ended)
{
    const auto key = keys::of_key(keys::head, ended.queue, ended.terms.key);
    BOOST_OUTCOME_TRY(const auto head, head_of(key));
    if (head != id) return std::optional<Uuid>{}; // it was held itself
    BOOST_OUTCOME_TRY(write(std::nullopt));
    set_head(key, std::nullopt);
    return table_.first_held(ended.queue, ended.terms.key);
}

template <class Entry>
void JobTable::Writing::each_entry(const Uuid& id, const JobRow& row, const Entry& entry) const
{
    const bool in_order = table_.is_in_order(row.job.queue);
    if (row.place == Place::ready) entry(keys::of_ready(row.job), value_of_ready(id, row.job));
    if (row.place == Place::held) entry(keys::of_held(row.job, in_order), std::string{keys::bytes_of(id)});
    if (row.wakes != Time::max()) entry(keys::of_wake({row.wakes, id}), std::string{});
    if (row.job.tried.begun) entry(keys::of_id(keys::begun, id), std::string{});
    entry(keys::of_listed(row.job.queue, row.shown_state()).append(keys::bytes_of(id)), std::string{});
}

void JobTable::Writing::remove_entries(const Uuid& id, const JobRow& row)
{
    each_entry(id, row, [&](const std::string& key, const std::string&) { batch_.remove(key); });
    count(row, false);
}

void JobTable::Writing::remove(const Uuid& id, const JobRow& row)
{
    remove_entries(id, row);
    batch_.remove(keys::of_id(keys::row, id));
}

void JobTable::Writing::hear_settings_up_to(Position position)
{
    batch_.put({&keys::settings, 1}, keys::big_endian(position));
}

void JobTable::Writing::replace(const Uuid& id, const std::optional<JobRow>& before, const JobRow& now)
{
    if (before) remove_entries(id, *before);
    each_entry(id, now, [&](const std::string& key, const std::string& value) { batch_.put(key, value); });
    count(now, true);
    std::string bytes;
    codec<JobRow>::encode(now, bytes);
    batch_.put(keys::of_id(keys::row, id), bytes);
}

void JobTable::Writing::count(const JobRow& row, bool one_more)
{
    counts_[{row.job.queue, row.shown_state()}] += one_more ? 1 : -1;
}

void JobTable::Writing::pause(const std::string& queue, Time until)
{
    pauses_[queue] = until;
    const auto key = keys::of_queue(keys::paused, queue);
    const auto to  = static_cast<std::uint64_t>(until.time_since_epoch().count());
    until == Time{} ? batch_.remove(key) : batch_.put(key, keys::big_endian(to));
    folded.pauses.push_back({queue, until});
}

void JobTable::Writing::limit(const std::string& queue, const QueueLimits& limits)
{
    limits_[queue] = limits;
    std::string bytes;
    codec<QueueLimits>::encode(limits, bytes);
    batch_.put(keys::of_queue(keys::limited, queue), bytes);
    folded.limits.emplace_back(queue, limits);
}

result<void> JobTable::Writing::write(std::optional<Position> checkpoint)
{
    {
        const std::lock_guard lock{table_.mutex_};
        for (const auto& [what, difference] : counts_) {
            auto& number = table_.counts_[what];
            number += static_cast<std::uint64_t>(difference);
            batch_.put(keys::of_count(what.first, what.second), keys::big_endian(number));
        }
        for (const auto& [queue, until] : pauses_) table_.pauses_[queue] = until;
        for (const auto& [queue, limits] : limits_) table_.limits_[queue] = limits;
        if (checkpoint) table_.checkpoint_ = *checkpoint;
    }
    if (checkpoint) batch_.put({&keys::checkpoint, 1}, keys::big_endian(*checkpoint));
    counts_.clear();
    pauses_.clear();
    limits_.clear();
    if (batch_.empty()) return done();
    BOOST_OUTCOME_TRY(table_.database_->write(batch_, Durability::buffered));
    batch_.clear();
    rows_.clear();
    heads_.clear();
    return done();
}

} // namespace eventloom::queues
