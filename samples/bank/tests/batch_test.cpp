#include "batch.hpp"
#include "commands.hpp"
#include "monolith.hpp"
#include "support/every_store.hpp"

#include <eventloom/framework/testing.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace bank {

namespace {

using el::testing::given;

const NightId tonight{"2026-11-30"};

// A bank on real threads, whose printer takes no time.
struct OpenBank {
    eventloom::testing::TemporaryDirectory directory;
    el::SystemExecutor executor;
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    std::unique_ptr<Bank> bank;

    explicit OpenBank(std::uint64_t accounts)
    {
        open();
        REQUIRE(generate_accounts(*bank, accounts, 1, {}));
    }
    void open()
    {
        auto opened = Bank::open(runtime, directory.path() + "/data", {.workers = 4, .printing_ms = 0}, true);
        REQUIRE(opened);
        bank = std::move(opened.value());
        REQUIRE(bank->service().start());
        REQUIRE(bank->service().queues().open());
    }
    void work() { REQUIRE(bank->service().queues().start()); }
    NightReport finish()
    {
        REQUIRE(work_off(*bank, {}));
        return report();
    }
    NightReport report()
    {
        auto report = report_of(*bank, tonight);
        REQUIRE(report);
        return std::move(report.value());
    }
};

} // namespace

TEST_CASE("a night adds interest to what is there, and takes a fee of what is owed", "[bank]")
{
    const Opened rich{"Ada", "1 Mill Lane", 1'000'000};
    const Opened poor{"Bob", "2 Mill Lane", -5'000};
    CHECK(given<Account>(rich).when(CloseNight{tonight, "S-1"}).then(NightClosed{tonight, 54, 0, 1'000'054, "S-1"}));
    CHECK(given<Account>(poor).when(CloseNight{tonight, "S-2"}).then(NightClosed{tonight, 0, 15, -5'015, "S-2"}));
    CHECK(given<Account>(rich, NightClosed{tonight, 54, 0, 1'000'054, "S-1"})
              .when(CloseNight{tonight, "S-3"})
              .refused("closed-already"));
    CHECK(given<Account>().when(CloseNight{tonight, "S-1"}).refused("not-open"));
}

TEST_CASE("a batch closes each account once, and prints one statement for each", "[bank]")
{
    OpenBank bank{200};
    REQUIRE(begin_night(*bank.bank, tonight, {}));
    bank.work();
    const auto report = bank.finish();
    CHECK(report.night.accounts == 200);
    CHECK(report.night.closed == 200);
    CHECK(report.failed == 0);
    CHECK(report.printed == 200);
}

TEST_CASE("a night that is begun again, also after a restart, closes no account twice", "[bank]")
{
    OpenBank bank{100};
    REQUIRE(begin_night(*bank.bank, tonight, {}));
    bank.work();
    CHECK(bank.finish().night.closed == 100);
    bank.bank.reset();
    bank.open();
    REQUIRE(begin_night(*bank.bank, tonight, {}));
    bank.work();
    const auto report = bank.finish();
    CHECK(report.night.closed == 100);
    CHECK(report.failed == 0);
    CHECK(report.printed == 100);
}

TEST_CASE("only the accounts that have failed run again", "[bank]")
{
    OpenBank bank{1'000}; // one has no address
    REQUIRE(begin_night(*bank.bank, tonight, {}));
    bank.work();
    CHECK(bank.finish().night.closed == 999);
    const auto failed = failed_accounts(*bank.bank, tonight);
    REQUIRE(failed);
    REQUIRE(failed.value().size() == 1);
    CHECK(failed.value()[0].account == AccountId{"001000"});
    CHECK(failed.value()[0].reason.find("no address") != std::string::npos);
    REQUIRE(bank.bank->service().commands().send(AccountId{"001000"}, Move{"1000 Mill Lane"}));
    CHECK(run_failed_again(*bank.bank, tonight).value() == 1);
    const auto report = bank.finish();
    CHECK(report.night.closed == 1'000);
    CHECK(report.failed == 0);
    CHECK(report.printed == 1'000);
}

TEST_CASE("an urgent posting overtakes the batch", "[bank]")
{
    OpenBank bank{200};
    const AccountId last{"000200"};
    auto& queues = bank.bank->service().queues();
    REQUIRE(begin_night(*bank.bank, tonight, {}));
    REQUIRE(queues.enqueue<AccountWork>(PostMoney{last, 700, "salary"}, {.priority = urgent, .key = last.value}));
    const auto before = bank.bank->accounts().get(last);
    bank.work();
    bank.finish();
    const auto after = bank.bank->accounts().get(last);
    REQUIRE(before.value());
    REQUIRE(after.value());
    const auto posted = before.value()->cents + 700; // so the night's interest is of the salary, too
    CHECK(after.value()->cents == posted + interest_of(posted) - fee_of(posted));
    std::vector<std::string> types;
    for (const auto& event :
         eventloom::testing::read_all(bank.bank->service().store(), {.scope = el::Scope::stream(last.stream())})) {
        types.push_back(event.type);
    }
    CHECK(types == std::vector<std::string>{"account-opened", "money-posted", "night-closed"});
}

TEST_CASE("the one loop closes the same accounts", "[bank]")
{
    OpenBank bank{1'000};
    REQUIRE(bank.bank->service().settle(el::system_clock().now() + std::chrono::minutes{1}));
    CHECK(run_monolith(*bank.bank, bank.directory.path() + "/monolith", tonight, {}).value() == 999);
    CHECK(bank.bank->printer().printed(tonight).value() == 999);
}

TEST_CASE("no amount and no balance is above a trillion, so that none overflows", "[bank]")
{
    const Opened rich{"Ada", "1 Mill Lane", most_cents - 5};
    const Opened poor{"Bob", "2 Mill Lane", 5 - most_cents};
    CHECK(given<Account>(rich).when(Post{5, "x"}).then(Posted{5, "x"}));
    CHECK(given<Account>(rich).when(Post{6, "x"}).refused("balance-too-large"));
    CHECK(given<Account>(poor).when(Post{-6, "x"}).refused("balance-too-large"));
    CHECK(given<Account>(rich).when(Post{std::numeric_limits<std::int64_t>::max(), "x"}).refused("amount-too-large"));
    CHECK(given<Account>(poor).when(Post{std::numeric_limits<std::int64_t>::min(), "x"}).refused("amount-too-large"));
    CHECK(given<Account>().when(Open{"Eve", "", most_cents + 1}).refused("amount-too-large"));
    // What interest would make of it is no more, either.
    CHECK(given<Account>(rich).when(CloseNight{tonight, "S-1"}).refused("balance-too-large"));
}

TEST_CASE("an account whose job was cancelled is among those that have failed, and runs again once", "[bank]")
{
    OpenBank bank{100};
    const AccountId account{"000017"};
    auto& queues = bank.bank->service().queues();
    REQUIRE(begin_night(*bank.bank, tonight, {}));
    REQUIRE(queues.cancel(id_of({account, tonight}), "by mistake"));
    bank.work();
    const auto first = bank.finish();
    CHECK(first.night.closed == 99);
    CHECK(first.failed == 1);
    REQUIRE(begin_night(*bank.bank, tonight, {})); // begun again: it stays cancelled
    CHECK(bank.finish().failed == 1);
    const auto failed = failed_accounts(*bank.bank, tonight);
    REQUIRE(failed);
    REQUIRE(failed.value().size() == 1);
    CHECK(failed.value()[0].account == account);
    CHECK(failed.value()[0].reason.find("cancelled") != std::string::npos);
    CHECK(run_failed_again(*bank.bank, tonight).value() == 1);
    const auto report = bank.finish();
    CHECK(report.night.closed == 100);
    CHECK(report.failed == 0);
    CHECK(report.printed == 100);
    CHECK(run_failed_again(*bank.bank, tonight).value() == 0);
}

TEST_CASE("a night on a paused queue is not waited for, and says so", "[bank]")
{
    OpenBank bank{10};
    auto& queues = bank.bank->service().queues();
    REQUIRE(begin_night(*bank.bank, tonight, {}));
    REQUIRE(queues.pause(AccountWork::queue, "the printer is being mended"));
    bank.work();
    const auto waited = work_off(*bank.bank, {});
    REQUIRE_FALSE(waited);
    CHECK(waited.error().code == "queue-paused");
    REQUIRE(queues.resume(AccountWork::queue, ""));
    CHECK(bank.finish().night.closed == 10);
}

namespace {

// Hears what the commands say.
class NotingConsole final : public el::Console {
public:
    void out(std::string_view text) override { said += text; }
    void err(std::string_view text) override { said += text; }
    const el::ConsoleShape& shape() const override { return shape_; }
    el::result<void> go_on() const override { return el::done(); }
    el::result<void> wait(el::Duration) const override { return el::done(); }

    std::string said;

private:
    const el::ConsoleShape shape_{.width = 100};
};

struct TypedBank {
    eventloom::testing::TemporaryDirectory directory;
    el::SystemExecutor executor;
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    NotingConsole console;

    int type(std::vector<std::string> words)
    {
        console.said.clear();
        words.insert(words.end(), {"--printing-ms", "0", "--data", directory.path() + "/data"});
        const el::Program program{"bank", "Accounts.", add_bank};
        el::CommandLine line{program, {console, runtime, directory.path(), {}}};
        if (const auto ended = line.read(std::move(words))) return *ended;
        return line.carry_out();
    }
    bool says(std::string_view what) const { return console.said.find(what) != std::string::npos; }
};

} // namespace

TEST_CASE("a night that closed not all accounts, or never began, ends its command with a sentence", "[bank]")
{
    TypedBank bank;
    REQUIRE(bank.type({"accounts", "generate", "1000"}) == 0);
    CHECK(bank.type({"batch", "failed", "2026-11-30"}) == 1);
    CHECK(bank.says("found none that has begun"));
    CHECK(bank.type({"batch", "rerun", "2026-11-30", "--failed"}) == 1);
    CHECK_FALSE(bank.says("again"));
    CHECK(bank.type({"batch", "run", "2026-11-30"}) == 1);
    CHECK(bank.says("`bank batch failed 2026-11-30`"));
    CHECK(bank.type({"batch", "status", "2026-11-30"}) == 0);
    CHECK(bank.type({"accounts", "move", "001000", "1000 Mill Lane"}) == 0);
    CHECK(bank.type({"batch", "rerun", "2026-11-30", "--failed"}) == 0);
    CHECK(bank.says("Runs 1 account again."));
    CHECK(bank.type({"post", "000001", "9223372036854775807", "x"}) == 2);
    CHECK(bank.type({"post", "000001", "-100000000000001", "x"}) == 2);
    CHECK(bank.type({"post", "000001", "-100000000000000", "x"}) == 0);
    CHECK(bank.type({"queues", "limit", "accounts", "--workers", "2"}) == 0);
}

} // namespace bank
