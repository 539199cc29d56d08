// The codec: what decodes, encodes to something that decodes to the same.
#include "targets.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/detail/ensure.hpp>

#include <map>
#include <variant>

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
struct Nested {
    std::vector<Nested> inside;
};

template <class T>
void decode(std::string_view bytes)
{
    using namespace eventloom;
    const auto value = codec<T>::decode(bytes);
    if (not value) return ensure(not value.error().code.empty(), "damage has no code");
    std::string once;
    codec<T>::encode(value.value(), once);
    const auto again = codec<T>::decode(once);
    ensure(again.has_value(), "what was encoded does not decode");
    std::string twice;
    codec<T>::encode(again.value(), twice);
    ensure(once == twice, "a value changes when it is encoded and decoded");
}

} // namespace

void eventloom::fuzz::values(std::string_view bytes)
{
    decode<Order>(bytes);
    decode<Nested>(bytes);
}
