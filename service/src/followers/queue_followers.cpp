#include "followers/service_followers.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/queues.hpp>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t letters_max = 1'000'000;

// All queues of a service are read from the log together.
class QueueFollowers final : public FollowerKind {
public:
    QueueFollowers(Queues& queues, const EventStore& store, const Clock& clock)
        : queues_{queues}, store_{store}, clock_{clock}
    {
    }

    std::string_view kind() const override { return "queue"; }

    result<std::vector<FollowerStatus>> list() override
    {
        if (queues_.empty()) return std::vector<FollowerStatus>{}; // no table is made for none
        BOOST_OUTCOME_TRY(queues_.open());
        BOOST_OUTCOME_TRY(const auto queues, queues_.list_queues());
        BOOST_OUTCOME_TRY(const auto position, queues_.position());
        BOOST_OUTCOME_TRY(const auto behind, age_of_next(store_, position, clock_.now()));
        const Position head = store_.head();
        const auto error    = queues_.error();
        std::vector<FollowerStatus> all;
        for (const auto& queue : queues) {
            FollowerStatus one{.name = queue.name, .state = "running"};
            one.position     = position;
            one.lag          = head - std::min(head, position);
            one.behind       = behind;
            one.paused_until = queue.paused_until;
            one.error        = error;
            const auto dead  = queue.jobs.find(JobState::dead);
            one.dead_letters = dead == queue.jobs.end() ? 0 : dead->second;
            if (queue.workers == 0) one.state = "no workers";
            if (one.paused_until) one.state = "paused";
            if (one.error) one.state = "stopped";
            all.push_back(std::move(one));
        }
        return all;
    }

    result<void> pause(const std::string& name, std::string_view because, Time until) override
    {
        return queues_.pause(name, because, until);
    }
    result<void> resume(const std::string& name, std::string_view because) override
    {
        return queues_.resume(name, because);
    }

    result<std::vector<FollowerLetter>> letters(const std::string& name) override
    {
        BOOST_OUTCOME_TRY(queues_.open());
        BOOST_OUTCOME_TRY(const auto jobs, queues_.list({.queue = name, .state = JobState::dead}, letters_max));
        std::vector<FollowerLetter> all;
        for (const auto& job : jobs) {
            FollowerLetter one{.follower = name, .id = to_string(job.id)};
            one.stream    = "job-" + one.id;
            one.type      = job.type;
            one.error     = job.last.value_or(Error{Failure::unavailable, "unknown", "It is not known."});
            one.attempts  = job.attempts;
            one.first     = job.enqueued;
            one.last      = job.changed;
            one.is_edited = job.is_edited;
            all.push_back(std::move(one));
        }
        return all;
    }
    result<LetterData> data_of(const FollowerLetter& letter) override
    {
        BOOST_OUTCOME_TRY(const auto id, id_of(letter.id));
        BOOST_OUTCOME_TRY(auto job, queues_.first_event(id));
        return LetterData{job.schema_version, std::move(job.data)};
    }

    result<void> check_letters_may_be_handled(const std::string&) const override { return done(); }
    Answers retry(const std::string&, std::span<const std::string> ids, std::string_view because,
                  const FollowerProgress&) override
    {
        return for_each(ids, [&](const Uuid& id) { return queues_.retry(id, because); });
    }
    bool letters_may_end() const override { return true; }
    Answers discard(const std::string&, std::span<const std::string> ids, std::string_view because,
                    const FollowerProgress&) override
    {
        return for_each(ids, [&](const Uuid& id) { return queues_.discard(id, because); });
    }

    result<void> edit(const FollowerLetter& letter, LetterData data, std::string_view because) override
    {
        BOOST_OUTCOME_TRY(const auto id, id_of(letter.id));
        return queues_.edit(id, data.schema_version, data.data, because);
    }

private:
    static result<Uuid> id_of(const std::string& word)
    {
        if (const auto id = parse_uuid(word)) return *id;
        return fail(Failure::invalid, "not-a-job-id",
                    "asked for the dead letter " + in_quotes(word) +
                        ", which is no id of a job; `dead-letters list` shows them");
    }
    template <class Act>
    static Answers for_each(std::span<const std::string> ids, const Act& act)
    {
        Answers answers;
        for (const auto& word : ids) {
            const auto id = id_of(word);
            answers.push_back(id ? act(id.value()) : result<void>{id.error()});
        }
        return answers;
    }

    Queues& queues_;
    const EventStore& store_;
    const Clock& clock_;
};

} // namespace

std::unique_ptr<FollowerKind> queue_followers(Queues& queues, const EventStore& store, const Clock& clock)
{
    return std::make_unique<QueueFollowers>(queues, store, clock);
}

} // namespace eventloom
