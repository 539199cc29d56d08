// A disk that fails or fills up under projections, at any of their operations, wherever their rows are kept.
#include "crash/projections_machine.hpp"

#include <catch2/catch.hpp>

namespace projections_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

const std::vector<Setting> faulty{
    {RowPlace::leveldb}, {RowPlace::sqlite}, {RowPlace::log, DirectoryModel::ordered, Log::on_the_disk}};

// How often a life does each kind of operation, and how many bytes it has on the disk at most.
struct Extent {
    std::array<std::uint64_t, operation_kinds> operations{};
    std::uint64_t bytes = 0;
};

Extent extent_of(const Setting& setting)
{
    constexpr std::uint64_t plenty = 1u << 30;
    ProjectionsMachine whole{1, setting};
    whole.disk().leave_room(plenty);
    std::uint64_t least = plenty;
    whole.disk().before_each_change([&] { least = std::min(least, whole.disk().room()); });
    const auto lived = whole.live();
    INFO((lived ? "" : lived.error().sentence));
    REQUIRE(lived);
    Extent extent{.operations = {}, .bytes = plenty - least};
    for (std::size_t kind = 0; kind < operation_kinds; ++kind) {
        extent.operations[kind] = whole.disk().count(static_cast<Operation>(kind));
    }
    return extent;
}

// What is wrong with a life on a faulty disk: in it, when the fault is over, and after the next start.
std::string wrong_with(ProjectionsMachine& machine)
{
    const auto lived = machine.live();
    UNSCOPED_INFO("life: " << (lived ? "whole" : lived.error().code + ": " + lived.error().sentence));
    if (not lived && (lived.error().code.empty() || lived.error().sentence.size() < 20))
        return "an error without words";
    if (not lived && lived.error().code == "wrong") return lived.error().sentence;
    machine.disk().heal();
    if (const auto wrong = machine.wrong_with_answers(); not wrong.empty()) return "before the restart, " + wrong;
    return machine.wrong_after_restart(Lost::nothing);
}

TEST_CASE("whatever operation of the disk fails, the old rows answer, and the next start goes on from them",
          "[crash][projections][fault]")
{
    const auto setting   = GENERATE(from_range(faulty));
    const auto extent    = extent_of(setting);
    std::uint64_t faults = 0;
    for (std::size_t kind = 0; kind < operation_kinds; ++kind) {
        for (std::uint64_t number = 1; number <= extent.operations[kind]; ++number) {
            const bool is_write = static_cast<Operation>(kind) == Operation::write;
            const Fault fault{static_cast<Operation>(kind), number, number % 2 == 0, is_write && number % 3 == 0};
            ProjectionsMachine machine{1, setting};
            machine.disk().fail(fault);
            INFO("rows in " << setting.place << ", operation " << kind << ", number " << number
                            << (fault.for_good ? " and all after it" : "") << (fault.half ? ", half of it" : ""));
            REQUIRE(wrong_with(machine) == "");
            ++faults;
        }
    }
    INFO(faults << " faults");
    CHECK(faults > 500);
}

TEST_CASE("a disk that is full at any moment leaves the old rows answering, and all goes on when there is room",
          "[crash][projections][fault]")
{
    constexpr std::uint64_t moments = 600;
    const auto setting              = GENERATE(from_range(faulty));
    const auto extent               = extent_of(setting);
    REQUIRE(extent.bytes > 10 * moments);
    for (std::uint64_t moment = 0; moment < moments; ++moment) {
        const auto room = extent.bytes * moment / moments;
        ProjectionsMachine machine{1, setting};
        machine.disk().leave_room(room);
        INFO("rows in " << setting.place << ", room for " << room << " of " << extent.bytes << " bytes");
        REQUIRE(wrong_with(machine) == "");
    }
}

} // namespace projections_crash_test
