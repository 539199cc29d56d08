// Whatever happens to a table, its queries give what a plain map of its rows gives.
#include "projections/people.hpp"

#include <rapidcheck.h>

namespace tables_model_test {

using namespace people;
using Model = std::map<std::string, Entry>;
using Keys  = std::vector<std::string>;

std::optional<std::string> drawn_email()
{
    const int number = *rc::gen::inRange(0, 6);
    return number < 2 ? std::nullopt : std::optional{"address " + std::to_string(number)};
}

std::string drawn_city()
{
    // Few, so that they meet; and such as try an order of bytes: empty, beginnings of others, zero and the highest byte.
    using namespace std::string_literals;
    return *rc::gen::element(""s, "a"s, "ab"s, "a\0"s, "a\0b"s, "a\xff"s, "b"s, "\xff\xff"s);
}

Joined drawn_person()
{
    return {drawn_email(), drawn_city(), Pence{*rc::gen::inRange(-3, 4)}, day(*rc::gen::inRange(-2, 3))};
}

bool breaks_a_rule(const Model& model)
{
    std::set<std::string> emails;
    for (const auto& [who, entry] : model) {
        if (entry.email && not emails.insert(*entry.email).second) return true;
    }
    return false;
}

// Lets something happen to the machine, and to the model the same. What would break the unique index does not happen.
void step(Machine& machine, Model& model)
{
    const auto who    = std::to_string(*rc::gen::inRange(0, 6));
    auto changed      = model;
    const auto happen = [&](const auto& fact) {
        if (breaks_a_rule(changed)) return;
        model = changed;
        machine.record({who}, fact);
    };
    switch (*rc::gen::inRange(0, 6)) {
    case 0:
    case 1: {
        const Joined fact = drawn_person();
        changed[who]      = {fact.email, fact.city, fact.balance, fact.born};
        return happen(fact);
    }
    case 2: {
        const Moved fact{drawn_city()};
        changed[who].city = fact.city;
        return happen(fact);
    }
    case 3: {
        const Written fact{drawn_email()};
        changed[who].email = fact.email;
        return happen(fact);
    }
    case 4: {
        const auto other = std::to_string(*rc::gen::inRange(0, 6));
        std::swap(changed[who].email, changed[other].email);
        return happen(Swapped{{who}, {other}});
    }
    default:
        changed.erase(who);
        return happen(Left{"drawn"});
    }
}

// Everything that a query gives, in pages of a drawn size, in a drawn direction; put forwards again.
template <class Query>
Keys asked(const Query& query)
{
    el::PageRequest request{.limit     = static_cast<std::size_t>(*rc::gen::inRange(1, 5)),
                            .backwards = *rc::gen::arbitrary<bool>(),
                            .after     = {}};
    Keys found;
    do {
        const auto page = query(request);
        RC_ASSERT(page.has_value());
        RC_ASSERT(page.value().rows.size() == request.limit || page.value().next.empty());
        for (const auto& [key, row] : page.value().rows) found.push_back(key.value);
        request.after = page.value().next;
    } while (not request.after.empty());
    if (request.backwards) std::reverse(found.begin(), found.end());
    return found;
}

// The keys of the rows for which `wanted` holds, in the order of what `of` makes of them.
template <class Of, class Wanted>
Keys expected(const Model& model, const Of& of, const Wanted& wanted)
{
    std::vector<std::pair<std::decay_t<decltype(of(model.begin()->second))>, std::string>> found;
    for (const auto& [who, entry] : model) {
        if (wanted(of(entry))) found.emplace_back(of(entry), who);
    }
    std::sort(found.begin(), found.end());
    Keys keys;
    for (const auto& [value, who] : found) keys.push_back(who);
    return keys;
}

const auto all = [](const auto&) { return true; };

void check_index_of_money(const el::Table<PersonId, Entry>& rows, const Model& model)
{
    const auto balance = [](const Entry& row) { return row.balance; };
    RC_ASSERT(asked([&](const auto& page) { return rows.in_order_of("balance", page); }) ==
              expected(model, balance, all));
    const Pence first{*rc::gen::inRange(-4, 4)};
    const Pence last{*rc::gen::inRange(-4, 5)};
    const auto within = expected(model, balance, [&](Pence value) { return value >= first && value < last; });
    RC_ASSERT(asked([&](const auto& page) { return rows.by_range("balance", first, last, page); }) == within);
    RC_ASSERT(rows.count_by_range("balance", first, last).value() == within.size());
}

void check_index_of_two_columns(const el::Table<PersonId, Entry>& rows, const Model& model)
{
    RC_ASSERT(asked([&](const auto& page) { return rows.in_order_of("city", page); }) ==
              expected(model, city_and_birth, all));
    const auto city = drawn_city();
    const auto born = day(*rc::gen::inRange(-2, 3));
    const auto in   = expected(model, city_and_birth, [&](const auto& value) { return std::get<0>(value) == city; });
    RC_ASSERT(asked([&](const auto& page) { return rows.by("city", city, page); }) == in);
    RC_ASSERT(rows.count_by("city", city).value() == in.size());
    RC_ASSERT(asked([&](const auto& page) {
                  return rows.by("city", std::tuple{city, born}, page);
              }) == expected(model, city_and_birth, [&](const auto& value) {
                  return value == std::tuple{city, born};
              }));
    RC_ASSERT(asked([&](const auto& page) { return rows.by("city", el::starting_with{city}, page); }) ==
              expected(model, city_and_birth, [&](const auto& value) { return std::get<0>(value).starts_with(city); }));
    const std::tuple first{city, born};
    const std::tuple last{drawn_city(), day(*rc::gen::inRange(-2, 3))};
    RC_ASSERT(asked([&](const auto& page) { return rows.by_range("city", first, last, page); }) ==
              expected(model, city_and_birth, [&](const auto& value) { return value >= first && value < last; }));
}

void check_unique_index(const el::Table<PersonId, Entry>& rows, const Model& model)
{
    const auto email = [](const Entry& row) { return row.email; };
    RC_ASSERT(asked([&](const auto& page) { return rows.in_order_of("email", page); }) == expected(model, email, all));
    const auto wanted = drawn_email();
    const auto have   = expected(model, email, [&](const auto& value) { return value == wanted; });
    RC_ASSERT(asked([&](const auto& page) { return rows.by("email", wanted, page); }) == have);
    if (not wanted) return;
    const auto one = rows.one("email", wanted);
    RC_ASSERT(one.has_value());
    RC_ASSERT(one.value().has_value() == not have.empty());
    if (not have.empty()) RC_ASSERT(one.value()->key.value == have.front());
}

void check_keys(const el::Table<PersonId, Entry>& rows, const Model& model)
{
    RC_ASSERT(rows.size().value() == model.size());
    Keys keys;
    for (const auto& [who, entry] : model) {
        keys.push_back(who);
        const auto row = rows.get({who});
        RC_ASSERT(row.has_value());
        RC_ASSERT((row.value() && el::same(*row.value(), entry)));
    }
    RC_ASSERT(asked([&](const auto& page) { return rows.all(page); }) == keys);
    const auto first = std::to_string(*rc::gen::inRange(0, 7));
    const auto last  = std::to_string(*rc::gen::inRange(0, 7));
    Keys within;
    for (const auto& key : keys) {
        if (key >= first && key < last) within.push_back(key);
    }
    RC_ASSERT(asked([&](const auto& page) { return rows.between({first}, {last}, page); }) == within);
}

TEST_CASE("whatever happens to a table, its queries give what a map of its rows gives", "[projections][tables][model]")
{
    const auto way = GENERATE(from_range(every_way));
    INFO(way);
    CHECK(rc::check("queries", [&] {
        Machine machine{way};
        Model model;
        const auto rows = machine.add(directory()).value();
        for (int left = *rc::gen::inRange(0, 40); left > 0; --left) {
            step(machine, model);
            if (*rc::gen::inRange(0, 4) == 0) RC_ASSERT(machine.catch_up().has_value()); // and a batch ends here
        }
        RC_ASSERT(machine.catch_up().has_value());
        check_keys(rows, model);
        check_unique_index(rows, model);
        check_index_of_money(rows, model);
        check_index_of_two_columns(rows, model);
        RC_ASSERT(machine.projections->verify("directory").value().differences_total == 0);
    }));
}

} // namespace tables_model_test
