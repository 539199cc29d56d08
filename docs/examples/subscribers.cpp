#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/consumer_groups.hpp>
#include <eventloom/storage/system_files.hpp>

#include <atomic>
#include <iostream>

namespace el = eventloom;

el::AppendRequest order_of(const el::Runtime& runtime, const std::string& number, const std::string& customer)
{
    el::NewEvent placed{.id = runtime.ids.next(), .type = "order-placed", .data = "tea", .metadata = {}};
    placed.metadata.tags = {"customer:" + customer};
    el::AppendRequest request;
    request.streams.push_back({"order-" + number, el::ExpectedVersion::any(), {placed}});
    return request;
}

el::result<void> run(const std::string& directory)
{
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    BOOST_OUTCOME_TRY(const auto store, el::LevelDbStore::open(runtime, {.directory = directory + "/log"}));

    // One subscriber, which gets every event that it asked for. It starts at the position given: here, the first event.
    std::atomic<std::size_t> ordered_by_ada{0};
    el::EventBus bus{runtime, *store};
    const auto ada = bus.subscribe({.name = "ada", .scope = el::Scope::tag("customer:ada"), .after = 0},
                                   [&](const el::Delivery& delivery) -> el::result<void> {
                                       ordered_by_ada += delivery.events.size();
                                       return el::done();
                                   });

    // A group, whose members share the work. After a restart it continues where it stopped.
    std::atomic<std::size_t> mails{0};
    const auto send_a_mail = [&](const el::RecordedEvent&) -> el::result<void> {
        ++mails;
        return el::done();
    };
    BOOST_OUTCOME_TRY(const auto groups, el::ConsumerGroups::open(runtime, *store, {directory + "/groups"}));
    BOOST_OUTCOME_TRY(
        const auto mail,
        groups->open_group({.name = "mail", .scope = el::Scope::category("order"), .types = {"order-placed"}}));
    BOOST_OUTCOME_TRY(const auto first, mail->join("first", send_a_mail));
    BOOST_OUTCOME_TRY(const auto second, mail->join("second", send_a_mail));

    for (const std::string number : {"1", "2", "3", "4"}) {
        BOOST_OUTCOME_TRY(store->append(order_of(runtime, number, number == "2" ? "bob" : "ada")));
    }
    const auto soon = runtime.clock.now() + std::chrono::seconds{10};
    bus.wait_for(*ada, store->head(), soon);
    mail->wait_for(store->head(), soon);
    std::cout << mails << " mails, " << ordered_by_ada << " orders of Ada\n";
    return el::done();
}

int main(int, char** argv)
{
    const auto done = run(argv[1]);
    if (not done) std::cerr << done.error().sentence << "\n";
    return done ? 0 : 1;
}
