// A projection of which there are several versions, and a program that goes from the first to the second.
#pragma once

#include "projections/people.hpp"

#include <algorithm>
#include <filesystem>

namespace changing_residents {

using namespace people;
namespace fs = std::filesystem;

struct Resident {
    std::string city;
    std::int64_t moves = 0;
};
using Residents = el::Projected<PersonId, Resident>;

inline const auto by_city = el::index("city", [](const Resident& row) { return row.city; });

// Counts how often people moved. The first version counted when they came, too.
inline Residents residents(std::uint32_t version)
{
    return el::projection<PersonId, Resident>(
        "residents", version, by_city,
        [version](Resident& row, const Joined& event) {
            row = {event.city, version == 1 ? 1 : 0};
        },
        [](Resident& row, const Moved& event) {
            row.city = event.city;
            ++row.moves;
        });
}

// A third version that does not take people from York.
inline Residents choosy()
{
    return el::projection<PersonId, Resident>(
        "residents", 3, by_city, [](Resident& row, const Joined& event) -> el::result<void> {
            if (event.city == "York")
                return el::fail(el::Failure::invalid, "not-york", "I do not take people from York.");
            row.city = event.city;
            return el::done();
        });
}

// With the first version's rows of ada and bob, who has moved once; and a program of the second, which has not begun yet.
struct Changing : Machine {
    explicit Changing(el::RowPlace where = el::RowPlace::leveldb) : Machine{where}
    {
        REQUIRE(add(residents(1)));
        record({"ada"}, Joined{{}, "York", {5}, day(1)});
        record({"bob"}, Joined{{}, "Hull", {5}, day(1)});
        record({"bob"}, Moved{"York"});
        REQUIRE(catch_up());
        reopen();
    }

    el::ProjectionStatus status() const { return projections->status().at(0); }

    std::vector<std::string> files() const
    {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator{directory.path() + "/residents"}) {
            names.push_back(entry.path().filename());
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    // More events than are handled at once.
    void record_much()
    {
        for (int i = 0; i < 10'000; ++i) record({"bob"}, Moved{"Hull"});
    }

    // The fold has begun, and has not come to the end of the log.
    void build_a_part()
    {
        projections->start();
        while (status().building->position < 4'000) REQUIRE(simulated.run_one());
        REQUIRE(status().building->position < store->head());
        projections->stop();
    }
};

} // namespace changing_residents
