// The domain of docs/personal-data.md: customers, whose names and addresses can be erased.
#pragma once

#include <eventloom/framework/aggregate.hpp>

namespace customers {

namespace el = eventloom;

struct Customer;
using CustomerId = el::id<Customer>;

struct Address {
    std::string street;
    std::string town;
};

struct Registered {
    CustomerId customer;
    el::personal<std::string> name;
    el::personal<Address> address;
};
struct Bought {
    std::int64_t cents = 0;
};

// Whose data it is: an id. It is not sealed, so it must not be a name.
inline std::string subject_of(const Registered& event)
{
    return "customer-" + event.customer.value;
}

struct Customer {
    static constexpr auto category  = "customer";
    static constexpr auto snapshots = el::snapshots{.version = 1, .every = 2};
    using Events = el::events<el::event<"customer-registered", Registered>, el::event<"customer-bought", Bought>>;

    el::personal<std::string> name;
    std::int64_t spent = 0;
};

inline Customer evolve(Customer customer, const Registered& event)
{
    customer.name = event.name;
    return customer;
}
inline Customer evolve(Customer customer, const Bought& event)
{
    customer.spent += event.cents;
    return customer;
}

struct Register {
    CustomerId customer;
    std::string name;
    Address address;
};
struct Buy {
    std::int64_t cents = 0;
};

inline el::result<Registered> decide(const Register& command, const Customer&)
{
    return Registered{command.customer, command.name, command.address};
}
inline el::result<Bought> decide(const Buy& command, const Customer&)
{
    return Bought{command.cents};
}

static_assert(el::aggregate<Customer>);

} // namespace customers
