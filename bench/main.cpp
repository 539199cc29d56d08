// What do the parts cost, and what does the same work cost on what one would use instead?
#include "benches.hpp"
#include "support/kept_service.hpp"
#include "support/measuring/report.hpp"
#include "support/phases.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv)
{
    // Started by ourselves, for a part of the work.
    if (argc > 1 && std::string{argv[1]} == "kept") return bench::kept::run_service(argc - 1, argv + 1);
    if (argc == 5 && std::string{argv[1]} == "phase") return bench::be_phase(argv[2], argv[3], std::stoull(argv[4]));

    struct Bench {
        std::string name;
        std::vector<std::vector<bench::Row> (*)(const bench::Scale&)> parts;
    };
    const std::vector<Bench> benches{
        {"store", {bench::measure_appends, bench::measure_big_log, bench::measure_codec}},
        {"append", {bench::measure_appends}},
        {"big-log", {bench::measure_big_log}},
        {"codec", {bench::measure_codec}},
        {"enrolment", {bench::measure_enrolment}},
        {"latency", {bench::measure_latency}},
        {"ten-million", {bench::measure_ten_million}},
        {"service", {bench::measure_service}},
        {"projections", {bench::measure_projections}},
        {"inline", {bench::measure_inline}},
        {"clusters", {bench::measure_clusters}},
        {"keeping", {bench::measure_keeping}},
        {"sagas", {bench::measure_sagas}},
        {"messages", {bench::measure_messages, bench::measure_subscriptions}},
        {"subscriptions", {bench::measure_subscriptions}},
        {"build", {bench::measure_build}},
    };
    CLI::App app{"Measures Eventloom beside what one would use instead."};
    std::vector<std::string> names;
    bench::Scale scale;
    bench::ReportOptions report;
    app.add_option("names", names,
                   "store, append, big-log, codec, enrolment, latency, ten-million, service, projections, inline, "
                   "clusters, keeping, sagas, messages, subscriptions, build, or all");
    app.add_option("--size", scale.size, "part of the full work, for a quick look: 0.05");
    app.add_option("--rounds", scale.rounds, "turns of each contender")->check(CLI::PositiveNumber);
    app.add_option("--against", scale.against, "build: another source tree, compiled in turns with this one")
        ->check(CLI::ExistingDirectory);
    app.add_flag("--whole", scale.whole, "build: the shop and everything from nothing, too");
    app.add_flag("--markdown", report.markdown, "the rows of a table for docs/performance.md");
    app.add_option("--out", report.file, "where the JSON goes");
    CLI11_PARSE(app, argc, argv);
    if (names.empty()) names = {"store"};
    if (names == std::vector<std::string>{"all"})
        names = {"store", "enrolment", "latency", "ten-million", "service", "projections", "inline", "build"};

    std::vector<bench::Row> rows;
    for (const auto& name : names) {
        const auto found =
            std::find_if(benches.begin(), benches.end(), [&](const auto& one) { return one.name == name; });
        bench::require(found != benches.end(), "there is no measurement of that name; --help lists them");
        for (const auto part : found->parts) {
            for (auto& row : part(scale)) rows.push_back(std::move(row));
        }
    }
    report.command = "./dev bench";
    for (int i = 1; i < argc; ++i) report.command.append(" ").append(argv[i]);
    bench::show(rows, report);
}
