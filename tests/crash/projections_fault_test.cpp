// A disk that fails or fills up under projections, at any of their operations, wherever their rows are kept.
#include "crash/projections_machine.hpp"
#include "simulated_disk/branches.hpp"
#include "support/answers.hpp"
#include "support/sweep.hpp"

#include <catch2/catch.hpp>

namespace projections_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

const std::vector<Setting> faulty{
    {RowPlace::leveldb}, {RowPlace::sqlite}, {RowPlace::log, DirectoryModel::ordered, Log::on_the_disk}};

// What is wrong with a life on a faulty disk: in it, when the fault is over, and after the next start.
std::string wrong_with(ProjectionsMachine& machine, const result<void>& lived)
{
    const auto how = lived ? "" : "a life that ended with " + lived.error().code + ": " + lived.error().sentence;
    if (not lived && (lived.error().code.empty() || lived.error().sentence.size() < 20)) return "no words in " + how;
    if (not lived && lived.error().code == "wrong") return how;
    machine.disk().heal();
    if (const auto wrong = machine.wrong_with_answers(); not wrong.empty())
        return wrong + "; before the restart, " + how;
    const auto wrong = machine.wrong_after_restart(Lost::nothing);
    return wrong.empty() ? "" : wrong + "; " + how;
}

TEST_CASE("whatever operation of the disk fails, the old rows answer, and the next start goes on from them",
          "[crash][projections][fault]")
{
    const auto setting = GENERATE(from_range(faulty));
    ProjectionsMachine machine{1, setting};
    Sweep sweep{12};
    Branches branches;
    machine.disk().before_each_operation([&](Operation operation) {
        if (branches.in_one() || not sweep.tries_next()) return;
        const auto number   = machine.disk().count(operation) + 1;
        const bool for_good = number % 2 == 0;
        const bool half     = operation == Operation::write && number % 3 == 0;
        if (branches.begin("operation " + std::to_string(static_cast<int>(operation)) + ", number " +
                           std::to_string(number) + (for_good ? " and all after it" : "") +
                           (half ? ", half of it" : "")))
            machine.disk().fail({.operation = operation, .for_good = for_good, .half = half});
    });
    const auto lived = machine.live();
    machine.disk().before_each_change({});
    if (branches.in_one()) branches.end(wrong_with(machine, lived));
    REQUIRE(sentence_of(lived) == "");
    INFO(sweep << "rows in " << setting.place);
    REQUIRE(branches.wrong() == "");
    CHECK(branches.ended() == sweep.tried());
    CHECK(sweep.points() > 500);
}

constexpr std::uint64_t plenty = 1u << 30;

// How much of the disk a life has filled, at most, before each of its changes and at its end.
std::vector<std::uint64_t> filled_before_each_change(const Setting& setting)
{
    ProjectionsMachine whole{1, setting};
    whole.disk().leave_room(plenty);
    std::vector<std::uint64_t> filled;
    const auto remember = [&] {
        filled.push_back(std::max(filled.empty() ? 0 : filled.back(), plenty - whole.disk().room()));
    };
    whole.disk().before_each_change(remember);
    REQUIRE(sentence_of(whole.live()) == "");
    remember();
    return filled;
}

TEST_CASE("a disk that is full at any moment leaves the old rows answering, and all goes on when there is room",
          "[crash][projections][fault]")
{
    constexpr std::uint64_t moments = 600;
    const auto setting              = GENERATE(from_range(faulty));
    const auto filled               = filled_before_each_change(setting);
    REQUIRE(filled.back() > 10 * moments);
    ProjectionsMachine machine{1, setting};
    machine.disk().leave_room(plenty);
    Sweep sweep{12};
    Branches branches;
    std::uint64_t moment = 0;
    machine.disk().before_each_change([&] {
        if (branches.in_one()) return;
        const auto change = machine.disk().operations();
        for (; moment < moments; ++moment) {
            const auto room = filled.back() * moment / moments;
            if (room >= filled.at(change + 1)) return; // enough for this change
            if (not sweep.tries_next() || not branches.begin("room for " + std::to_string(room) + " bytes")) continue;
            return machine.disk().leave_room(room - (plenty - machine.disk().room()));
        }
    });
    const auto lived = machine.live();
    machine.disk().before_each_change({});
    if (branches.in_one()) branches.end(wrong_with(machine, lived));
    REQUIRE(sentence_of(lived) == "");
    INFO(sweep << "rows in " << setting.place);
    REQUIRE(branches.wrong() == "");
    CHECK(branches.ended() == sweep.tried());
    CHECK(sweep.points() == moments);
}

} // namespace projections_crash_test
