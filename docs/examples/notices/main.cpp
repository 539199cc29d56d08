// The program of docs/publish-and-subscribe.md:
//
//     notices serve
//     notices place 1042 ada
//     notices subscriptions list
#include "notices/notices.hpp"

#include <eventloom/framework/log.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/subscriptions.hpp>
#include <eventloom/messaging/topics.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace notices {

using namespace std::chrono_literals;

// What is outside: it recognises a key that comes again.
class Provider {
public:
    el::result<void> send(const std::string& to, const std::string&, const el::Uuid&)
    {
        if (to == "nobody") return el::refuse("no-address", "Nobody has no address.");
        return el::done();
    }
    el::result<void> ring(const std::string&) { return el::done(); }
    el::result<void> show(const std::string&, int) { return el::done(); }
};

void subscribe(el::Service& service, Provider& provider)
{
    el::Subscriptions& subscriptions = service.subscriptions();
    subscriptions.add<el::at_least_once>(
        {.name = "thanks"}, el::hearing<Order>([&](const Placed& event, const el::Heard& heard) -> el::result<void> {
            return provider.send(event.customer.value, "Thank you for your order.", heard.key);
        }));
    subscriptions.add<el::at_most_once>({.name = "bell", .streams = "order-*", .begin = el::begin_now()},
                                        el::hearing<Order>([&](const Placed& event) -> el::result<void> {
                                            return provider.ring(event.customer.value);
                                        }));
    subscriptions.add<el::exactly_once>(
        {.name = "points"}, el::hearing<Order>([](const Placed& event) -> el::result<el::Effects> {
            return el::effects()
                .append(event.customer, el::ExpectedVersion::any(), PointsEarned{event.euros / 10})
                .enqueue<Letters>(SendLetter{event.customer.value, "You have earned points."});
        }));
    subscriptions.add<el::at_least_once>(
        {.name = "journal", .when_given_up = el::GivenUp::stop},
        el::hearing_recorded({}, [&](const el::RecordedEvent& event, const el::Heard&) -> el::result<void> {
            el::write_to(service.runtime().log, el::LogLevel::debug, "journal", {{"type", event.type}});
            return el::done();
        }));
    service.topics().add<Prices>({.max_age = 24h, .max_bytes = 64u << 20, .max_count = 1'000'000});
    subscriptions.add<el::at_least_once>({.name = "board"},
                                         el::hearing<Prices>([&](const PriceChanged& message) -> el::result<void> {
                                             return provider.show(message.article, message.cents);
                                         }));
    subscriptions.add<el::exactly_once>(
        {.name = "sold"}, el::hearing<Order>([](const Placed& event) -> el::result<el::Effects> {
            return el::effects().publish<Prices>(PriceChanged{"last order", event.euros * 100});
        }));
}

el::result<el::PublishedMessage> change_price(el::Service& service, const std::string& article, int cents)
{
    return service.topics().publish<Prices>(PriceChanged{article, cents});
}

class Shop final : public el::OpenService {
public:
    explicit Shop(std::unique_ptr<el::Service> service) : service_{std::move(service)}
    {
        service_->queues().add<Letters>({},
                                        [this](const SendLetter& letter, el::JobContext& context) -> el::result<void> {
                                            return provider_.send(letter.to, letter.text, context.id());
                                        });
        subscribe(*service_, provider_);
    }
    el::Service& service() override { return *service_; }

private:
    Provider provider_; // outlives the service, which calls it
    std::unique_ptr<el::Service> service_;
};

el::result<std::unique_ptr<el::OpenService>> open(const el::Runtime& runtime, const std::string& directory, bool create)
{
    BOOST_OUTCOME_TRY(auto service, el::Service::open(runtime, {.directory = directory, .create_if_missing = create}));
    return std::unique_ptr<el::OpenService>{std::make_unique<Shop>(std::move(service))};
}

void set_up(el::CommandLine& line)
{
    line.opens(open);
    line.knows(el::event_types<Order>());
    line.knows(el::event_types<Customer>());
    const auto number   = std::make_shared<std::string>();
    const auto customer = std::make_shared<std::string>();
    const auto price    = line.app().add_subcommand("price", "Change the price of an article");
    const auto cents    = std::make_shared<int>();
    price.add_option("article", *number, "Which").required();
    price.add_option("cents", *cents, "The new price").required();
    line.on(price, [&line, number, cents](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const opened, line.open(true));
        BOOST_OUTCOME_TRY(const auto published, change_price(opened->service(), *number, *cents));
        out.properties({{"article", *number}, {"number", published.number}});
        return el::done();
    });
    const auto place = line.app().add_subcommand("place", "Place an order");
    place.add_option("order", *number, "Its number").required();
    place.add_option("customer", *customer, "Whose it is").required();
    line.on(place, [&line, number, customer](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const opened, line.open(true));
        BOOST_OUTCOME_TRY(const auto receipt,
                          opened->service().commands().send(OrderId{*number}, Place{CustomerId{*customer}, 100}));
        out.properties({{"order", *number}, {"position", receipt.position}});
        return el::done();
    });
}

} // namespace notices

int main(int argc, char** argv)
{
    return eventloom::run({"notices", "Orders, and who hears of them.", notices::set_up}, argc, argv);
}
