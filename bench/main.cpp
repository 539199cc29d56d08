// What do the parts cost, and what does raw LevelDB need for the same work?
#include "measure.hpp"

#include <eventloom/service/output.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/utsname.h>
#include <thread>

namespace bench {

namespace {

struct Scratch {
    std::filesystem::path path = std::filesystem::current_path() / "build" / "bench-scratch";
    Scratch()
    {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    ~Scratch() { std::filesystem::remove_all(path); }
};

Scratch& scratch()
{
    static Scratch here;
    return here;
}

nlohmann::ordered_json json_of(const Rate& rate)
{
    return {{"median", rate.median}, {"least", rate.least}, {"most", rate.most}};
}

} // namespace

void require(bool correct, const std::string& what)
{
    if (correct) return;
    std::fprintf(stderr, "the measured work went wrong: %s\n", what.c_str());
    std::exit(1);
}

std::string fresh_directory(const std::string& name)
{
    const auto path = scratch().path / name;
    std::filesystem::remove_all(path);
    return path.string();
}

} // namespace bench

int main(int argc, char** argv)
{
    const std::string wanted = argc > 1 ? argv[1] : "";
    std::vector<bench::Row> rows;
    if (wanted.empty() || wanted == "store") rows = bench::measure_store();
    if (wanted.empty() || wanted == "service") {
        for (auto& row : bench::measure_service()) rows.push_back(std::move(row));
    }
    bench::require(not rows.empty(), "there is no measurement \"" + wanted + "\"; there are store and service");

    auto results = nlohmann::ordered_json::array();
    std::vector<std::vector<nlohmann::ordered_json>> table;
    for (const auto& row : rows) {
        nlohmann::ordered_json entry{{"name", row.name}, {"unit", row.unit}, {"eventloom", bench::json_of(row.ours)}};
        char ratio[16] = "";
        if (row.raw) {
            std::snprintf(ratio, sizeof ratio, "%.2f", row.ours.median / row.raw->median);
            entry["leveldb"] = bench::json_of(*row.raw);
            entry["ratio"]   = row.ours.median / row.raw->median;
        }
        results.push_back(entry);
        table.push_back({row.name, row.unit, static_cast<std::int64_t>(row.ours.median),
                         static_cast<std::int64_t>(row.ours.least), static_cast<std::int64_t>(row.ours.most),
                         row.raw ? nlohmann::ordered_json(static_cast<std::int64_t>(row.raw->median)) : nullptr,
                         std::string{ratio}});
    }
    using eventloom::Align;
    eventloom::Output{{.json = false}}.table({{"work"},
                                              {"unit"},
                                              {"median", Align::right},
                                              {"least", Align::right},
                                              {"most", Align::right},
                                              {"raw LevelDB", Align::right},
                                              {"ratio", Align::right}},
                                             table);
    utsname machine{};
    uname(&machine);
    const nlohmann::ordered_json document{{"command", "./dev bench"},
                                          {"machine",
                                           {{"system", std::string{machine.sysname} + " " + machine.release},
                                            {"cores", std::thread::hardware_concurrency()}}},
                                          {"results", results}};
    std::filesystem::create_directories("build");
    std::ofstream{"build/bench.json"} << document.dump(2) << "\n";
}
