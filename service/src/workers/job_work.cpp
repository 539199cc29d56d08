#include "workers/job_work.hpp"

#include "workers/job_protocol.hpp"
#include "workers/program_of_worker.hpp"

#include <eventloom/framework/detail/user_code.hpp>

namespace eventloom::work {

namespace {

constexpr std::size_t jobs_of_a_thread = 1;

class JobInHand final : public Task, public JobContext {
public:
    JobInHand(LeasedJob job, const AnyJobHandler& handler) : Task{job.lease}, job_{std::move(job)}, handler_{handler} {}

    const Uuid& id() const override { return job_.lease.of; }
    unsigned attempt() const override { return job_.attempt; }
    Time deadline() const override { return job_.deadline; }
    std::stop_token stop() const override { return stopping.get_token(); }
    // It goes with the next sign that the worker is there.
    void progress(std::uint64_t done, std::uint64_t of, std::string what) override
    {
        const std::lock_guard lock{mutex_};
        reported_ = ReportedProgress{done, of, std::move(what)};
    }

    // The end of a job is refused when its lease is over, so it need not be asked for before.
    std::string perform(const std::function<bool()>&) override
    {
        auto answer = call_user_code("the handler of the job", job_.first.type, [&]() -> result<JobDone> {
            return std::move(handler_.handle({&job_.first}, {this}).front());
        });
        if (not answer && needs_log(answer.error())) cannot = answer.error();
        return to_bytes(finish_request(lease, std::move(answer)));
    }
    std::string given_back() const override { return to_bytes(finish_request(lease, job_given_back())); }
    std::optional<ReportedProgress> take_report() override
    {
        const std::lock_guard lock{mutex_};
        return std::exchange(reported_, std::nullopt);
    }
    std::string name() const override { return "the job " + to_string(lease.of); }
    Error taken_away() const override
    {
        return {Failure::refused, "job-taken-away", "the lease of the job ended before its handler did"};
    }

private:
    const LeasedJob job_;
    const AnyJobHandler& handler_;
    std::mutex mutex_; // over what follows
    std::optional<ReportedProgress> reported_;
};

class JobWork final : public Work {
public:
    JobWork(std::string queue, QueueHandler handler, AskedAs as)
        : queue_{std::move(queue)}, handler_{std::move(handler)}, as_{std::move(as)}
    {
    }

    WorkPaths paths() const override { return paths_of_jobs; }
    std::string pull_request(unsigned, Duration wait) const override
    {
        return to_bytes(PullRequest{queue_, as_.name, jobs_of_a_thread,
                                    std::chrono::ceil<std::chrono::milliseconds>(as_.lease).count(),
                                    std::chrono::ceil<std::chrono::milliseconds>(wait).count()});
    }
    result<std::vector<TaskPtr>> tasks_in(std::string_view answer) const override
    {
        BOOST_OUTCOME_TRY(auto leased, message_in<LeasedJobs>(answer));
        std::vector<TaskPtr> tasks;
        for (auto& job : leased.jobs) tasks.push_back(std::make_shared<JobInHand>(std::move(job), handler_.handler));
        return tasks;
    }

private:
    const std::string queue_;
    const QueueHandler handler_;
    const AskedAs as_;
};

} // namespace

std::unique_ptr<const Work> jobs_of(std::string queue, QueueHandler handler, AskedAs as)
{
    return std::make_unique<JobWork>(std::move(queue), std::move(handler), std::move(as));
}

} // namespace eventloom::work
