#include "support/kept_service.hpp"

#include "support/measuring/measure.hpp"
#include "support/orders/in_flight.hpp"
#include "support/orders/order_event.hpp"
#include "support/orders/order_lives.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/projections/projection.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench::kept {

namespace el = eventloom;

struct Moved {
    std::string customer;
    el::personal<std::string> name;
    el::personal<std::string> street;
};
std::string subject_of(const Moved& event)
{
    return event.customer;
}

struct Customer {
    static constexpr auto category = "customer";
    using Events                   = el::events<el::event<"customer-moved", Moved>>;
};
Customer evolve(Customer customer, const Moved&)
{
    return customer;
}
using CustomerId = el::id<Customer>;

namespace {

struct Card {
    el::personal<std::string> name;
    el::personal<std::string> street;
};

el::Projected<CustomerId, Card> cards()
{
    return el::projection<CustomerId, Card>("cards", 1, [](Card& row, const Moved& event) {
        row.name   = event.name;
        row.street = event.street;
    });
}

constexpr std::uint64_t events_a_customer = 100;
constexpr std::uint64_t orders_open       = 1'000;   // at a time
constexpr std::uint64_t events_a_chunk    = 10'000;  // made before they are appended
constexpr std::uint64_t events_a_round    = 100'000; // a whole number of chunks, and of rounds of open orders
constexpr std::uint64_t orders_of_round   = events_a_round / 10 * 9 / lives::events_of_an_order;
static_assert(orders_of_round % orders_open == 0);

// The tenth of each ten events.
lives::Written moving(std::uint64_t number)
{
    const auto customer = "customer-" + std::to_string(number / 10 / events_a_customer);
    const Moved fact{customer, "Ada Lovelace the " + std::to_string(number), "12 St James's Square"};
    el::NewEvent event;
    event.type = "customer-moved";
    el::PersonalPlaces places;
    el::codec<Moved>::encode(fact, event.data, places);
    el::note_personal_parts(event, std::move(places), subject_of(fact));
    return {.stream = customer, .version = number / 10 % events_a_customer, .event = std::move(event)};
}

lives::Written event_number(std::uint64_t number)
{
    auto written = number % 10 == 9 ? moving(number) : lives::event_number(number / 10 * 9 + number % 10, orders_open);
    written.event.id = id_of(number);
    return written;
}

void append_all(el::EventStore& store, std::uint64_t first, std::uint64_t count,
                const std::function<lives::Written(std::uint64_t)>& event)
{
    for (std::uint64_t done = 0; done < count;) {
        std::vector<PreparedAppend> chunk(std::min(events_a_chunk, count - done));
        for (auto& append : chunk) {
            auto written = event(first + done++);
            append.add(written.stream, written.version, {std::move(written.event)});
        }
        append_in_flight(store, chunk);
    }
}

lives::Written deletion_of(std::uint64_t number)
{
    const auto order = 2 * number;
    el::NewEvent event;
    event.id   = el::system_ids().next();
    event.type = "$stream-deleted";
    el::codec<el::StreamDeleted>::encode({lives::events_of_an_order, {}, {}}, event.data);
    return {.stream = el::settings_stream_of("order-" + std::to_string(order)), .event = std::move(event)};
}

class Kept final : public el::OpenService {
public:
    explicit Kept(std::unique_ptr<el::Service> service) : service_{std::move(service)} {}
    el::Service& service() override { return *service_; }

private:
    std::unique_ptr<el::Service> service_;
};

el::result<std::unique_ptr<el::OpenService>> open(const el::Runtime& runtime, const std::string& directory, bool create)
{
    BOOST_OUTCOME_TRY(auto service, el::Service::open(runtime, {.directory = directory, .create_if_missing = create}));
    BOOST_OUTCOME_TRY(service->projections().add(lives::plain_orders()));
    BOOST_OUTCOME_TRY(service->projections().add(cards()));
    return std::unique_ptr<el::OpenService>{std::make_unique<Kept>(std::move(service))};
}

using Fill = void (*)(el::Service& service, std::uint64_t count);

void add_command(el::CommandLine& line, const char* name, Fill fill)
{
    const auto count   = std::make_shared<std::uint64_t>(0);
    const auto command = line.app().add_subcommand(name, "");
    command.add_option("count", *count).required();
    line.on(command, [&line, count, fill](el::Output&) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const opened, line.open(true));
        fill(opened->service(), *count);
        return el::done();
    });
}

void set_up(el::CommandLine& line)
{
    line.opens(open);
    line.knows(el::event_types<lives::Order>());
    line.knows(el::event_types<Customer>());
    add_command(line, "fill", [](el::Service& service, std::uint64_t count) {
        require(count % events_a_round == 0, "whole rounds of events");
        append_all(service.plaintext_store(), service.store().head(), count, event_number);
    });
    add_command(line, "delete-orders",
                [](el::Service& service, std::uint64_t count) { append_all(service.store(), 0, count, deletion_of); });
}

[[noreturn]] void become_service(const std::vector<std::string>& words)
{
    std::vector<std::string> line{"eventloom_bench", "kept"};
    line.insert(line.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (auto& word : line) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    execv("/proc/self/exe", arguments.data());
    _exit(1);
}

} // namespace

CommandCost cost_of_command(const std::vector<std::string>& words)
{
    CommandCost cost;
    cost.seconds = seconds_of([&] {
        const pid_t child = fork();
        require(child >= 0, "a process");
        if (child == 0) become_service(words);
        int status = 0;
        rusage usage{};
        require(wait4(child, &status, 0, &usage) == child && status == 0, "a command of the service ends well");
        cost.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
    });
    return cost;
}

int run_service(int argc, char** argv)
{
    return el::run({"kept", "A service whose data directory is kept.", set_up}, argc, argv);
}

} // namespace bench::kept

template const eventloom::EventTypes& eventloom::event_types<bench::kept::Customer>();
