// One batch of changes to the table of jobs, which sees what it has changed. Threads: one.
#pragma once

#include "job_table_keys.hpp"

namespace eventloom::queues {

class JobTable::Writing {
public:
    explicit Writing(JobTable& table) : table_{table} {}

    result<std::optional<JobRow>> find(const Uuid& id) const;
    // The row as it is now, with all of its entries, after an event or a move at `at`.
    result<void> put(const Uuid& id, std::optional<JobRow> before, JobRow now, Time at);
    void remove(const Uuid& id, const JobRow& row);
    void hear_settings_up_to(Position position);
    // Where a job waits from now on that has just begun to wait.
    result<void> find_place(const Uuid& id, JobRow& row, Time at);
    void pause(const std::string& queue, Time until);
    void limit(const std::string& queue, const QueueLimits& limits);

    result<void> write(std::optional<Position> checkpoint);

    Folded folded;

private:
    result<std::optional<Uuid>> head_of(const std::string& key) const;
    void set_head(const std::string& key, std::optional<Uuid> id);
    result<std::optional<Uuid>> free_key_of(const Uuid& id, const Job& ended);
    template <class Entry>
    void each_entry(const Uuid& id, const JobRow& row, const Entry& entry) const;
    void remove_entries(const Uuid& id, const JobRow& row);
    void replace(const Uuid& id, const std::optional<JobRow>& before, const JobRow& now);
    void count(const JobRow& row, bool one_more);
    bool is_held_in_order(const Job& job) const { return table_.is_in_order(job.queue) && not job.terms.key.empty(); }

    JobTable& table_;
    Batch batch_;
    std::map<Uuid, JobRow> rows_;
    std::map<std::string, std::optional<Uuid>> heads_;
    std::map<std::pair<std::string, JobState>, std::int64_t> counts_;
    std::map<std::string, Time> pauses_;
    std::map<std::string, QueueLimits> limits_;
};

} // namespace eventloom::queues
