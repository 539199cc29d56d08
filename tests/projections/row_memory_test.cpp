// The memory that projections share for rows that are not written yet.
#include "fold/log_fold.hpp"
#include "projections/people.hpp"

#include <catch2/catch.hpp>

#include <deque>

namespace row_memory_test {

using namespace people;

TEST_CASE("a part of the memory for rows is too much when all is used up and it is more than an equal part",
          "[projections][memory]")
{
    const auto memory = std::make_shared<el::RowMemory>(300);
    el::RowShare large{memory};
    el::RowShare small{memory};
    large.takes(300);
    CHECK_FALSE(large.is_too_much()); // nobody else needs it
    small.takes(10);
    CHECK(large.is_too_much());
    CHECK_FALSE(small.is_too_much());
    large.takes(200);
    CHECK_FALSE(large.is_too_much());
    {
        el::RowShare third{memory};
        third.takes(150);
        CHECK(large.is_too_much());
        CHECK(third.is_too_much());
    }
    CHECK_FALSE(large.is_too_much()); // it gave back what it had
}

TEST_CASE("a projection that catches up writes its rows when all together have no memory left for more",
          "[projections][memory]")
{
    const bool is_used_up = GENERATE(false, true);
    Machine machine;
    for (int i = 0; i < 200; ++i) {
        machine.record(PersonId{std::to_string(i)}, Joined{std::nullopt, "Bath", {}, day(i)});
    }
    const auto memory     = std::make_shared<el::RowMemory>(1u << 20);
    const auto projection = directory().definition;
    const auto rows       = el::open_read_model(machine.runtime, el::RowPlace::memory, "rows", *projection).value();
    el::LogFold fold{*machine.store, *projection, *rows, {}};
    fold.share(memory);
    std::deque<el::RowShare> others; // so an equal part is that of some people
    for (int i = 0; i < 63; ++i) others.emplace_back(memory);
    if (is_used_up) others.front().takes(1u << 20);

    std::vector<el::RecordedEvent> events;
    const auto cursor = machine.store->read({});
    for (const auto* event = cursor->next().value(); event != nullptr; event = cursor->next().value()) {
        events.push_back(*event);
    }
    for (const auto& event : events) {
        REQUIRE(fold.handle({&event, 1}, event.position, el::Visibility::when_memory_is_full));
    }
    CHECK((fold.visible() > 0) == is_used_up);
    REQUIRE(fold.flush());
    CHECK(rows->rows() == 200);
}

} // namespace row_memory_test
