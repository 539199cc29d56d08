// The end of the power, or of the process, under subscriptions: at every single change of the disk, or of the log, in a short run,
// for each promise.
#include "simulated_disk/simulated_disk.hpp"
#include "support/mortal_store.hpp"
#include "support/subscribing.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <map>
#include <set>

namespace subscriptions_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

enum class Engine : std::uint8_t { leveldb, memory };

// What outlives the end: the disk, a log that is elsewhere, and what the outside has seen.
class Machine {
public:
    Machine(std::uint64_t seed, Engine engine, DirectoryModel model, Promise promise)
        : simulated_{seed}, disk_{seed, model},
          files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
          runtime_{simulated_, simulated_, simulated_, files_}, engine_{engine}, promise_{promise}
    {
        if (engine_ == Engine::memory) {
            memory_ = open_memory_store(runtime_);
            mortal_ = std::make_unique<MortalStore>(*memory_);
        }
    }
    ~Machine() { end(Tail::dropped); }

    SimulatedDisk& disk() { return disk_; }
    MortalStore* mortal() { return mortal_.get(); }
    bool is_alive() const { return mortal_ ? not mortal_->is_dead() : not disk_.crashed(); }

    bool start()
    {
        if (engine_ == Engine::leveldb) {
            auto opened = LevelDbStore::open(runtime_, {.directory = "/log"});
            if (not opened) return false;
            leveldb_ = std::move(opened.value());
        }
        commands_      = std::make_unique<CommandBus>(runtime_, store());
        bus_           = std::make_unique<EventBus>(runtime_, store());
        queues_        = std::make_unique<Queues>(runtime_, store(), *commands_, *bus_, "/queues");
        subscriptions_ = std::make_unique<Subscriptions>(runtime_, store(), *commands_, *bus_, *queues_);
        add();
        if (not subscriptions_->start()) return false;
        if (const auto doubt = subscriptions_->status("letters").value().in_doubt) {
            for (Position at = doubt->first; at <= doubt->second; ++at) in_doubt_.insert(at);
        }
        return true;
    }

    void end(Tail tail)
    {
        if (mortal_) mortal_->dies();
        if (not disk_.crashed()) disk_.crash_at(disk_.operations() + 1); // nothing is closed in peace
        subscriptions_.reset();
        queues_.reset();
        bus_.reset();
        commands_.reset();
        leveldb_.reset();
        run_background_work();
        simulated_.drop_everything();
        disk_.power_cut(tail);
        if (mortal_) mortal_->is_born_again(*memory_);
    }

    // A short run, the same until it ends: everything that a subscription does is in it.
    void work()
    {
        if (not start()) return;
        for (const std::string customer : {"ada", "bob"}) {
            if (not place(customer)) return;
        }
        simulated_.advance(1s);
        if (not place("faulty") || not place("refused") || not place("carol")) return;
        simulated_.advance(10s);
        if (not went(subscriptions_->pause("letters", "lunch", simulated_.now() + 1h)) || not place("dan")) return;
        simulated_.advance(1s);
        if (not went(subscriptions_->resume("letters", "it is over"))) return;
        simulated_.advance(2s);
        run_one_background_job();
        const auto letters = subscriptions_->dead_letters("letters").value();
        if (not letters.empty()) {
            retried_.insert(letters.front().position);
            if (not went(subscriptions_->retry("letters", letters.front().position, "again"))) return;
        }
        simulated_.advance(2s);
        if (not place("eve")) return;
        simulated_.advance(2s);
    }

    bool drain()
    {
        simulated_.advance(2h); // a pause that was not resumed ends
        return subscriptions_->settle(simulated_.now() + 1h);
    }

    // The first promise that is broken.
    std::string broken()
    {
        std::map<Position, unsigned> letters;
        const auto dead = subscriptions_->dead_letters("letters");
        for (const auto& letter : dead.value()) letters[letter.position] = letter.attempts;
        std::map<std::string, unsigned> effects;
        std::map<std::string, unsigned> jobs;
        for (const auto& event : read_all(store(), {.scope = Scope::category("counter")})) ++effects[event.stream];
        for (const auto& event : read_all(store(), {.scope = Scope::type("send-mail")}))
            ++jobs[to_string(event.metadata.causation)];
        for (const auto& event : read_all(store(), {.scope = Scope::type("ordering-placed")})) {
            const auto at   = event.position;
            const auto what = "the event at position " + std::to_string(at) + " ";
            const auto seen = called_[at];
            if (keys_[at].size() > 1) return what + "had several keys";
            if (letters.contains(at) && not refused_.contains(at)) return what + "is a dead letter";
            const unsigned effect = effects["counter-" + to_string(event.id)];
            const unsigned job    = jobs[to_string(event.id)];
            if (promise_ == exactly_once) {
                const unsigned wanted = letters.contains(at) ? 0 : 1;
                if (effect != wanted || job != wanted)
                    return what + "has its effect " + std::to_string(effect) + " times";
                continue;
            }
            if (promise_ == at_least_once) {
                if (not letters.contains(at) && done_[at] == 0) return what + "was never handled";
                continue;
            }
            if (seen > 1 + (retried_.contains(at) ? 1 : 0)) return what + "was handled twice";
            if (seen == 0 && not in_doubt_.contains(at)) return what + "is lost, and nobody has said so";
        }
        if (letters.size() > refused_.size()) return "there are too many dead letters";
        return {};
    }

private:
    EventStore& store() { return mortal_ ? static_cast<EventStore&>(*mortal_) : *leveldb_; }

    // What is refused is an answer; every other error is the end.
    static bool went(const result<void>& answer) { return answer || answer.error().kind == Failure::refused; }

    bool place(const std::string& customer)
    {
        NewEvent placed = encoded<OrderTaken>(OrderPlaced{customer, 1});
        placed.id       = simulated_.next();
        return store().append(to("ordering-1", ExpectedVersion::any(), {placed})).has_value() && is_alive();
    }

    result<void> handle(const OrderPlaced& event, const Heard& heard)
    {
        const auto at = heard.event.position;
        if (is_alive()) ++called_[at];
        keys_[at].insert(heard.key);
        if (event.customer == "refused") {
            refused_.insert(at);
            return refuse("not-wanted", "No.");
        }
        if (event.customer == "faulty" && promise_ != at_most_once && heard.attempt < 3) return provider_is_down();
        if (is_alive()) ++done_[at];
        return eventloom::done();
    }

    void add()
    {
        const SubscriberOptions options{.name = "letters", .attempts = 5, .first_wait = 1s};
        const auto plain = [this](const OrderPlaced& event, const Heard& heard) -> result<void> {
            return handle(event, heard);
        };
        if (promise_ == at_most_once) subscriptions_->add<at_most_once>(options, hearing<OrderTaken>(plain));
        if (promise_ == at_least_once) subscriptions_->add<at_least_once>(options, hearing<OrderTaken>(plain));
        if (promise_ != exactly_once) return;
        subscriptions_->add<exactly_once>(
            options, hearing<OrderTaken>([this](const OrderPlaced& event, const Heard& heard) -> result<Effects> {
                BOOST_OUTCOME_TRY(handle(event, heard));
                return effects()
                    .append(id<Counter>{to_string(heard.event.id)}, ExpectedVersion::any(), Added{1})
                    .enqueue<Mailing>(SendMail{event.customer, "x"});
            }));
    }

    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_;
    Runtime runtime_;
    const Engine engine_;
    const Promise promise_;
    std::unique_ptr<EventStore> memory_;
    std::unique_ptr<MortalStore> mortal_;
    std::unique_ptr<LevelDbStore> leveldb_;
    std::unique_ptr<CommandBus> commands_;
    std::unique_ptr<EventBus> bus_;
    std::unique_ptr<Queues> queues_;
    std::unique_ptr<Subscriptions> subscriptions_;
    std::map<Position, unsigned> called_;
    std::map<Position, unsigned> done_;
    std::map<Position, std::set<Uuid>> keys_;
    std::set<Position> refused_;
    std::set<Position> retried_;
    std::set<Position> in_doubt_;
};

void check_recovers(Machine& machine)
{
    REQUIRE(machine.start());
    REQUIRE(machine.drain());
    REQUIRE(machine.broken() == "");
}

TEST_CASE("a power cut at any change of the disk leaves each promise of a subscription as it was",
          "[crash][subscriptions]")
{
    for (const auto promise : {at_most_once, at_least_once, exactly_once}) {
        for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
            std::uint64_t points = 0;
            {
                Machine whole{1, Engine::leveldb, model, promise};
                whole.work();
                REQUIRE(whole.is_alive());
                REQUIRE(whole.drain());
                REQUIRE(whole.broken() == "");
                points = whole.disk().operations();
            }
            REQUIRE(points > 40);
            for (const auto tail : {Tail::dropped, Tail::shortened, Tail::torn, Tail::kept}) {
                for (std::uint64_t point = 1; point <= points; ++point) {
                    INFO(to_string(promise) << ", directories " << static_cast<int>(model) << ", tail "
                                            << static_cast<int>(tail) << ", point " << point << " of " << points);
                    Machine machine{point, Engine::leveldb, model, promise};
                    machine.disk().crash_at(point);
                    machine.work();
                    machine.end(tail);
                    check_recovers(machine);
                }
            }
        }
    }
}

TEST_CASE("the end of the process at any append leaves each promise of a subscription as it was, over a log in memory",
          "[crash][subscriptions]")
{
    for (const auto promise : {at_most_once, at_least_once, exactly_once}) {
        Machine whole{1, Engine::memory, DirectoryModel::ordered, promise};
        whole.work();
        REQUIRE(whole.is_alive());
        const auto points = whole.mortal()->asked();
        REQUIRE(points > 15);
        for (const auto at : {MortalStore::At::before, MortalStore::At::after}) {
            for (std::size_t point = 1; point <= points; ++point) {
                INFO(to_string(promise) << ", " << static_cast<int>(at) << " append " << point << " of " << points);
                Machine machine{point, Engine::memory, DirectoryModel::ordered, promise};
                machine.mortal()->dies_at(point, at);
                machine.work();
                machine.end(Tail::dropped);
                check_recovers(machine);
            }
        }
    }
}

} // namespace subscriptions_crash_test
