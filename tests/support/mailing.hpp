// A queue with two kinds of jobs, and a machine with an engine of queues on it, for tests.
//
//     QueueMachine machine{store_kind};
//     machine.queues->add<Mailing>({.workers = 2}, ...);
//     machine.start();
//     machine.settle();
//
// Threads: as the simulated executor, one.
#pragma once

#include "support/answers.hpp"
#include "support/counter.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/messaging/queues.hpp>

#include <catch2/catch.hpp>

namespace eventloom::testing {

struct SendMail {
    std::string to;
    std::string subject;
};
struct WriteStatement {
    std::string account;
    int pages = 1;
};

struct Mailing {
    static constexpr auto queue = "mail";
    using Jobs                  = jobs<job<"send-mail", SendMail>, job<"write-statement", WriteStatement>>;
};

// What a fault is to a queue.
inline outcome::failure_type<Error> provider_is_down()
{
    return fail(Failure::unavailable, "provider-down", "The provider does not answer.");
}

// A handler that notes in which order jobs were begun.
struct BegunJobs {
    std::vector<std::string> names;
    auto work()
    {
        return [this](const std::string& name, JobContext&) -> result<JobDone> {
            names.push_back(name);
            return job_done("sent to " + name);
        };
    }
};

struct QueueMachine : SimulatedMachine {
    TemporaryDirectory directory;
    StoreUnderTest store;
    std::unique_ptr<CommandBus> commands;
    std::unique_ptr<EventBus> bus;
    std::unique_ptr<Queues> queues;

    explicit QueueMachine(const StoreKind& kind = every_store().front()) : store{kind.open(runtime)} { open(); }
    ~QueueMachine() { close(); }

    void open()
    {
        commands = std::make_unique<CommandBus>(runtime, *store.store);
        bus      = std::make_unique<EventBus>(runtime, *store.store);
        queues   = std::make_unique<Queues>(runtime, *store.store, *commands, *bus, directory.path() + "/queues");
    }
    void close()
    {
        queues.reset();
        bus.reset();
        commands.reset();
    }
    // Both kinds of jobs are done by one function.
    template <class Do>
    void work(QueueOptions options, Do act)
    {
        queues->add<Mailing>(
            options, [act](const SendMail& mail, JobContext& job) -> result<JobDone> { return act(mail.to, job); },
            [act](const WriteStatement& job, JobContext& context) -> result<JobDone> {
                return act(job.account, context);
            });
    }

    void start() { REQUIRE(queues->start()); }
    void settle() { REQUIRE(queues->settle(simulated.now() + std::chrono::hours{1})); }

    Uuid enqueue(const std::string& to, JobOptions options = {})
    {
        const auto enqueued = queues->enqueue<Mailing>(SendMail{to, "x"}, std::move(options));
        REQUIRE(enqueued);
        return enqueued.value().id;
    }
    JobDetails show(const Uuid& id)
    {
        auto shown = queues->show(id);
        REQUIRE(shown);
        return std::move(shown.value());
    }
    JobState state(const Uuid& id) { return show(id).job.state; }
    std::vector<std::string> history(const Uuid& id)
    {
        std::vector<std::string> words;
        for (const auto& entry : show(id).history) words.push_back(entry.what);
        return words;
    }
};

} // namespace eventloom::testing
