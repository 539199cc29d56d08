// What follows from a job: somebody hears of its answer, or of its end.
#include "support/counter.hpp"
#include "support/subscribing.hpp"

#include <map>
#include <set>

namespace job_followed_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

const std::string sum = "counter-sum";

// Mails that are counted when they are sent, in an aggregate that each mail's own event leads to.
struct FollowedMails : SubscriptionMachine {
    explicit FollowedMails(const StoreKind& kind) : SubscriptionMachine{kind} { begin(); }

    void begin()
    {
        queues->add<Mailing>(
            {.attempts = 1},
            [](const SendMail& mail, JobContext& job) -> result<JobDone> {
                if (mail.to == "nobody") return refuse("no-such-person", "Nobody is called so.");
                return job_done().append(id<Counter>{to_string(job.id())}, ExpectedVersion::no_stream(), Added{1});
            },
            [](const WriteStatement&, JobContext&) -> result<JobDone> { return job_done(); });
        subscriptions->add<at_least_once>(
            {.name = "ends"},
            hearing_recorded({"job-completed", "job-died", "job-cancelled", "job-expired", "job-discarded"},
                             [this](const RecordedEvent& event, const Heard&) -> result<void> {
                                 ends.emplace(event.stream, event.type);
                                 return done();
                             }));
        subscriptions->add<at_least_once>(
            {.name = "counts"}, hearing<Counter>([this](const Added&, const Heard& heard) -> result<void> {
                if (heard.event.stream == sum) return done();
                BOOST_OUTCOME_TRY(commands->send(id<Counter>{"sum"}, Add{1}, {.command_id = heard.key}));
                if (++calls % 2 == 1) return provider_is_down(); // it is called again for each
                return done();
            }));
        REQUIRE(queues->start());
        start();
    }
    Uuid enqueue(const std::string& to, JobOptions options = {})
    {
        const auto enqueued = queues->enqueue<Mailing>(SendMail{to, "x"}, std::move(options));
        REQUIRE(enqueued);
        return enqueued.value().id;
    }
    std::set<std::string> ends_of(const Uuid& job) const
    {
        std::set<std::string> types;
        const auto [from, to] = ends.equal_range("job-" + to_string(job));
        for (auto one = from; one != to; ++one) types.insert(one->second);
        return types;
    }

    int calls = 0;
    std::multimap<std::string, std::string> ends; // by stream
};

TEST_CASE(
    "what follows from a job acts once when the job is done, also if it fails at first or the service ends between",
    "[messaging][queues][subscriptions]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        FollowedMails mails{kind};
        const auto ada    = mails.enqueue("ada");
        const auto bob    = mails.enqueue("bob");
        const auto nobody = mails.enqueue("nobody");
        const auto later  = mails.enqueue("later", {.not_before = mails.simulated.now() + 24h});
        REQUIRE(mails.queues->cancel(later, "changed my mind"));
        mails.simulated.advance(10s);
        CHECK(mails.store->stream_length(sum).value() == 2);
        CHECK(mails.calls == 4);
        CHECK(mails.ends_of(ada) == std::set<std::string>{"job-completed"});
        CHECK(mails.ends_of(bob) == std::set<std::string>{"job-completed"});
        CHECK(mails.ends_of(nobody) == std::set<std::string>{"job-died"});
        CHECK(mails.ends_of(later) == std::set<std::string>{"job-cancelled"});
        REQUIRE(mails.queues->discard(nobody, "indeed"));

        // Done, and not heard of when the service ends; and not even begun.
        REQUIRE(mails.subscriptions->pause("counts", "a while"));
        const auto cy = mails.enqueue("cy");
        mails.simulated.advance(10s);
        CHECK(mails.ends_of(cy) == std::set<std::string>{"job-completed"});
        CHECK(mails.store->stream_length(sum).value() == 2);
        REQUIRE(mails.queues->pause("mail", "a while"));
        mails.enqueue("dan");
        const auto late =
            mails.enqueue("late", {.expires = mails.simulated.now() + 1h, .when_expired = WhenExpired::drop});
        mails.restart();
        mails.begin();
        mails.simulated.advance(2h);
        REQUIRE(mails.queues->resume("mail", "go on"));
        REQUIRE(mails.subscriptions->resume("counts", "go on"));
        mails.simulated.advance(10s);
        CHECK(mails.store->stream_length(sum).value() == 4);
        CHECK(mails.ends_of(nobody) == std::set<std::string>{"job-died", "job-discarded"});
        CHECK(mails.ends_of(late) == std::set<std::string>{"job-expired"});
    }
}

} // namespace job_followed_test
