// Handlers that take several jobs together, each with its own outcome.
#include "support/mailing.hpp"

namespace batches_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

struct Batches : QueueMachine {
    using Work = std::function<JobAnswers(const std::vector<SendMail>&, const JobContexts&)>;

    void batch(QueueOptions options, Work work)
    {
        queues->add<Mailing>(
            options,
            [this, work](const std::vector<SendMail>& mails, const JobContexts& contexts) -> JobAnswers {
                sizes.push_back(mails.size());
                return work(mails, contexts);
            },
            [this](const WriteStatement&) -> result<void> {
                ++statements;
                return done();
            });
    }
    // What is enqueued meanwhile is there when the queue goes on. The first start after a crash, or ever, gives each job alone.
    void begin_paused()
    {
        start();
        REQUIRE(queues->pause("mail", "until all are there"));
        settle();
    }
    void go_on()
    {
        settle();
        REQUIRE(queues->resume("mail", "all are there"));
        settle();
    }
    static JobAnswers all_done(const std::vector<SendMail>& mails, const JobContexts& contexts)
    {
        CHECK(mails.size() == contexts.size());
        JobAnswers answers;
        for (const auto& mail : mails) answers.emplace_back(job_done("sent to " + mail.to));
        return answers;
    }

    std::vector<std::size_t> sizes;
    int statements = 0;
};

TEST_CASE("a handler of batches is given as many jobs together as it may, and each has its own outcome",
          "[messaging][queues]")
{
    Batches machine;
    machine.batch({.workers = 1, .batch = 4, .first_wait = 1s},
                  [&](const std::vector<SendMail>& mails, const JobContexts& contexts) {
                      JobAnswers answers;
                      for (std::size_t i = 0; i < mails.size(); ++i) {
                          const bool is_first = contexts[i]->attempt() == 1;
                          if (mails[i].to == "refused") {
                              answers.emplace_back(refuse("no-such-person", "Nobody is called so."));
                          } else if (mails[i].to == "later" && is_first) {
                              answers.emplace_back(provider_is_down());
                          } else {
                              answers.emplace_back(job_done("to " + mails[i].to)
                                                       .append(eventloom::id<Counter>{mails[i].to},
                                                               ExpectedVersion::no_stream(), Added{1}));
                          }
                      }
                      return answers;
                  });
    machine.begin_paused();
    const auto ada     = machine.enqueue("ada");
    const auto refused = machine.enqueue("refused");
    const auto later   = machine.enqueue("later");
    for (int i = 0; i < 3; ++i) machine.enqueue("more" + std::to_string(i));
    machine.go_on();
    CHECK(machine.sizes == std::vector<std::size_t>{4, 2});
    CHECK(machine.show(ada).result == "to ada");
    CHECK(machine.state(refused) == JobState::dead);
    CHECK(machine.state(later) == JobState::scheduled);
    machine.simulated.advance(2s);
    machine.settle();
    CHECK(machine.show(later).result == "to later");
    CHECK(read_all(*machine.store.store, {.scope = Scope::category("counter")}).size() == 5);
}

TEST_CASE("a batch has jobs of one type, and other handlers of the queue take theirs alone", "[messaging][queues]")
{
    Batches machine;
    machine.batch({.workers = 1, .batch = 10}, Batches::all_done);
    machine.begin_paused();
    for (const std::string name : {"a", "b", "s", "c", "d"}) {
        if (name == "s") {
            REQUIRE(machine.queues->enqueue<Mailing>(WriteStatement{"4711", 1}));
        } else {
            machine.enqueue(name);
        }
    }
    machine.go_on();
    CHECK(machine.sizes == std::vector<std::size_t>{2, 2});
    CHECK(machine.statements == 1);
}

TEST_CASE("a handler of batches that throws, or has too few answers, has failed with all of its jobs",
          "[messaging][queues]")
{
    Batches machine;
    int calls = 0;
    machine.batch({.workers = 1, .batch = 3, .first_wait = 1s},
                  [&](const std::vector<SendMail>& mails, const JobContexts& contexts) -> JobAnswers {
                      if (++calls == 1) throw std::runtime_error{"oops"};
                      if (calls == 2) return {};
                      return Batches::all_done(mails, contexts);
                  });
    machine.begin_paused();
    std::vector<Uuid> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(machine.enqueue(std::to_string(i)));
    machine.go_on();
    for (const auto& id : ids) CHECK(machine.show(id).job.last->code == "exception-in-user-code");
    machine.simulated.advance(10s);
    machine.settle();
    for (const auto& id : ids) CHECK(machine.state(id) == JobState::completed);
    int missing = 0;
    for (const auto& id : ids) missing += machine.show(id).job.last->code == "answers-missing" ? 1 : 0;
    CHECK(missing >= 1);
}

TEST_CASE("a worker is free for the next batch when its batch is done, and keys stay in order", "[messaging][queues]")
{
    Batches machine;
    std::vector<std::string> begun;
    machine.batch({.workers = 2, .in_order_per_key = true, .batch = 5},
                  [&](const std::vector<SendMail>& mails, const JobContexts& contexts) {
                      for (const auto& mail : mails) begun.push_back(mail.to);
                      return Batches::all_done(mails, contexts);
                  });
    machine.begin_paused();
    for (int i = 0; i < 40; ++i) machine.enqueue(std::to_string(i), {.key = std::to_string(i % 3)});
    machine.go_on();
    REQUIRE(begun.size() == 40);
    for (int key = 0; key < 3; ++key) {
        std::vector<int> of_key;
        for (const auto& name : begun) {
            if (std::stoi(name) % 3 == key) of_key.push_back(std::stoi(name));
        }
        CHECK(std::is_sorted(of_key.begin(), of_key.end()));
    }
    CHECK(machine.queues->list_queues().value().at(0).running == 0);
}

} // namespace batches_test
