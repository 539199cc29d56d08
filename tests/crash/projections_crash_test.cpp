// Power cuts and kills at every change that projections make to the disk, wherever their rows are kept.
#include "crash/projections_machine.hpp"

#include <catch2/catch.hpp>

namespace projections_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::array lossy_tails{Tail::dropped, Tail::shortened, Tail::torn};

std::uint64_t changes_of_a_life(const Setting& setting)
{
    ProjectionsMachine whole{1, setting};
    const auto lived = whole.live();
    INFO((lived ? "" : lived.error().sentence));
    REQUIRE(lived);
    return whole.disk().operations();
}

Lost lost_with(Tail tail)
{
    return tail == Tail::kept ? Lost::nothing : Lost::what_was_not_synced;
}

// A life that ends before its change `point`.
void live_and_crash(ProjectionsMachine& machine, std::uint64_t point, Tail tail)
{
    machine.disk().crash_at(point);
    static_cast<void>(machine.live());
    REQUIRE(machine.disk().crashed());
    machine.power_cut(tail);
}

// Every place, on a disk that keeps no entry of a directory unless it is synced; and the log beside the rows, on the other.
const std::vector<Setting> settings{
    {RowPlace::leveldb, DirectoryModel::strict, Log::elsewhere},
    {RowPlace::sqlite, DirectoryModel::strict, Log::elsewhere},
    {RowPlace::memory, DirectoryModel::strict, Log::elsewhere},
    {RowPlace::leveldb, DirectoryModel::ordered, Log::on_the_disk},
    {RowPlace::sqlite, DirectoryModel::ordered, Log::on_the_disk},
    {RowPlace::log, DirectoryModel::ordered, Log::on_the_disk},
};

TEST_CASE("a crash at any change of the disk leaves rows that are those of their checkpoint, and nothing else",
          "[crash][projections]")
{
    const auto setting = GENERATE(from_range(settings));
    const auto points  = changes_of_a_life(setting);
    // Beside the log the same happens again, between changes of the log.
    const std::uint64_t lives_a_point = setting.log == Log::on_the_disk ? 1 : 2;
    std::uint64_t rebuilding          = 0;
    std::uint64_t changing_version    = 0;
    for (std::uint64_t point = 1; point <= points; ++point) {
        const auto lossy = lossy_tails[point % lossy_tails.size()];
        for (const auto tail : {Tail::kept, lossy}) {
            if (lives_a_point == 1 && (point % 2 == 0) != (tail == lossy)) continue;
            ProjectionsMachine machine{1, setting};
            live_and_crash(machine, point, tail);
            rebuilding += machine.was_rebuilding() ? 1 : 0;
            changing_version += machine.was_changing_version() ? 1 : 0;
            INFO("rows in " << setting.place << ", tail " << static_cast<int>(tail) << ", before change " << point
                            << " of " << points);
            REQUIRE(machine.wrong_after_restart(lost_with(tail)) == "");
        }
    }
    INFO(points << " changes, " << rebuilding << " crashes in a rebuild or a drop, " << changing_version
                << " while a new version is built");
    CHECK(points > (setting.place == RowPlace::memory ? 20 : 500));
    const auto before_the_version = points - changing_version / lives_a_point;
    CHECK(rebuilding > before_the_version / (setting.place == RowPlace::log ? 16 : 8)); // inline, most are of appends
    CHECK(changing_version > points / 16);
}

TEST_CASE("a power cut while LevelDB goes on to its next log file leaves rows that are those of their checkpoint",
          "[crash][projections]")
{
    constexpr std::uint64_t last_changes = 600; // in the next file; a row is written in many pieces
    constexpr std::uint64_t step         = 83;
    ProjectionsMachine whole{1, {RowPlace::leveldb}};
    REQUIRE(whole.live_with_large_rows());
    const auto points = whole.disk().operations();
    for (std::uint64_t point = points - last_changes; point <= points; point += step) {
        ProjectionsMachine machine{point, {RowPlace::leveldb}};
        machine.disk().crash_at(point);
        REQUIRE_FALSE(machine.live_with_large_rows());
        machine.power_cut(lossy_tails[point % lossy_tails.size()]);
        INFO("before change " << point << " of " << points);
        REQUIRE(machine.wrong_after_restart(Lost::what_was_not_synced) == "");
    }
}

TEST_CASE("a crash in the recovery from a crash leaves rows that are those of their checkpoint, too",
          "[crash][projections]")
{
    constexpr std::uint64_t step = 101; // between the first crashes that are tried
    const auto setting           = GENERATE(from_range(settings));
    const auto points            = changes_of_a_life(setting);
    std::uint64_t crashes        = 0;
    for (std::uint64_t point = 1; point <= points; point += step) {
        const auto first = point % 2 == 0 ? Tail::kept : lossy_tails[point % lossy_tails.size()];
        for (std::uint64_t second = 1;; second += 5) {
            ProjectionsMachine machine{1, setting};
            live_and_crash(machine, point, first);
            machine.disk().crash_at(machine.disk().operations() + second);
            INFO("rows in " << setting.place << ", tail " << static_cast<int>(first) << ", before change " << point
                            << " of " << points << ", then before change " << second << " of the recovery");
            REQUIRE(machine.wrong_after_restart(lost_with(first)) == "");
            if (not machine.disk().crashed()) break;
            const auto tail = lossy_tails[second % lossy_tails.size()];
            machine.power_cut(tail);
            REQUIRE(machine.wrong_after_restart(lost_with(tail)) == "");
            ++crashes;
        }
    }
    INFO(crashes << " crashes of recoveries");
    CHECK(crashes > (setting.place == RowPlace::memory ? 2 : 100));
}

} // namespace projections_crash_test
