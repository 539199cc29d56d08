// The service of docs/personal-data.md.
//
//     customers register 17850 'Ada Lovelace' "12 St James's Square" London
//     customers query cards
#include "personal/cards.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace customers {

class Customers final : public el::OpenService {
public:
    explicit Customers(std::unique_ptr<el::Service> service) : service_{std::move(service)} {}
    el::Service& service() override { return *service_; }

private:
    std::unique_ptr<el::Service> service_;
};

el::result<std::unique_ptr<el::OpenService>> open(const el::Runtime& runtime, const std::string& directory, bool create)
{
    BOOST_OUTCOME_TRY(auto service, el::Service::open(runtime, {.directory = directory, .create_if_missing = create}));
    BOOST_OUTCOME_TRY(service->projections().add(cards()));
    return std::unique_ptr<el::OpenService>{std::make_unique<Customers>(std::move(service))};
}

el::result<void> enter(el::Service& service, const Register& command)
{
    BOOST_OUTCOME_TRY(const auto receipt, service.commands().send(command.customer, command));
    BOOST_OUTCOME_TRY(service.start());
    return service.projections().wait_for(receipt.position, service.runtime().clock.now() + std::chrono::minutes{1});
}

void set_up(el::CommandLine& line)
{
    line.opens(open);
    line.knows(el::event_types<Customer>());
    const auto entered = std::make_shared<std::array<std::string, 4>>();
    const auto command = line.app().add_subcommand("register", "Enter a customer");
    command.add_option("id", (*entered)[0]).required();
    command.add_option("name", (*entered)[1]).required();
    command.add_option("street", (*entered)[2]).required();
    command.add_option("town", (*entered)[3]).required();
    line.on(command, [&line, entered](el::Output&) -> el::result<void> {
        const auto& [id, name, street, town] = *entered;
        BOOST_OUTCOME_TRY(auto* const opened, line.open(true));
        return enter(opened->service(), {CustomerId{id}, name, {street, town}});
    });
}

} // namespace customers

int main(int argc, char** argv)
{
    return eventloom::run({"customers", "Customers who can be forgotten.", customers::set_up}, argc, argv);
}
