// The end of the power, or of the process, under topics: at every single change of the disk, or of the log, in a short run in which
// segments begin and go, a subscription hears messages, and effects publish some.
#include "simulated_disk/simulated_disk.hpp"
#include "support/mortal_store.hpp"
#include "support/publishing.hpp"

#include <eventloom/storage/syncing_env.hpp>

#include <map>
#include <set>

namespace topics_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

constexpr auto kept_for = 8s;

// What outlives the end: the disk, a log in memory, and what the outside has seen.
class Machine {
public:
    Machine(std::uint64_t seed, const TopicEngine& engine, DirectoryModel model)
        : simulated_{seed}, disk_{seed, model},
          files_{std::in_place, &disk_, [this](const std::string&) { return disk_.sync_directory(); }},
          runtime_{simulated_, simulated_, simulated_, *files_, &reports_}, kind_{engine.make()},
          is_on_disk_{engine.name == "leveldb"}
    {
    }
    ~Machine() { end(Tail::dropped); }

    SimulatedDisk& disk() { return disk_; }
    // The end of the process at this append to the log, counted over all starts.
    void dies_at(std::size_t append, MortalStore::At at)
    {
        dies_at_ = append;
        at_      = at;
    }
    std::size_t asked() const { return mortal_ ? mortal_->asked() : 0; }
    const std::string& why_not() const { return why_not_; }
    bool is_alive() const { return not disk_.crashed() && not(mortal_ && mortal_->is_dead()); }

    bool start()
    {
        auto opened = kind_->open(runtime_, {.directory = "/service"});
        if (not opened) return false;
        engine_ = std::move(opened.value());
        mortal_ = std::make_unique<MortalStore>(*engine_.store);
        if (dies_at_ > 0) mortal_->dies_at(std::exchange(dies_at_, 0), at_);
        commands_ = std::make_unique<CommandBus>(runtime_, *mortal_);
        bus_      = std::make_unique<EventBus>(runtime_, *mortal_);
        queues_   = std::make_unique<Queues>(runtime_, *mortal_, *commands_, *bus_, "/queues");
        topics_   = std::make_unique<Topics>(runtime_, *mortal_, *commands_, *kind_, "/topics");
        subscriptions_ =
            std::make_unique<Subscriptions>(runtime_, *mortal_, *commands_, *bus_, *queues_, topics_.get());
        topics_->add<Prices>({.max_age = kept_for});
        subscriptions_->add<at_least_once>(
            {.name = "board", .keep_every = 0ms},
            hearing<Prices>([this](const PriceChanged& message, const Heard& heard) -> result<void> {
                if (is_alive()) heard_[heard.event.position].insert({message.article, heard.event.metadata.causation});
                return done();
            }));
        subscriptions_->add<exactly_once>(
            {.name = "prices"},
            hearing<OrderTaken>([](const OrderPlaced& event, const Heard& heard) -> result<Effects> {
                return effects()
                    .append(id<Counter>{to_string(heard.event.id)}, ExpectedVersion::any(), Added{1})
                    .publish<Prices>(PriceChanged{event.customer, event.amount});
            }));
        const auto started = topics_->start() ? subscriptions_->start() : topics_->start();
        why_not_           = started ? "" : started.error().sentence;
        return started.has_value();
    }

    void end(Tail tail)
    {
        if (mortal_) mortal_->dies();
        if (is_on_disk_ && not disk_.crashed()) disk_.crash_at(disk_.operations() + 1); // nothing is closed in peace
        subscriptions_.reset();
        topics_.reset();
        queues_.reset();
        bus_.reset();
        commands_.reset();
        mortal_.reset();
        engine_ = {};
        run_background_work();
        simulated_.drop_everything();
        disk_.power_cut(tail);
        files_.emplace(&disk_, [this](const std::string&) { return disk_.sync_directory(); });
    }

    // A short run, the same until it ends.
    void work()
    {
        if (not start()) return;
        if (not publish("tea") || not publish("coffee")) return;
        if (not place("ada")) return;
        simulated_.advance(1200ms); // the next message begins a segment
        if (not publish("milk")) return;
        simulated_.advance(1200ms);
        if (not place("bob") || not publish("sugar")) return;
        simulated_.advance(7s); // the first ones go
        if (not publish("honey")) return;
        simulated_.advance(100ms);
        run_one_background_job();
    }

    bool drain()
    {
        simulated_.advance(10ms);
        const auto kept = subscriptions_->settle(simulated_.now() + 1s);
        return kept && subscriptions_->settle(simulated_.now() + 1s);
    }

    // The first promise that is broken.
    std::string broken()
    {
        const auto log = topics_->log_of("prices");
        if (not log) return log.error().sentence;
        std::map<Position, std::string> there;
        std::map<Uuid, std::set<Position>> of_cause;
        const Time now = simulated_.now();
        for (const auto& message : read_all(*log.value())) {
            const auto take = [&](const auto& one) { there[message.position] = one.article; };
            if (not detail::with_facts<Prices::Messages>(message, "a test", take)) return "a message is not readable";
            of_cause[message.metadata.causation].insert(message.position);
        }
        for (const auto& [number, published] : published_) {
            const auto found = there.find(number);
            if (found == there.end() && published.at + kept_for > now)
                return "message " + std::to_string(number) + " is lost";
            if (found != there.end() && found->second != published.article)
                return "message " + std::to_string(number) + " is another one";
        }
        for (const auto& [number, messages] : heard_) {
            if (messages.size() > 1) return "two messages had the number " + std::to_string(number);
            of_cause[messages.begin()->second].insert(number);
        }
        for (const auto& order : read_all(*engine_.store, {.scope = Scope::type("ordering-placed")})) {
            const auto effects = read_all(*engine_.store, {.scope = Scope::stream("counter-" + to_string(order.id))});
            if (effects.size() != 1) return "an order has " + std::to_string(effects.size()) + " effects";
            if (of_cause[order.id].size() != 1)
                return "an order has " + std::to_string(of_cause[order.id].size()) + " messages";
        }
        if (subscriptions_->status("board").value().lost != 0) return "the board has lost messages";
        return room_left_over();
    }

private:
    struct Published {
        std::string article;
        Time at;
    };

    std::string room_left_over()
    {
        std::set<std::string> directories;
        const std::string room = "/topics/prices/";
        for (const auto& [path, bytes] : disk_.files()) {
            if (path.starts_with(room)) directories.insert(path.substr(0, path.find('/', room.size())));
        }
        const auto segments = topics_->status("prices").value().segments;
        if (directories.size() <= segments) return {};
        std::string found;
        for (const auto& directory : directories) found += directory + " ";
        for (const auto& error : reports_.of("topic-room-not-given-back/error")) found += error + " ";
        return found + "for " + std::to_string(segments) + " segments";
    }

    bool publish(const std::string& article)
    {
        const auto published = topics_->publish<Prices>(PriceChanged{article, 1});
        if (not published || not is_alive()) return false;
        published_[published.value().number] = {article, simulated_.now()};
        return true;
    }
    bool place(const std::string& customer)
    {
        NewEvent placed   = encoded<OrderTaken>(OrderPlaced{customer, 1});
        placed.id         = simulated_.next();
        const auto stands = mortal_->append(to("ordering-1", ExpectedVersion::any(), {placed}));
        simulated_.run_until_idle();
        return stands && is_alive();
    }

    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    std::optional<SyncingEnv> files_; // of one process: it remembers what it could not sync
    Reports reports_;
    Runtime runtime_;
    const std::unique_ptr<EngineKind> kind_;
    const bool is_on_disk_;
    Engine engine_;
    std::unique_ptr<MortalStore> mortal_;
    std::string why_not_;
    std::size_t dies_at_ = 0;
    MortalStore::At at_  = MortalStore::At::before;
    std::unique_ptr<CommandBus> commands_;
    std::unique_ptr<EventBus> bus_;
    std::unique_ptr<Queues> queues_;
    std::unique_ptr<Topics> topics_;
    std::unique_ptr<Subscriptions> subscriptions_;
    std::map<Position, Published> published_;                          // acknowledged
    std::map<Position, std::set<std::pair<std::string, Uuid>>> heard_; // and their causes
};

void check_recovers(Machine& machine)
{
    const bool has_started = machine.start();
    INFO(machine.why_not());
    REQUIRE(has_started);
    REQUIRE(machine.drain());
    REQUIRE(machine.broken() == "");
}

TEST_CASE("a power cut at any change of the disk loses no message of a topic, doubles none, and gives all room back",
          "[crash][topics]")
{
    const auto& engine = topic_engines().front();
    REQUIRE(engine.name == "leveldb");
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        std::uint64_t points = 0;
        {
            Machine whole{1, engine, model};
            whole.work();
            REQUIRE(whole.is_alive());
            REQUIRE(whole.drain());
            REQUIRE(whole.broken() == "");
            points = whole.disk().operations();
        }
        REQUIRE(points > 100);
        for (const auto tail : {Tail::dropped, Tail::shortened, Tail::torn, Tail::kept}) {
            for (std::uint64_t point = 1; point <= points; ++point) {
                INFO("directories " << static_cast<int>(model) << ", tail " << static_cast<int>(tail) << ", point "
                                    << point << " of " << points);
                Machine machine{point, engine, model};
                machine.disk().crash_at(point);
                machine.work();
                machine.end(tail);
                check_recovers(machine);
            }
        }
    }
}

TEST_CASE("the end of the process at any append loses no message of a topic and doubles none, over a log in memory",
          "[crash][topics]")
{
    const auto& engine = topic_engines().back();
    REQUIRE(engine.name == "memory");
    std::size_t points = 0;
    {
        Machine whole{1, engine, DirectoryModel::ordered};
        whole.work();
        REQUIRE(whole.is_alive());
        points = whole.asked();
    }
    REQUIRE(points > 10);
    for (const auto at : {MortalStore::At::before, MortalStore::At::after}) {
        for (std::size_t point = 1; point <= points; ++point) {
            INFO(static_cast<int>(at) << " append " << point << " of " << points);
            Machine machine{point, engine, DirectoryModel::ordered};
            machine.dies_at(point, at);
            machine.work();
            machine.end(Tail::dropped);
            check_recovers(machine);
        }
    }
}

} // namespace topics_crash_test
