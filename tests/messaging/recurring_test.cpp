// Jobs that recur: one for each occurrence, whatever restarts.
#include "support/mailing.hpp"

#include <eventloom/framework/stream_limits.hpp>

namespace recurring_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

struct Recurring : QueueMachine {
    explicit Recurring(Missed missed = Missed::once, Duration period = 1h,
                       const StoreKind& kind = every_store().front())
        : QueueMachine{kind}, missed_{missed}
    {
        begin(period);
    }
    void begin(Duration period)
    {
        work({.workers = 1}, [this](const std::string& name, JobContext&) -> result<JobDone> {
            sent.push_back(name);
            return job_done();
        });
        queues->recur<Mailing>("digest", every(period),
                               [](Time occurrence) {
                                   return SendMail{to_string(occurrence).substr(11, 5), "x"};
                               },
                               {.missed = missed_, .job = {.priority = 2, .labels = {"digest"}}});
        start();
        pass(1s);
    }
    void pass(Duration span)
    {
        simulated.advance(span);
        settle();
    }
    // The service is away for so long.
    void away(Duration span, Duration period = 1h)
    {
        close();
        simulated.advance(span);
        open();
        begin(period);
    }

    const Missed missed_;
    Words sent; // the times of the occurrences whose mails were sent
};

TEST_CASE("a job recurs at each of its moments, once, whatever restarts", "[messaging][queues]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        Recurring machine{Missed::once, 1h, kind};
        CHECK(machine.sent.empty());
        machine.pass(2h);
        CHECK(machine.sent == Words{"01:00", "02:00"});
        for (int i = 0; i < 3; ++i) machine.away(0s);
        CHECK(machine.sent == Words{"01:00", "02:00"});
        machine.pass(1h);
        CHECK(machine.sent == Words{"01:00", "02:00", "03:00"});
        const auto jobs = machine.queues->list({.queue = "mail"});
        REQUIRE(jobs);
        REQUIRE(jobs.value().size() == 3);
        CHECK(jobs.value()[0].priority == 2);
        CHECK(machine.show(jobs.value()[0].id).labels.front() == "digest");
    }
}

TEST_CASE("of occurrences that were missed one job is made, or each, or none, as was chosen", "[messaging][queues]")
{
    const auto sent_after = [](Missed missed) {
        Recurring machine{missed};
        machine.pass(1h);
        machine.away(3h + 30min);
        machine.pass(1h);
        return machine.sent;
    };
    CHECK(sent_after(Missed::once) == Words{"01:00", "04:00", "05:00"});
    CHECK(sent_after(Missed::each) == Words{"01:00", "02:00", "03:00", "04:00", "05:00"});
    CHECK(sent_after(Missed::skip) == Words{"01:00", "05:00"});
}

TEST_CASE("also the first occurrence can be missed, and what was before the first start cannot", "[messaging][queues]")
{
    Recurring machine;
    machine.away(90min);
    CHECK(machine.sent == Words{"01:00"});
}

TEST_CASE("a job that is to recur at other moments begins anew", "[messaging][queues]")
{
    Recurring machine;
    machine.pass(2h);
    machine.away(30min, 2h);
    CHECK(machine.sent == Words{"01:00", "02:00"});
    machine.pass(2h);
    CHECK(machine.sent == Words{"01:00", "02:00", "04:00"});
}

TEST_CASE("an occurrence whose job was deleted does not come again", "[messaging][queues]")
{
    Recurring machine;
    machine.pass(1h);
    const auto jobs = machine.queues->list({.queue = "mail"});
    REQUIRE(jobs);
    REQUIRE(delete_stream(*machine.store.store, machine.simulated, "job-" + to_string(jobs.value().at(0).id)));
    machine.away(1min);
    CHECK(machine.sent == Words{"01:00"});
}

TEST_CASE("a clock that is set back makes nothing recur twice, and one that is set forward leaves nothing out",
          "[messaging][queues]")
{
    Recurring machine{Missed::each};
    machine.pass(2h);
    machine.simulated.set_clock(machine.simulated.now() - 90min);
    machine.pass(1h);
    CHECK(machine.sent == Words{"01:00", "02:00"});
    machine.simulated.set_clock(machine.simulated.now() + 3h + 30min);
    machine.pass(2min);
    CHECK(machine.sent == Words{"01:00", "02:00", "03:00", "04:00", "05:00"});
}

TEST_CASE("recurring jobs are listed with their moments", "[messaging][queues]")
{
    Recurring machine;
    machine.pass(1h);
    const auto all = machine.queues->recurring();
    REQUIRE(all);
    REQUIRE(all.value().size() == 1);
    const RecurringJob& digest = all.value()[0];
    CHECK(digest.name == "digest");
    CHECK(digest.queue == "mail");
    CHECK(digest.when == "every 3600 s");
    CHECK(to_string(digest.last.value()).substr(11, 5) == "01:00");
    CHECK(to_string(digest.next.value()).substr(11, 5) == "02:00");
}

TEST_CASE("a recurring job that makes no sense is an error of the start", "[messaging][queues]")
{
    const auto code = [](const std::function<void(Queues&)>& add) {
        QueueMachine machine;
        machine.work({}, [](const std::string&, JobContext&) -> result<JobDone> { return job_done(); });
        add(*machine.queues);
        return code_of(machine.queues->start());
    };
    const SendMail mail{"ada", "x"};
    CHECK(code([&](Queues& queues) { queues.recur<Mailing>("a", every(1ms), mail); }) == "invalid-schedule");
    CHECK(code([&](Queues& queues) { queues.recur<Mailing>("", every(1h), mail); }) == "invalid-schedule");
    CHECK(code([&](Queues& queues) { queues.recur<Mailing>("a", cron("0 2 * * *", "Mars"), mail); }) ==
          "no-such-time-zone");
    CHECK(code([&](Queues& queues) {
              queues.recur<Mailing>("a", every(1h), mail);
              queues.recur<Mailing>("a", every(2h), mail);
          }) == "schedule-added-twice");
    CHECK(code([&](Queues& queues) { queues.recur<Mailing>("a", every(1h), mail); }) == "");
}

} // namespace recurring_test
