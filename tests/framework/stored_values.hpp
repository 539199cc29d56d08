// Values of every kind, for stored_values_test.cpp.
#pragma once

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/time.hpp>

#include <cereal/types/memory.hpp>

#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace stored_values_test {

using namespace eventloom;

// clang-format off
struct Money    { std::int64_t pence = 0; };
struct Line     { id<Money> product; std::string text; std::int32_t quantity = 1; Money price; };
struct Address  { std::string street; std::string town; };
struct Basket   { std::vector<Line> lines; };
struct Maybe    { std::optional<int> number; };
struct Nothing  {};
struct Wrapped  { Money money; };
enum class Colour : std::uint8_t { red, green };
enum class Signed { below = -3, above = 3 };

struct Numbers  { bool yes = false; char letter = 'a'; std::int8_t tiny = 0; std::uint8_t small = 0; std::int16_t few = 0; std::uint16_t some = 0;
                  std::int32_t many = 0; std::uint32_t more = 0; std::int64_t most = 0; std::uint64_t all = 0; float half = 0; double whole = 0;
                  Colour colour = Colour::red; Signed sign = Signed::above; };
struct Times    { Time exact; std::chrono::sys_seconds second; std::chrono::sys_days day; std::chrono::sys_time<std::chrono::milliseconds> milli;
                  std::chrono::sys_time<std::chrono::nanoseconds> nano; std::chrono::sys_time<std::chrono::hours> hour; std::chrono::minutes span{0};
                  std::chrono::duration<double> real{0}; std::chrono::duration<std::int32_t, std::ratio<1, 3>> third{0}; };
struct Lists    { std::vector<int> numbers; std::vector<bool> flags; std::vector<std::string> texts; std::vector<Line> lines; std::vector<std::optional<int>> maybe;
                  std::vector<std::vector<Money>> nested; std::set<std::string> names; std::multiset<int> often; std::map<std::string, Line> by_name;
                  };
// clang-format on
inline bool operator<(const Money& left, const Money& right)
{
    return left.pence < right.pence;
}

// clang-format off
struct Keyed    { std::map<Money, std::vector<std::string>> by_money; std::map<std::pair<int, std::string>, std::optional<Money>> by_pair; };
struct Parts    { std::pair<int, std::string> two; std::tuple<bool, Money, std::optional<int>> three; std::array<std::uint16_t, 3> fixed{}; std::array<Money, 2> prices{};
                  std::variant<int, std::string, Line, Nothing> either; std::vector<std::variant<Money, bool>> choices; std::optional<Address> elsewhere; std::optional<Money> paid;
                  std::optional<std::optional<int>> twice; };
struct Secrets  { personal<std::string> name; personal<Address> address; personal<Money> worth; std::optional<personal<std::string>> nick; std::vector<personal<Address>> earlier;
                  personal<std::optional<int>> maybe; std::map<std::string, personal<int>> by_name; personal<std::vector<Line>> lines; };
struct Tree     { std::string name; std::vector<Tree> within; std::map<std::string, Tree> by_name; };
struct Row      { Money amount; };
struct Stored   { using record = Row; Address key; Row row; };
struct Sixteen  { int a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8; std::string i = "i", j = "j", k = "k", l = "l"; bool m = true, n = false, o = true; Money p; };
// clang-format on

// With functions of their own for cereal.
class Member {
public:
    std::int64_t number = 42;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(cereal::make_nvp("number", number), names_, lines_);
    }

private:
    std::vector<std::string> names_{"a", "b"};
    std::map<std::string, Line> lines_{{"one", {{"p"}, "t", 2, {3}}}};
};
struct Plain {
    int kept      = 3;
    int forgotten = 7;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive& kept;
    }
};
struct Beside {
    std::int64_t shown  = 5;
    std::int64_t hidden = 6;
};
template <class Archive>
void serialize(Archive& archive, Beside& value)
{
    archive(cereal::make_nvp("shown", value.shown));
}
class Pair { // a pair of functions, members
public:
    std::uint32_t high = 1;
    std::string low    = "low";
    template <class Archive>
    void save(Archive& archive) const
    {
        archive(low, cereal::make_nvp("high", high));
    }
    template <class Archive>
    void load(Archive& archive)
    {
        archive(low, high);
    }
    Pair() {}
};
class Apart { // a pair of functions beside it
public:
    Apart() {}
    double value = 2.5;
};
template <class Archive>
void save(Archive& archive, const Apart& apart)
{
    archive(apart.value);
}
template <class Archive>
void load(Archive& archive, Apart& apart)
{
    archive(apart.value);
}
class Minimal { // one value
public:
    Minimal() {}
    std::string text = "minimal";
    template <class Archive>
    std::string save_minimal(const Archive&) const
    {
        return text;
    }
    template <class Archive>
    void load_minimal(const Archive&, const std::string& from)
    {
        text = from;
    }
};
class Base {
public:
    int base = 9;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(base);
    }
};
class Derived : public Base {
public:
    Derived() {}
    std::vector<Money> prices{{1}, {2}};
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(cereal::base_class<Base>(this), cereal::make_nvp("prices", prices));
    }
};
class Counted { // a list by hand
public:
    Counted() {}
    std::vector<int> numbers{4, 5};
    template <class Archive>
    void save(Archive& archive) const
    {
        archive(cereal::make_size_tag(static_cast<cereal::size_type>(numbers.size())));
        for (const int number : numbers) archive(number);
    }
    template <class Archive>
    void load(Archive& archive)
    {
        cereal::size_type size = 0;
        archive(cereal::make_size_tag(size));
        numbers.resize(size);
        for (int& number : numbers) archive(number);
    }
};
class Pointing { // by a header of cereal's
public:
    Pointing() {}
    std::shared_ptr<int> none;
    std::unique_ptr<int> one = std::make_unique<int>(8);
    Pointing(const Pointing& other) : none{other.none}, one{std::make_unique<int>(*other.one)} {}
    Pointing(Pointing&&)            = default;
    Pointing& operator=(Pointing&&) = default;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(one);
    }
};
struct Own {
    Member member;
    Plain plain;
    Beside beside;
    Pair pair;
    Apart apart;
    Minimal minimal;
    Derived derived;
    Counted counted;
    std::vector<Plain> plains;
    std::optional<Beside> maybe;
    std::map<std::string, Member> members;
    std::variant<int, Pair> either;
    personal<Plain> secret;
    std::unique_ptr<Money> pointer;
};

// clang-format off
// What cereal's JSON writes in its own way, and what is shown otherwise where it stands alone.
struct Long { long long most = -5; unsigned long long all = 7; long plain = 3; };
enum class Longest : long long { nine = 9 };
struct Cents { long long number = 4; };
struct Odd { Cents cents; Longest enumerator = Longest::nine; std::optional<long long> maybe = 5; std::vector<long long> all{1, 2}; Nothing nothing; std::optional<Nothing> perhaps{Nothing{}};
             personal<Nothing> secret; std::array<int, 0> none{}; std::tuple<> empty; std::variant<Nothing, int> either; std::chrono::duration<long long> span{5};
             std::chrono::steady_clock::time_point moment; std::vector<float> halves{0.1F}; std::pair<Time, float> two; };
struct BesideRow { using record = Beside; std::string key = "k"; Beside row; };
// clang-format on

struct Everything {
    Numbers numbers;
    Times times;
    Parts parts;
    Secrets secrets;
    Tree tree;
    Stored stored;
    Sixteen sixteen;
    Basket basket;
    Maybe maybe;
    Wrapped wrapped;
    Nothing nothing;
    std::string last;
};

const inline Line line{{"p-1"}, "a \"line\"\n\x01 \xc3\xa9\xff", -7, {450}};

inline Numbers numbers(bool high)
{
    const double infinity = std::numeric_limits<double>::infinity();
    return high ? Numbers{true,
                          'z',
                          -128,
                          255,
                          -32768,
                          65535,
                          -2147483647 - 1,
                          4294967295u,
                          std::numeric_limits<std::int64_t>::min(),
                          ~std::uint64_t{0},
                          0.3F,
                          -infinity,
                          Colour::green,
                          Signed::below}
                : Numbers{false, 'a',        1,    1,           64,           128, 300, 16384, 1'000'000'000'000,
                          1,     16777216.F, 1e-9, Colour::red, Signed::above};
}

inline Times times()
{
    using namespace std::chrono;
    const sys_days day{year{2011} / 12 / 9};
    return {day + microseconds{-1},
            sys_seconds{day} + minutes{770},
            day,
            sys_time<milliseconds>{milliseconds{-1}},
            sys_time<nanoseconds>{nanoseconds{1'300'000'000'000'000'999}},
            sys_time<hours>{hours{-1}},
            minutes{-90},
            std::chrono::duration<double>{1.5},
            std::chrono::duration<std::int32_t, std::ratio<1, 3>>{-7}};
}

inline Lists lists()
{
    Lists all;
    all.numbers = {0, -1, 1, 100'000};
    all.flags   = {true, false, true};
    all.texts   = {"", "text", std::string(700, 'x')};
    all.lines   = {line, {}};
    all.maybe   = {1, std::nullopt};
    all.nested  = {{}, {{1}, {2}}};
    all.names   = {"b", "a"};
    all.often   = {2, 1, 2};
    all.by_name = {{"x", line}, {"", {}}};
    return all;
}

inline Keyed keyed()
{
    return {{{{5}, {"five"}}, {{-5}, {}}},

            {{{1, "one"}, Money{1}}, {{2, ""}, std::nullopt}}};
}

inline Parts parts()
{
    return {{-5, "two"},      {true, {3}, std::nullopt}, {1, 2, 65535}, {Money{1}, Money{2}}, line,
            {Money{7}, true}, Address{"s", "t"},         Money{9},      std::optional<int>{}};
}

inline Secrets secrets(bool gone)
{
    Secrets all{std::string{"Ada"},  Address{"s", "t"},     Money{5},   personal<std::string>{std::string{"A"}},
                {Address{"x", "y"}}, std::optional<int>{3}, {{"k", 4}}, std::vector<Line>{line}};
    if (not gone) return all;
    all.name    = personal<std::string>::erased();
    all.nick    = personal<std::string>::erased();
    all.earlier = {personal<Address>::erased(), Address{"x", "y"}};
    all.by_name = {{"k", personal<int>::erased()}};
    all.maybe   = std::optional<int>{};
    return all;
}

inline Tree tree()
{
    return {"root", {{"leaf", {}, {}}, {"branch", {{"leaf", {}, {}}}, {}}}, {{"named", {"leaf", {}, {}}}}};
}

inline Own own()
{
    Own all;
    all.plains  = {{1, 2}, {3, 4}};
    all.maybe   = Beside{1, 2};
    all.members = {{"m", {}}};
    all.either  = Pair{};
    all.secret  = Plain{8, 9};
    all.pointer = std::make_unique<Money>(Money{77});
    return all;
}

inline Everything everything()
{
    return {numbers(true), times(), parts(), secrets(false), tree(), {{"key", "k"}, {{900}}}, {}, {{line, line}},
            {6},           {{7}},   {},      "end"};
}

} // namespace stored_values_test
