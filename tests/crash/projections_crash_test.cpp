// Power cuts and kills at every change that projections make to the disk, wherever their rows are kept.
#include "crash/projections_machine.hpp"
#include "simulated_disk/branches.hpp"
#include "support/answers.hpp"
#include "support/sweep.hpp"

#include <catch2/catch.hpp>

namespace projections_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::array lossy_tails{Tail::dropped, Tail::shortened, Tail::torn};

Lost lost_with(Tail tail)
{
    return tail == Tail::kept ? Lost::nothing : Lost::what_was_not_synced;
}

std::string crash_before(std::uint64_t point, Tail tail)
{
    return "tail " + std::to_string(static_cast<int>(tail)) + ", before change " + std::to_string(point);
}

// Every place, on a disk that keeps no entry of a directory unless it is synced; and the log beside the rows, on the other.
const std::vector<Setting> settings{
    {RowPlace::leveldb, DirectoryModel::strict, Log::in_memory},
    {RowPlace::sqlite, DirectoryModel::strict, Log::in_memory},
    {RowPlace::memory, DirectoryModel::strict, Log::in_memory},
    {RowPlace::leveldb, DirectoryModel::ordered, Log::on_the_disk},
    {RowPlace::sqlite, DirectoryModel::ordered, Log::on_the_disk},
    {RowPlace::log, DirectoryModel::ordered, Log::on_the_disk},
};

TEST_CASE("a crash at any change of the disk leaves rows that are those of their checkpoint, and nothing else",
          "[crash][projections]")
{
    const auto setting = GENERATE(from_range(settings));
    // Beside the log the same happens again, between changes of the log.
    const bool both_tails = setting.log == Log::in_memory;
    ProjectionsMachine machine{1, setting};
    Sweep sweep{15};
    Branches branches;
    auto tail                      = Tail::kept; // of a branch
    std::uint64_t rebuilding       = 0;
    std::uint64_t changing_version = 0;
    machine.disk().before_each_change([&] {
        if (branches.in_one()) return;
        const auto point = machine.disk().operations() + 1;
        const auto lossy = lossy_tails[point % lossy_tails.size()];
        rebuilding += machine.was_rebuilding() ? 1 : 0;
        changing_version += machine.was_changing_version() ? 1 : 0;
        for (const auto tried : {Tail::kept, lossy}) {
            if (not both_tails && (point % 2 == 0) != (tried == lossy)) continue;
            if (not sweep.tries_next() || not branches.begin(crash_before(point, tried))) continue;
            tail = tried;
            return machine.disk().crash_at(point);
        }
    });
    const auto lived = machine.live();
    machine.disk().before_each_change({});
    if (branches.in_one()) {
        machine.power_cut(tail);
        branches.end(machine.wrong_after_restart(lost_with(tail)));
    }
    REQUIRE(sentence_of(lived) == "");
    INFO(sweep << "rows in " << setting.place);
    REQUIRE(branches.wrong() == "");
    CHECK(branches.ended() == sweep.tried());
    const auto points = machine.disk().operations();
    INFO(points << " changes, " << rebuilding << " of them in a rebuild or a drop, " << changing_version
                << " while a new version is built");
    CHECK(points > (setting.place == RowPlace::memory ? 20 : 500));
    const auto before_the_version = points - changing_version;
    CHECK(rebuilding > before_the_version / (setting.place == RowPlace::log ? 16 : 8)); // inline, most are of appends
    CHECK(changing_version > points / 16);
}

TEST_CASE("a power cut while LevelDB goes on to its next log file leaves rows that are those of their checkpoint",
          "[crash][projections]")
{
    constexpr std::uint64_t last_changes = 600; // in the next file; a row is written in many pieces
    constexpr std::uint64_t step         = 83;
    const auto points                    = [] {
        ProjectionsMachine whole{1, {RowPlace::leveldb}};
        REQUIRE(whole.live_with_large_rows());
        return whole.disk().operations();
    }();
    ProjectionsMachine machine{1, {RowPlace::leveldb}};
    Branches branches; // of all points, always: few show a log file that was left without a sync
    machine.disk().before_each_change([&] {
        const auto point = machine.disk().operations() + 1;
        if (point + last_changes < points || (point + last_changes - points) % step != 0) return;
        if (branches.in_one()) return;
        if (branches.begin(crash_before(point, lossy_tails[point % lossy_tails.size()])))
            machine.disk().crash_at(point);
    });
    const auto lived = machine.live_with_large_rows();
    machine.disk().before_each_change({});
    if (branches.in_one()) {
        machine.power_cut(lossy_tails[machine.disk().operations() % lossy_tails.size()]);
        branches.end(machine.wrong_after_restart(Lost::what_was_not_synced));
    }
    REQUIRE(sentence_of(lived) == "");
    REQUIRE(branches.wrong() == "");
    CHECK(branches.ended() == last_changes / step + 1);
}

TEST_CASE("a crash in the recovery from a crash leaves rows that are those of their checkpoint, too",
          "[crash][projections]")
{
    constexpr std::uint64_t first_step  = 101; // between the first crashes that are tried
    constexpr std::uint64_t second_step = 5;
    const auto setting                  = GENERATE(from_range(settings));
    ProjectionsMachine machine{1, setting};
    Branches firsts;
    Branches seconds; // of one of the first
    auto first         = Tail::kept;
    auto second        = Tail::kept;
    const auto recover = [&](std::uint64_t crashed_at) {
        machine.power_cut(first);
        Sweep sweep{15, crashed_at};
        machine.disk().before_each_change([&] {
            const auto point = machine.disk().operations() + 1;
            const auto tried = lossy_tails[(point - crashed_at) % lossy_tails.size()];
            if (seconds.in_one() || (point - crashed_at) % second_step != 1 || not sweep.tries_next()) return;
            if (not seconds.begin(crash_before(point, tried))) return;
            second = tried;
            machine.disk().crash_at(point);
        });
        auto wrong = machine.wrong_after_restart(lost_with(first));
        if (not seconds.in_one()) firsts.end(wrong.empty() ? seconds.wrong() : wrong, seconds.ended());
        machine.power_cut(second);
        if (wrong.empty()) wrong = machine.wrong_after_restart(lost_with(second));
        seconds.end(wrong);
    };
    machine.disk().before_each_change([&] {
        const auto point = machine.disk().operations() + 1;
        const auto tried = point % 2 == 0 ? Tail::kept : lossy_tails[point % lossy_tails.size()];
        if (point % first_step != 1 || not firsts.begin(crash_before(point, tried))) return;
        first = tried;
        machine.disk().crash_at(point);
    });
    const auto lived = machine.live();
    machine.disk().before_each_change({});
    if (firsts.in_one()) recover(machine.disk().operations());
    REQUIRE(sentence_of(lived) == "");
    INFO(Sweep{6} << "rows in " << setting.place);
    REQUIRE(firsts.wrong() == "");
    INFO(firsts.ended() << " crashes of recoveries");
    CHECK(firsts.ended() >= (setting.place == RowPlace::memory ? 0 : Sweep{15}.share_of(300)));
}

} // namespace projections_crash_test
