// A small program whose `serve` runs within a test: it stops after a few looks around.
#pragma once

#include "support/counter.hpp"
#include "support/every_store.hpp"

#include <eventloom/projections/projection.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace eventloom::testing {

using CounterId = id<Counter>;

// Calls `look` when `serve` waits, and stops it after the third time.
class ServingConsole final : public Console {
public:
    void out(std::string_view text) override { said_out += text; }
    void err(std::string_view text) override { said_err += text; }
    const ConsoleShape& shape() const override { return shape_; }
    result<void> go_on() const override
    {
        if (looks < 3) return done();
        return fail(Failure::unavailable, "interrupted", "It is enough.");
    }
    result<void> wait(Duration) const override
    {
        ++looks;
        if (look) look();
        return go_on();
    }

    std::string said_out;
    std::string said_err;
    std::function<void()> look;
    mutable int looks = 0;

private:
    const ConsoleShape shape_{.width = 100};
};

struct Sum {
    std::int64_t value = 0;
};

// One projection, which parks amounts of thirteen.
struct Serving {
    using Happens = std::function<result<void>()>;

    explicit Serving(leveldb::Env& files = system_files()) : runtime{simulated, simulated, simulated, files} {}

    class Opened final : public OpenService {
    public:
        explicit Opened(Serving& serving) : serving_{serving} {}
        Service& service() override { return *opened; }
        result<void> on_serve() override
        {
            serving_.happened.push_back("on_serve");
            return serving_.on_serve ? serving_.on_serve() : done();
        }
        result<void> on_stop() override
        {
            serving_.happened.push_back("on_stop");
            return serving_.on_stop ? serving_.on_stop() : done();
        }

        std::unique_ptr<Service> opened;

    private:
        Serving& serving_;
    };

    result<std::unique_ptr<OpenService>> open(const Runtime& given, const std::string& data)
    {
        if (before_open) {
            BOOST_OUTCOME_TRY(before_open());
        }
        happened.push_back("opened");
        auto made = std::make_unique<Opened>(*this);
        BOOST_OUTCOME_TRY(made->opened,
                          Service::open(given, {.directory = data, .dead_letters_live = dead_letters_live}));
        BOOST_OUTCOME_TRY(made->opened->projections().add(
            projection<CounterId, Sum>("sums", 1,
                                       [](Sum& sum, const Added& event) -> result<void> {
                                           if (event.amount == 13) return fail(Failure::invalid, "unlucky", "Not 13.");
                                           sum.value += event.amount;
                                           return done();
                                       }),
            {.on_failure = OnFailure::park}));
        if (more) more(*made->opened);
        running = made->opened.get();
        return std::unique_ptr<OpenService>{std::move(made)};
    }

    void set_up(CommandLine& line)
    {
        line.opens([this](const Runtime& given, const std::string& data, bool) { return open(given, data); });
        line.used_when_opening(line.app().add_option("--step", step, "How much is added"));
        const auto list = line.app().add_subcommand("counters").add_subcommand("list");
        list.add_option("-n,--limit", limit, "At most this many");
        list.add_flag("--open", only_open, "Only those that are open");
        const auto which = list.add_choice("which", "One of them");
        which.add_flag("--newest", newest);
        which.add_flag("--oldest", oldest);
        line.on(list, [](Output&) { return done(); });
    }

    // Types a command where no service runs; returns the exit code.
    int type(std::vector<std::string> words)
    {
        console.said_out.clear();
        console.said_err.clear();
        console.looks = 0;
        words.insert(words.end(), {"--data", directory.path()});
        CommandLine line{program, {console, runtime, directory.path(), {}}};
        if (const auto ended = line.read(std::move(words))) return *ended;
        for_service = line.words_for_service();
        threads     = line.threads();
        return line.carry_out();
    }

    void add(int amount)
    {
        REQUIRE(running->commands().send(CounterId{"1"}, Add{amount}));
        simulated.run_until_idle();
    }

    const TemporaryDirectory directory;
    SimulatedExecutor simulated{1};
    Runtime runtime;
    Program program{"tally", "Sums.", [this](CommandLine& line) { set_up(line); }};
    ServingConsole console;

    std::int64_t step  = 1;
    std::int64_t limit = 0;
    bool only_open     = false;
    bool newest        = false;
    bool oldest        = false;

    std::chrono::seconds dead_letters_live{0};
    std::function<void(Service&)> more; // that it has, besides the projection
    std::vector<std::string> happened;
    Happens before_open;
    Happens on_serve;
    Happens on_stop;
    Service* running = nullptr;
    std::vector<std::string> for_service;
    unsigned threads = 0;
};

} // namespace eventloom::testing
