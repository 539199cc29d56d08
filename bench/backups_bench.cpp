// What do backups of ten million events cost, beside `cp -a` of the same files: in full, after a hundredth more, verified, restored?
#include "benches.hpp"
#include "phases.hpp"

#include "page_cache.hpp"

#include <eventloom/service/output.hpp>

#include <cstdlib>
#include <filesystem>

namespace bench {

namespace {

Row row_of(std::string name, std::string unit, double value, std::string note = "")
{
    return {.name    = std::move(name),
            .unit    = std::move(unit),
            .figures = {once("Eventloom", value)},
            .note    = std::move(note)};
}

constexpr double mebibyte = 1 << 20;

// Nothing of the store or of its backups is in memory: what is measured is also the reading of the disk.
PhaseReport cold(const std::string& phase, const std::string& directory, std::uint64_t events = 0)
{
    for (const char* ending : {"", "-backups", "-copies"}) {
        if (std::filesystem::exists(directory + ending)) drop_page_cache(directory + ending);
    }
    say("backups: " + phase);
    return run_phase(phase, directory, events);
}

void add(std::vector<Row>& rows, const std::string& name, const PhaseReport& report)
{
    rows.push_back(row_of(name, "s", report.at("seconds")));
    rows.push_back(row_of(name + ": peak memory", "MiB", report.at("peak_mib")));
}

void add_backup(std::vector<Row>& rows, const std::string& name, const PhaseReport& report)
{
    add(rows, name, report);
    rows.push_back(
        row_of(name + ": new in the directory of backups", "MiB", report.at("new_bytes") / mebibyte,
               "of a backup of " + std::to_string(static_cast<int>(report.at("bytes") / mebibyte)) + " MiB"));
    rows.push_back(row_of(name + ": appends held", "microseconds", report.at("held_microseconds")));
}

double seconds_of_cp(const std::string& directory)
{
    drop_page_cache(directory);
    say("backups: cp -a");
    const auto command = "cp -a '" + directory + "' '" + directory + "-cp' && sync -f '" + directory + "-cp'";
    return seconds_of([&] { require(std::system(command.c_str()) == 0, "cp -a ends well"); });
}

} // namespace

std::vector<Row> measure_backups(const Scale& scale)
{
    const auto directory = fresh_directory("backups");
    for (const char* ending : {"-backups", "-copies", "-restored", "-cp"}) remove_directory(directory + ending);
    const auto events = scale.of(10'000'000, 100'000) / 100'000 * 100'000;
    say("backups: writing " + std::to_string(events) + " events");
    run_phase("write", directory, events);
    std::vector<Row> rows;
    add(rows, "backups: clusters made of all events", cold("cluster", directory));
    std::filesystem::remove_all(directory + "/index");
    add(rows, "backups: open without an index, which is made anew", cold("open", directory));
    rows.push_back(row_of("backups: cp -a of the log, its index and its clusters", "s", seconds_of_cp(directory)));
    add_backup(rows, "backups: the first, hard links", cold("backup", directory));
    add_backup(rows, "backups: the first, copies", cold("backup-copies", directory));
    run_phase("write-more", directory, events);
    add_backup(rows, "backups: after a hundredth more, hard links", cold("backup", directory));
    add_backup(rows, "backups: after a hundredth more, copies", cold("backup-copies", directory));
    add(rows, "backups: verify-backup", cold("verify-backup", directory));
    add(rows, "backups: restore", cold("restore", directory));
    remove_directory(directory + "-restored");
    add(rows, "backups: restore, unverified", cold("restore-unverified", directory));
    for (Row& row : rows) {
        row.name.replace(0, std::string{"backups"}.size(),
                         eventloom::with_separators(static_cast<std::int64_t>(events)) + " events");
    }
    for (const char* ending : {"", "-backups", "-copies", "-restored", "-cp"}) remove_directory(directory + ending);
    return rows;
}

} // namespace bench
