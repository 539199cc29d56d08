// Rows whose members have changed, while the projection's version has not.
#include "projections/people.hpp"

namespace shapes_test {

using namespace people;
using el::RowPlace;
using el::testing::LogEngine;

struct Fee {
    std::int64_t price   = 0;
    std::int64_t deposit = 0;
};
// The same bytes; what one reads as a price, the other has written as a deposit.
struct FeeTurned {
    std::int64_t deposit = 0;
    std::int64_t price   = 0;
};
// Within a member, and in a list.
struct Fees {
    std::vector<Fee> each;
};
struct FeesTurned {
    std::vector<FeeTurned> each;
};
// A number of another size has the same bytes where it is small.
struct Narrow {
    std::int32_t price   = 0;
    std::int64_t deposit = 0;
};

template <class Row>
Row charged()
{
    Row row;
    if constexpr (requires { row.each; }) {
        auto& first   = row.each.emplace_back();
        first.price   = 500;
        first.deposit = 10'000;
    } else {
        row.price   = 500;
        row.deposit = 10'000;
    }
    return row;
}

template <class Row>
el::Projected<PersonId, Row> fees()
{
    return el::projection<PersonId, Row>("fees", 1, [](Row& row, const Joined&) { row = charged<Row>(); });
}

template <class Before, class After>
void check_that_they_are_built_anew(const Way& way)
{
    Machine machine{way};
    REQUIRE(machine.add(fees<Before>()));
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    REQUIRE(machine.catch_up());
    machine.reopen();
    {
        const auto table  = machine.add(fees<After>()).value();
        const auto status = machine.projections->status().at(0);
        REQUIRE(status.notice);
        CHECK_THAT(*status.notice, Catch::Contains("the rows of version 1 ha") && Catch::Contains("another shape") &&
                                       Catch::Contains("raise the projection's version"));
        REQUIRE(machine.catch_up());
        const auto row = table.get({"ada"}).value();
        REQUIRE(row);
        CHECK(el::same(*row, charged<After>()));
        CHECK(machine.projections->verify("fees").value().differences_total == 0);
    }
    machine.reopen(); // and it is said once
    REQUIRE(machine.add(fees<After>()));
    CHECK_FALSE(machine.projections->status().at(0).notice);
}

const std::vector<Way> every_lasting_way{
    {RowPlace::leveldb}, {RowPlace::sqlite}, {RowPlace::log, LogEngine::memory}, {RowPlace::log, LogEngine::leveldb}};

TEST_CASE("rows whose members have changed under one version are built anew, and it is said",
          "[projections][versions][shapes]")
{
    const auto way = GENERATE(from_range(every_lasting_way));
    INFO(way);
    SECTION("two of the same size were swapped")
    {
        check_that_they_are_built_anew<Fee, FeeTurned>(way);
    }
    SECTION("within a list")
    {
        check_that_they_are_built_anew<Fees, FeesTurned>(way);
    }
    SECTION("one is of another size")
    {
        check_that_they_are_built_anew<Fee, Narrow>(way);
    }
}

TEST_CASE("inline rows that an earlier program has left without their shape answer, and have one from then on",
          "[projections][versions][shapes][inline]")
{
    Machine machine{GENERATE(from_range(inline_ways))};
    REQUIRE(machine.add(fees<Fee>()));
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    const auto shape = std::string{"fees"} + std::string("\0\1s", 3);
    const auto write = [&](const el::RowBatch& batch) {
        REQUIRE(machine.store->inline_rows()->write(*machine.store->hold_appends().value(), batch));
    };
    REQUIRE(machine.store->inline_rows()->find(shape).value());
    el::RowBatch without;
    without.remove(shape);
    write(without);
    machine.reopen();
    const auto table = machine.add(fees<Fee>()).value();
    CHECK_FALSE(machine.projections->status().at(0).notice);
    CHECK(el::same(*table.get({"ada"}).value(), charged<Fee>()));
    CHECK(machine.store->inline_rows()->find(shape).value());
}

} // namespace shapes_test
