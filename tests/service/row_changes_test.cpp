#include "compare/row_changes.hpp"

#include "projections/people.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/service/output.hpp>

#include <limits>

namespace row_changes_test {

struct Cents {
    std::int64_t cents = 0;
};

} // namespace row_changes_test

template <>
struct eventloom::text_form<row_changes_test::Cents> {
    static std::string write(const row_changes_test::Cents& amount)
    {
        return std::to_string(amount.cents / 100) + ".-";
    }
    static std::optional<row_changes_test::Cents> read(std::string_view) { return std::nullopt; }
};

namespace row_changes_test {

using namespace people;

struct Price {
    Cents now;
    std::optional<Cents> before;
};
struct Offer {
    Cents total;
    Price price;
    std::int64_t pieces = 0;
};

TEST_CASE("people read an amount in a row as they type it, wherever it stands, and other numbers stay",
          "[service][rows]")
{
    const auto offers = el::projection<PersonId, Offer>("offers", 1, [](Offer&, const Joined&) {});
    const auto& table = offers.definition->tables()[0];
    std::string stored;
    el::codec<el::StoredRow<PersonId, Offer>>::encode({{"ada"}, {{13'900}, {{500}, Cents{600}}, 13'900}}, stored);
    const auto row = el::as_people_read(table.row_to_json(stored), table);
    CHECK(
        el::row_object(row) ==
        el::Json::parse(
            R"({"key": "ada", "row": {"total": "139.-", "price": {"now": "5.-", "before": "6.-"}, "pieces": 13900}})"));
    CHECK(el::columns_in_words(el::changed_columns(std::nullopt, row), false).find("total 139.-") == 0);
    CHECK_FALSE(el::as_people_read(std::nullopt, table));
}

TEST_CASE("whole numbers stand in a table with their separators and by their last digit, however large they are",
          "[service][output]")
{
    const auto lines =
        el::table_lines({{"number", el::Align::right}}, {{std::numeric_limits<std::uint64_t>::max()}, {-1'234}, {7}});
    CHECK(std::vector<std::string>(lines.begin() + 2, lines.end()) ==
          std::vector<std::string>{"18,446,744,073,709,551,615", "                    -1,234",
                                   "                         7"});
}

} // namespace row_changes_test
