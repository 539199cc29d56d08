// expect: personal_event_without_subject_of<Registered>
#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_codec.hpp>
namespace el = eventloom;
struct Registered {
    el::personal<std::string> name;
};
struct Customer {
    static constexpr auto category = "customer";
    using Events                   = el::events<el::event<"registered", Registered>>;
};
template const el::EventTypes& el::event_types<Customer>();
