#include <eventloom/eventloom.hpp>

#include <iostream>

namespace el = eventloom;

struct Added {
    int amount = 0;
};
struct Add {
    int amount = 0;
};
struct Counter {
    static constexpr auto category = "counter";
    using Events                   = el::events<el::event<"added", Added>>;
    int value                      = 0;
};
inline Counter evolve(Counter counter, const Added& event)
{
    counter.value += event.amount;
    return counter;
}
inline el::result<Added> decide(const Add& command, const Counter&)
{
    return Added{command.amount};
}
static_assert(el::aggregate<Counter>);

int main(int, char** argv)
{
    el::SystemExecutor executor;
    const el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    auto service = el::Service::open(runtime, {.directory = argv[1]});
    if (not service) return 1;
    const el::id<Counter> counter{"1"};
    for (int i = 0; i < 3; ++i) {
        if (not service.value()->commands().send(counter, Add{1})) return 1;
    }
    std::cout << counter.stream() << " stands at " << service.value()->commands().load(counter).value().value << "\n";
}
