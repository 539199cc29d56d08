// Throws bytes at the decoders of values and of records. Whatever they are: no crash, and no more memory than a small multiple
// of them. `./dev fuzz` runs it under clang's fuzzer.
#include "record.hpp"

#include <eventloom/framework/cereal_codec.hpp>

#include <cstddef>
#include <cstdint>

namespace {

struct Line {
    std::string sku;
    std::int64_t quantity = 0;
    std::optional<double> weight;
};
struct Order {
    std::vector<Line> lines;
    std::map<std::string, Line> by_name;
    std::variant<int, std::string, bool> either;
    std::vector<bool> flags;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    if (const auto order = eventloom::codec<Order>::decode(bytes)) {
        std::string again;
        eventloom::codec<Order>::encode(order.value(), again);
        if (not eventloom::codec<Order>::decode(again)) __builtin_trap();
    }
    eventloom::RecordedEvent event;
    static_cast<void>(eventloom::decode_record(bytes, 1, event));
    static_cast<void>(eventloom::decode_command(bytes, {}));
    return 0;
}
