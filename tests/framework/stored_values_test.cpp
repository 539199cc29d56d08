// What the codec writes for values of every kind: bytes, JSON and shape are those that tests/golden/values.txt has, and so is
// what becomes of damaged bytes. EVENTLOOM_GOLDEN_VALUES=write makes the file; what it has must not change.
#include "stored_values.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace stored_values_test {

std::string hex_of(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) text.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    return text;
}

// One character for what becomes of bytes: a value, or an error by the end of its code; and a sum of what the values are again.
struct Fates {
    std::string text;
    std::uint64_t sum = 14695981039346656037u;

    template <class T>
    void add(const std::string& bytes)
    {
        const auto read = codec<T>::decode(bytes);
        text += read                                    ? '.'
                : read.error().code == "damaged-value"  ? 'd'
                : read.error().code == "trailing-bytes" ? 't'
                : read.error().code == "value-too-deep" ? 'n'
                                                        : 's';
        if (not read) return;
        std::string again;
        codec<T>::encode(read.value(), again);
        for (const unsigned char byte : again) sum = (sum ^ byte) * 1099511628211u;
    }
};

template <class T>
std::string fates_of(const std::string& bytes)
{
    Fates fates;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        fates.add<T>(bytes.substr(0, at));
        for (const int other : {0, 1, 2, 127, 128, 255}) {
            auto changed = bytes;
            changed[at]  = static_cast<char>(other);
            fates.add<T>(changed);
        }
    }
    fates.add<T>(bytes + "x");
    return fates.text + " " + std::to_string(fates.sum);
}

struct Golden {
    std::string text;

    template <class T>
    void add(const std::string& name, const T& value)
    {
        std::string bytes;
        std::vector<std::size_t> places;
        codec<T>::encode(value, bytes, places);
        std::string plainly;
        codec<T>::encode(value, plainly);
        CHECK(plainly == bytes);
        const auto back = codec<T>::decode(bytes);
        INFO(name << (back ? "" : back.error().sentence));
        REQUIRE(back);
        std::string again;
        codec<T>::encode(back.value(), again);
        CHECK(again == bytes);
        text += name + "\n  bytes " + hex_of(bytes) + "\n  places";
        for (const auto place : places) text += " " + std::to_string(place);
        text += "\n  json " + codec<T>::to_json(value) + "\n  shape " + codec<T>::shape().text + " " +
                digits_of_fingerprint(codec<T>::shape().fingerprint) + "\n";
        if (bytes.size() < 500) text += "  damaged " + fates_of<T>(bytes) + "\n";
    }
};

TEST_CASE(
    "values of every kind have the bytes, the JSON and the shape that they always had, and damage is found as ever",
    "[framework][codec][golden]")
{
    Golden golden;
    golden.add("numbers, high", numbers(true));
    golden.add("numbers, low", numbers(false));
    golden.add("times", times());
    golden.add("lists", lists());
    golden.add("maps", keyed());
    golden.add("parts", parts());
    golden.add("personal", secrets(false));
    golden.add("personal, erased", secrets(true));
    golden.add("tree", tree());
    golden.add("row", Stored{{"key", "k"}, {{900}}});
    golden.add("sixteen members", Sixteen{});
    golden.add("functions of their own", own());
    golden.add("everything", everything());
    golden.add("one member", Wrapped{{5}});
    golden.add("a list alone", std::vector<Line>{line});
    golden.add("a number alone", std::int64_t{-3});
    golden.add("a text alone", std::string{"text"});
    golden.add("an id alone", id<Money>{"1"});
    golden.add("a map alone", std::map<std::string, Money>{{"a", {1}}});
    golden.add("an optional alone", std::optional<Money>{Money{1}});
    golden.add("one that serializes itself alone", Plain{});
    golden.add("a time alone", Time{std::chrono::microseconds{5}});
    golden.add("a day beyond the calendar",
               std::vector<std::chrono::sys_days>{std::chrono::sys_days{std::chrono::days{3'000'000}}});
    golden.add("pointing", Pointing{});
    golden.add("nothing alone", Nothing{});
    golden.add("long numbers", Long{});
    golden.add("odd", Odd{});
    golden.add("functions beside it, alone", Beside{});
    golden.add("functions beside it, in a row", BesideRow{});

    const char* const asked = std::getenv("EVENTLOOM_GOLDEN_VALUES");
    if (asked != nullptr && std::string_view{asked} == "write") std::ofstream{GOLDEN_VALUES} << golden.text;
    std::ifstream file{GOLDEN_VALUES};
    const std::string kept{std::istreambuf_iterator<char>{file}, {}};
    CHECK(golden.text == kept);
}

} // namespace stored_values_test
