// What docs/queues.md shows.
#include "letters/letters.hpp"
#include "support/answers.hpp"
#include "support/machine_with_real_files.hpp"

#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/subscriptions.hpp>

#include <set>

namespace queues_chapter_test {

using namespace letters;
using namespace eventloom::testing;
using namespace std::chrono_literals;

struct Provider {
    el::result<void> send(const std::string& to, const std::string&, const el::Uuid& key)
    {
        if (to.empty()) return el::refuse("no-address", "A letter needs an address.");
        if (keys.insert(key).second) sent.push_back(to);
        return el::done();
    }
    el::JobAnswers send_all(const std::vector<SendLetter>& letters, const el::JobContexts& contexts)
    {
        el::JobAnswers answers;
        for (std::size_t i = 0; i < letters.size(); ++i) {
            static_cast<void>(send(letters[i].to, letters[i].text, contexts[i]->id()));
            answers.emplace_back(el::job_done());
        }
        return answers;
    }
    std::set<el::Uuid> keys;
    std::vector<std::string> sent;
};

el::result<std::string> write_page(const AccountId& account, int)
{
    return account.value + ".pdf";
}

struct Post : SimulatedMachine {
    TemporaryDirectory directory;
    StoreUnderTest store = every_store().front().open(runtime);
    el::CommandBus commands{runtime, *store.store};
    el::EventBus bus{runtime, *store.store};
    el::Queues queues{runtime, *store.store, commands, bus, directory.path() + "/queues"};
    el::Subscriptions subscriptions{runtime, *store.store, commands, bus, queues};
    Provider provider;
    struct Desk {
        std::vector<std::string> streams;
        el::result<void> look_at(const std::string& stream)
        {
            streams.push_back(stream);
            return el::done();
        }
    } desk;

    void add_letters()
    {
        queues.add<Letters>({.workers = 8}, [&](const SendLetter& letter, el::JobContext& context) -> el::result<void> {
            return provider.send(letter.to, letter.text, context.id());
        });
    }
    void add_statements()
    {
        const auto write = [&](const WriteStatement& job, el::JobContext& context) -> el::result<el::JobDone> {
            std::string file;
            for (int page = 1; page <= job.pages; ++page) {
                if (context.stop().stop_requested()) return el::job_given_back();
                BOOST_OUTCOME_TRY(file, write_page(job.account, page));
                context.progress(page, job.pages, "pages");
            }
            return el::job_done(file)
                .append(job.account, el::ExpectedVersion::any(), StatementWritten{file})
                .enqueue<Letters>(SendLetter{job.account.value, "Your statement: " + file});
        };
        queues.add<Statements>({.workers = 4, .in_order_per_key = true, .attempts = 5, .attempt_time = 10min}, write);
    }
    void add_letters_in_batches()
    {
        queues.add<Letters>(
            {.workers = 2, .batch = 500},
            [&](const std::vector<SendLetter>& letters, const el::JobContexts& contexts) -> el::JobAnswers {
                return provider.send_all(letters, contexts);
            });
    }
    void add_recurring()
    {
        queues.recur<Letters>("monday", el::cron("30 7 * * mon", "Europe/Berlin"), SendLetter{"Ada", "A good week."});
        const auto reminder = [](el::Time day) { return SendLetter{"Bob", "Reminder of " + el::to_string(day)}; };
        queues.recur<Letters>("reminder", el::every(24h), reminder, {.missed = el::Missed::each});
    }
    void tell_the_desk()
    {
        const auto note = [&](const el::RecordedEvent& event, const el::Heard&) -> el::result<void> {
            return desk.look_at(event.stream);
        };
        subscriptions.add<el::at_least_once>({.name = "desk"}, el::hearing_recorded({"job-died"}, note));
    }
    void settle() { REQUIRE(queues.settle(simulated.now() + 1h)); }
};

TEST_CASE("the letters of the chapter are sent", "[messaging][queues][docs]")
{
    Post post;
    auto& queues = post.queues;
    post.add_letters();
    REQUIRE(queues.start());
    const auto letter = queues.enqueue<Letters>(SendLetter{"Ada", "Welcome"}, {.priority = 7});
    REQUIRE(letter);

    const el::Time tomorrow = post.simulated.now() + 24h;
    std::size_t enqueued    = 0;
    const auto noted        = [&](const el::result<el::EnqueuedJob>& one) { enqueued += one.has_value() ? 1 : 0; };
    for (const std::string name : {"Bob", "Carol", "Dan"}) {
        queues.enqueue<Letters>(SendLetter{name, "News"}, {.not_before = tomorrow, .labels = {"news"}}, noted);
    }
    post.settle();
    CHECK(post.provider.sent == std::vector<std::string>{"Ada"});
    post.simulated.advance(25h);
    post.settle();
    CHECK(enqueued == 3);
    CHECK(post.provider.sent.size() == 4);
    CHECK(queues.show(letter.value().id).value().job.state == el::JobState::completed);
}

TEST_CASE("the statements of the chapter are written, and their letters follow", "[messaging][queues][docs]")
{
    Post post;
    auto& queues = post.queues;
    post.add_letters();
    post.add_statements();
    REQUIRE(queues.start());
    const AccountId account{"4711"};
    const el::JobOptions once_a_day{.key = account.value, .unique = el::UniqueJob{account.value, 24h}};
    const auto once = queues.enqueue<Statements>(WriteStatement{account, 12}, once_a_day);
    REQUIRE(once);
    const auto twice = queues.enqueue<Statements>(WriteStatement{account, 12}, once_a_day);
    REQUIRE(twice);
    CHECK(twice.value().stood_before);
    CHECK(twice.value().id == once.value().id);
    const auto closed = queues.send<Letters>(account, Close{"Ada"}, {}, SendLetter{"Ada", "Your account is closed."});
    REQUIRE(closed);
    post.settle();
    CHECK(post.provider.sent.size() == 2);
    CHECK(read_all(*post.store.store, {.scope = el::Scope::stream("account-4711")}).size() == 2);
    const auto details = queues.show(once.value().id).value();
    CHECK(details.result == "4711.pdf");
}

TEST_CASE("the desk of the chapter hears of each dead letter", "[messaging][queues][docs]")
{
    Post post;
    post.add_letters();
    post.tell_the_desk();
    REQUIRE(post.queues.start());
    REQUIRE(post.subscriptions.start());
    REQUIRE(post.queues.enqueue<Letters>(SendLetter{"Ada", "Welcome"}));
    const auto nowhere = post.queues.enqueue<Letters>(SendLetter{"", "Welcome"});
    REQUIRE(nowhere);
    post.settle();
    REQUIRE(post.subscriptions.settle(post.simulated.now() + 1h));
    CHECK(post.desk.streams == std::vector<std::string>{"job-" + el::to_string(nowhere.value().id)});
}

TEST_CASE("the recurring letters of the chapter are sent, and those of a batch together", "[messaging][queues][docs]")
{
    Post post;
    auto& queues = post.queues;
    post.add_letters_in_batches();
    post.add_recurring();
    REQUIRE(queues.start());
    post.simulated.advance(7 * 24h); // from a Friday at midnight
    post.settle();
    CHECK(std::count(post.provider.sent.begin(), post.provider.sent.end(), "Ada") == 1);
    CHECK(std::count(post.provider.sent.begin(), post.provider.sent.end(), "Bob") == 7);
    CHECK(queues.recurring().value().size() == 2);
}

} // namespace queues_chapter_test
