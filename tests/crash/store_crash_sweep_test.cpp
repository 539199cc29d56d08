// Power cuts at every change that a run of the store makes to its disk, and at every change that its recovery makes.
#include "simulated_disk/recorded_run.hpp"
#include "support/sweep.hpp"

#include <catch2/catch.hpp>

namespace store_crash_sweep_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::array models{DirectoryModel::ordered, DirectoryModel::strict};
constexpr std::array tails{Tail::dropped, Tail::shortened, Tail::torn, Tail::kept};

RecordedRun long_run(DirectoryModel model)
{
    return record_run({.seed = 1, .model = model, .appends = 240, .data_bytes_max = 900, .lives = 3});
}

std::size_t files_of(const DiskImage& image, std::string_view ending)
{
    std::size_t files = 0;
    for (const auto& [path, file] : image.seen) files += path.ends_with(ending) ? 1 : 0;
    return files;
}

TEST_CASE("a power cut at any change of the disk loses no acknowledged event and leaves no half append",
          "[crash][eventstore]")
{
    Sweep sweep{tails.size()}; // each change, with one of the tails
    for (const auto model : models) {
        const auto run = long_run(model);
        REQUIRE(run.wrong == "");
        CHECK(files_of(run.points.back().image, ".ldb") > 4); // it did come to tables, of the log and of the index
        for (std::size_t i = 0; i < run.points.size(); ++i) {
            const auto& point       = run.points[i];
            const auto acknowledged = run.acknowledged_at(point);
            const auto in_doubt     = run.in_doubt_at(point);
            for (const auto tail : tails) {
                if (not sweep.tries_next()) continue;
                StoreMachine machine{1000 + i, point.image};
                machine.disk().power_cut(tail);
                const auto wrong = recover(machine, acknowledged, in_doubt);
                INFO(sweep << "directory model " << static_cast<int>(model) << ", tail " << static_cast<int>(tail)
                           << ", before change " << i + 1 << " of " << run.points.size());
                REQUIRE(wrong == "");
            }
        }
    }
    INFO(sweep.tried() << " power cuts of " << sweep.points());
    CHECK(sweep.points() >= 4000);
}

// The disk before each change of an opening and closing after a crash.
std::vector<DiskImage> images_of_recovery(const DiskImage& crashed, Tail tail, std::uint64_t seed)
{
    StoreMachine machine{seed, crashed};
    machine.disk().power_cut(tail);
    std::vector<DiskImage> images;
    machine.disk().before_each_change([&] { images.push_back(machine.disk().image()); });
    {
        const auto store = machine.open();
    }
    machine.process_ends();
    return images;
}

TEST_CASE("a second power cut at any change of a recovery loses nothing either", "[crash][eventstore]")
{
    constexpr std::size_t step = 23; // between the first cuts that are tried; coprime to the changes of an append
    Sweep sweep{4};
    for (const auto model : models) {
        const auto run = long_run(model);
        REQUIRE(run.wrong == "");
        for (std::size_t i = 0; i < run.points.size(); i += step) {
            const auto& point       = run.points[i];
            const auto acknowledged = run.acknowledged_at(point);
            const auto in_doubt     = run.in_doubt_at(point);
            const auto images       = images_of_recovery(point.image, tails[i / step % 3], 1000 + i);
            for (std::size_t second = 0; second < images.size(); ++second) {
                if (not sweep.tries_next()) continue;
                StoreMachine machine{2000 + i + second, images[second]};
                machine.disk().power_cut(tails[second % tails.size()]);
                const auto wrong = recover(machine, acknowledged, in_doubt);
                INFO(sweep << "directory model " << static_cast<int>(model) << ", before change " << i + 1
                           << ", then before change " << second + 1 << " of the recovery");
                REQUIRE(wrong == "");
            }
        }
    }
    INFO(sweep.tried() << " power cuts of " << sweep.points());
    CHECK(sweep.points() >= 1000);
}

} // namespace store_crash_sweep_test
