// What becomes of an event whose handler dies, for each of the three promises: docs/publish-and-subscribe.md has the table. Each
// cell fails if the promise is exchanged for another one.
#include "support/mortal_store.hpp"
#include "support/subscribing.hpp"

#include <algorithm>
#include <ostream>
#include <set>

namespace promises_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

// When the process dies: the handler was called; it has asked the outside for something; it has returned; the position was kept.
enum class Dies : std::uint8_t { before, during, after, later };

struct Seen {
    unsigned calls   = 0; // of the handler
    unsigned outside = 0; // how often the outside was asked
    unsigned keys    = 0; // with how many keys
    unsigned inside  = 0; // events of its effect in the log
    std::string kept;     // its position: "before" its effect, "with" it, "after" it
    bool in_doubt = false;

    friend bool operator==(const Seen&, const Seen&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Seen& seen)
    {
        return out << seen.calls << " calls, outside " << seen.outside << " with " << seen.keys << " keys, inside "
                   << seen.inside << ", kept " << seen.kept << (seen.in_doubt ? ", in doubt" : "");
    }
};

// A process with one subscription, which dies once.
class Process {
public:
    Process(const StoreKind& kind, Promise promise, Dies dies)
        : store_{kind.open(machine_.runtime)}, mortal_{*store_.store}, promise_{promise}, dies_{dies}
    {
    }

    Seen run()
    {
        start();
        placed_    = place();
        seen_from_ = mortal_.appended.size() - 1;
        settle();
        mortal_.dies(); // at the latest
        end();
        start();
        settle();
        seen_.in_doubt = subscriptions_->status("letters").value().in_doubt.has_value();
        end();
        seen_.keys   = static_cast<unsigned>(keys_.size());
        seen_.inside = static_cast<unsigned>(read_all(*store_.store, {.scope = Scope::category("counter")}).size());
        seen_.kept   = kept();
        return seen_;
    }

private:
    void start()
    {
        commands_ = std::make_unique<CommandBus>(machine_.runtime, mortal_);
        bus_      = std::make_unique<EventBus>(machine_.runtime, mortal_);
        queues_ = std::make_unique<Queues>(machine_.runtime, mortal_, *commands_, *bus_, directory_.path() + "/queues");
        subscriptions_ = std::make_unique<Subscriptions>(machine_.runtime, mortal_, *commands_, *bus_, *queues_);
        add();
        REQUIRE(subscriptions_->start());
    }
    void end()
    {
        subscriptions_.reset();
        queues_.reset();
        bus_.reset();
        commands_.reset();
        machine_.simulated.drop_everything();
        store_.reopen(store_);
        mortal_.is_born_again(*store_.store);
    }
    // Long enough for a position that is kept soon, and for another attempt.
    void settle()
    {
        machine_.simulated.advance(1min);
        REQUIRE(subscriptions_->settle(machine_.simulated.now() + 1h));
    }

    void add()
    {
        const SubscriberOptions options{.name = "letters", .first_wait = 1s};
        const auto handler = [this](const OrderPlaced&, const Heard& heard) -> result<void> {
            if (not handle(heard)) return provider_is_down();
            if (not effect_of_its_own()) return provider_is_down();
            if (dies_ == Dies::after) dies();
            return done();
        };
        if (promise_ == at_most_once) subscriptions_->add<at_most_once>(options, hearing<OrderTaken>(handler));
        if (promise_ == at_least_once) subscriptions_->add<at_least_once>(options, hearing<OrderTaken>(handler));
        if (promise_ != exactly_once) return;
        subscriptions_->add<exactly_once>(
            options, hearing<OrderTaken>([this](const OrderPlaced&, const Heard& heard) -> result<Effects> {
                if (not handle(heard)) return provider_is_down();
                if (dies_ == Dies::after) dies();
                return effects().append(id<Counter>{"ada"}, ExpectedVersion::any(), Added{1});
            }));
    }
    bool handle(const Heard& heard)
    {
        if (mortal_.is_dead()) return false; // what is dead does nothing more
        ++seen_.calls;
        if (dies_ == Dies::before && dies()) return false;
        ++seen_.outside;
        keys_.insert(heard.key);
        return dies_ != Dies::during || not dies();
    }
    // As a handler writes it that has no exactly_once.
    bool effect_of_its_own()
    {
        NewEvent added = encoded<Counter>(Added{1});
        added.id       = machine_.simulated.next();
        return mortal_.append(to("counter-ada", ExpectedVersion::any(), {added})).has_value();
    }
    // Once in its lives.
    bool dies()
    {
        if (std::exchange(has_died_, true)) return false;
        mortal_.dies();
        return true;
    }

    Position place()
    {
        NewEvent placed = encoded<OrderTaken>(OrderPlaced{"ada", 1});
        placed.id       = machine_.simulated.next();
        const auto at   = mortal_.append(to("ordering-1", ExpectedVersion::any(), {placed}));
        REQUIRE(at);
        return at.value().last_position;
    }

    std::string kept() const
    {
        const auto has = [](const std::vector<std::string>& streams, const std::string& stream) {
            return std::find(streams.begin(), streams.end(), stream) != streams.end();
        };
        for (std::size_t i = seen_from_; i < mortal_.appended.size(); ++i) {
            const bool is_effect   = has(mortal_.appended[i], "counter-ada");
            const bool is_position = has(mortal_.appended[i], "followed-letters");
            if (is_effect && is_position) return "with";
            if (is_effect) return "after";
            if (is_position) return "before";
        }
        return "never";
    }

    SimulatedMachine machine_;
    TemporaryDirectory directory_;
    StoreUnderTest store_;
    MortalStore mortal_;
    const Promise promise_;
    const Dies dies_;
    std::unique_ptr<CommandBus> commands_;
    std::unique_ptr<EventBus> bus_;
    std::unique_ptr<Queues> queues_;
    std::unique_ptr<Subscriptions> subscriptions_;
    Position placed_       = 0;
    std::size_t seen_from_ = 0;
    bool has_died_         = false;
    std::set<Uuid> keys_;
    Seen seen_;
};

// What is seen with this promise, and with no other one.
void check_cell(Promise promise, Dies dies, const Seen& expected)
{
    for (const auto& kind : every_store()) {
        if (kind.name != "memory" && kind.name != "LevelDB") continue; // the engines, once each
        for (const auto kept : {at_most_once, at_least_once, exactly_once}) {
            INFO(kind.name << ", " << to_string(kept));
            const Seen seen = Process{kind, kept, dies}.run();
            if (kept == promise) {
                CHECK(seen == expected);
            } else {
                CHECK_FALSE(seen == expected);
            }
        }
    }
}

TEST_CASE(
    "at most once: a handler that dies before its effect is not called again, and the event is said to be in doubt",
    "[messaging][subscriptions][promises]")
{
    check_cell(at_most_once, Dies::before,
               {.calls = 1, .outside = 0, .keys = 0, .inside = 0, .kept = "before", .in_doubt = true});
}

TEST_CASE("at most once: a handler that dies between two effects is not called again, and the second is missing",
          "[messaging][subscriptions][promises]")
{
    check_cell(at_most_once, Dies::during,
               {.calls = 1, .outside = 1, .keys = 1, .inside = 0, .kept = "before", .in_doubt = true});
}

TEST_CASE("at most once: a process that dies when the handler has returned does not call it again",
          "[messaging][subscriptions][promises]")
{
    check_cell(at_most_once, Dies::after,
               {.calls = 1, .outside = 1, .keys = 1, .inside = 1, .kept = "before", .in_doubt = true});
}

TEST_CASE("at most once: a process that dies later has no event in doubt", "[messaging][subscriptions][promises]")
{
    check_cell(at_most_once, Dies::later, {.calls = 1, .outside = 1, .keys = 1, .inside = 1, .kept = "before"});
}

TEST_CASE("at least once: a handler that dies before its effect is called again, and has it once",
          "[messaging][subscriptions][promises]")
{
    check_cell(at_least_once, Dies::before, {.calls = 2, .outside = 1, .keys = 1, .inside = 1, .kept = "after"});
}

TEST_CASE(
    "at least once: a handler that dies between two effects is called again, and has the first twice, with one key",
    "[messaging][subscriptions][promises]")
{
    check_cell(at_least_once, Dies::during, {.calls = 2, .outside = 2, .keys = 1, .inside = 1, .kept = "after"});
}

TEST_CASE(
    "at least once: a process that dies when the handler has returned calls it again, and all effects are there twice",
    "[messaging][subscriptions][promises]")
{
    check_cell(at_least_once, Dies::after, {.calls = 2, .outside = 2, .keys = 1, .inside = 2, .kept = "after"});
}

TEST_CASE("at least once: a process that dies later does not call the handler again",
          "[messaging][subscriptions][promises]")
{
    check_cell(at_least_once, Dies::later, {.calls = 1, .outside = 1, .keys = 1, .inside = 1, .kept = "after"});
}

TEST_CASE("exactly once: a handler that dies before its effect is called again, and has it once, with the position",
          "[messaging][subscriptions][promises]")
{
    check_cell(exactly_once, Dies::before, {.calls = 2, .outside = 1, .keys = 1, .inside = 1, .kept = "with"});
}

TEST_CASE("exactly once: a handler that dies after it has called the outside calls it again with the same key",
          "[messaging][subscriptions][promises]")
{
    check_cell(exactly_once, Dies::during, {.calls = 2, .outside = 2, .keys = 1, .inside = 1, .kept = "with"});
}

TEST_CASE(
    "exactly once: a process that dies when the handler has returned calls it again, and what it answers is there once",
    "[messaging][subscriptions][promises]")
{
    check_cell(exactly_once, Dies::after, {.calls = 2, .outside = 2, .keys = 1, .inside = 1, .kept = "with"});
}

TEST_CASE("exactly once: a process that dies later does not call the handler again",
          "[messaging][subscriptions][promises]")
{
    check_cell(exactly_once, Dies::later, {.calls = 1, .outside = 1, .keys = 1, .inside = 1, .kept = "with"});
}

} // namespace promises_test
