#include "golden_store.hpp"

#include <eventloom/framework/stream_limits.hpp>

namespace golden {

using namespace eventloom;

namespace {

// Ids of version 7 in ascending order; every fifth of version 4, which stands alone in the index.
Uuid id_of(unsigned kind, unsigned number)
{
    Uuid id;
    const bool ordered = number % 5 != 0;
    id.bytes[0]        = 0x01;
    id.bytes[1]        = static_cast<std::uint8_t>(ordered ? 0x90 : 0x90 + number % 100);
    id.bytes[4]        = static_cast<std::uint8_t>(number >> 8);
    id.bytes[5]        = static_cast<std::uint8_t>(number);
    id.bytes[6]        = static_cast<std::uint8_t>(ordered ? 0x70 : 0x40);
    id.bytes[8]        = static_cast<std::uint8_t>(0x80 + kind);
    id.bytes[15]       = static_cast<std::uint8_t>(number * 7);
    return id;
}

NewEvent event_of(unsigned number, std::string type, std::size_t bytes)
{
    NewEvent event;
    event.id             = id_of(1, number);
    event.type           = std::move(type);
    event.schema_version = 1 + number % 3;
    for (std::size_t i = 0; i < bytes; ++i) event.data.push_back(static_cast<char>(i * 31 + number));
    if (number % 2 == 0) event.metadata.correlation = id_of(2, number);
    if (number % 3 == 0) event.metadata.causation = id_of(3, number);
    if (number % 4 == 0) event.metadata.tags = {"course:c" + std::to_string(number % 7), "caf\u00e9"};
    if (number % 5 == 0) event.metadata.headers = {{"traceparent", "00-" + std::to_string(number)}, {"empty", ""}};
    return event;
}

class IdsInOrder final : public IdSource {
public:
    Uuid next() override { return id_of(5, ++given_); }

private:
    unsigned given_ = 0;
};

} // namespace

Time first_moment()
{
    return Time{std::chrono::days{20'000}};
}

Uuid command_id(unsigned number)
{
    return id_of(4, number);
}

result<void> write_events(EventStore& store, SimulatedExecutor& clock, unsigned from, unsigned to)
{
    for (unsigned command = from; command < to; ++command) {
        unsigned number = command * 100;
        AppendRequest request;
        request.command.emplace();
        request.command->id     = command_id(command);
        request.command->stream = "order-" + std::to_string(command % 3);
        // Every fourth command changes nothing; the others write to two streams, the sixth more than one record holds.
        if (command % 4 != 3) {
            const unsigned events = command == 6 ? 60 : 1 + command % 3;
            StreamAppend orders{request.command->stream, ExpectedVersion::any(), {}};
            for (unsigned i = 0; i < events; ++i) {
                ++number;
                orders.events.push_back(
                    event_of(number, i == 0 ? "order-placed" : "line-added", 10 + number % 100 * 13));
            }
            request.streams.push_back(std::move(orders));
            request.streams.push_back(
                {"stock-\u00e5ngstr\u00f6m", ExpectedVersion::any(), {event_of(++number, "goods-reserved", 0)}});
        }
        if (auto appended = store.append(request); not appended) return std::move(appended.error());
        clock.advance(Duration{1'500'000});
    }
    return done();
}

result<void> hide_events(EventStore& store)
{
    IdsInOrder ids;
    BOOST_OUTCOME_TRY(delete_stream(store, ids, "order-1"));
    BOOST_OUTCOME_TRY(set_stream_limits(store, ids, "order-2", {.max_count = 3}));
    return set_stream_limits(store, ids, "stock-\u00e5ngstr\u00f6m", {.truncate_before = 2});
}

} // namespace golden
