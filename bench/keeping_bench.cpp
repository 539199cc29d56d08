// What do the commands cost that keep a data directory of ten million events, as an operator types them? Beside `cp -a` of the same.
#include "benches.hpp"
#include "support/kept_service.hpp"

#include "support/measuring/page_cache.hpp"

#include <eventloom/service/output.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace bench {

namespace {

using Words = std::vector<std::string>;

constexpr std::uint64_t events_of_a_round = 100'000;

class Keeping {
public:
    explicit Keeping(std::uint64_t events)
        : events_{events / events_of_a_round * events_of_a_round}, directory_{fresh_directory("keeping")}
    {
        std::filesystem::create_directory(directory_);
    }
    ~Keeping() { remove_directory(directory_); }

    std::vector<Row> measure()
    {
        run("fill", {"fill", std::to_string(events_)}, "shop");
        look_after();
        back_up();
        move();
        erase();
        scavenge();
        return std::move(rows_);
    }

private:
    std::string path(const std::string& name) const { return directory_ + "/" + name; }

    // Nothing is in memory at first: what is measured is also the reading of the disk.
    void run(const std::string& what, Words words, const std::string& data)
    {
        say("keeping: " + what);
        drop_page_cache(directory_);
        words.insert(words.end(), {"--data", path(data)});
        const auto cost = kept::cost_of_command(words);
        add(what, "s", cost.seconds);
        add(what + ": peak memory", "MiB", cost.peak_mib);
    }

    void add(const std::string& what, const std::string& unit, double value)
    {
        rows_.push_back({.name    = eventloom::with_separators(static_cast<std::int64_t>(events_)) + " events: " + what,
                         .unit    = unit,
                         .figures = {once("Eventloom", value)}});
    }

    void add_size(const std::string& what, const std::string& name)
    {
        constexpr double mebibyte = 1 << 20;
        add(what, "MiB", static_cast<double>(bytes_in(path(name))) / mebibyte);
    }

    void shell(const std::string& command) { require(std::system(command.c_str()) == 0, command); }

    void copy_for_comparison()
    {
        say("keeping: cp -a");
        drop_page_cache(directory_);
        const auto seconds =
            seconds_of([&] { shell("cp -a " + path("shop") + " " + path("cp") + " && sync -f " + path("cp")); });
        rows_.push_back(
            {.name = "the same: cp -a of the data directory", .unit = "s", .figures = {once("cp", seconds)}});
        remove_directory(path("cp"));
    }

    void look_after()
    {
        run("projections rebuild --all, two projections", {"projections", "rebuild", "--all"}, "shop");
        run("store verify", {"store", "verify"}, "shop");
        run("store info", {"store", "info"}, "shop");
        add_size("log and its index", "shop/log");
    }

    void back_up()
    {
        copy_for_comparison();
        run("store backup, the first, hard links", {"store", "backup", path("links")}, "shop");
        run("store backup, the first, copies", {"store", "backup", path("copies"), "--copy"}, "shop");
        run("fill, a hundredth more", {"fill", std::to_string(std::max(events_ / 100, events_of_a_round))}, "shop");
        run("store backup, a hundredth more, hard links", {"store", "backup", path("links")}, "shop");
        run("store backup, a hundredth more, copies", {"store", "backup", path("copies"), "--copy"}, "shop");
        add_size("two backups of copies", "copies");
        run("store verify-backup", {"store", "verify-backup", path("copies")}, "shop");
        run("store restore", {"store", "restore", path("copies")}, "restored");
        remove_directory(path("restored"));
        run("store prune", {"store", "prune", path("copies"), "--keep", "1", "--yes"}, "shop");
        for (const char* backups : {"links", "copies"}) remove_directory(path(backups));
    }

    void move()
    {
        run("store export", {"store", "export", path("first.jsonl")}, "shop");
        add("the export", "MiB", static_cast<double>(std::filesystem::file_size(path("first.jsonl"))) / (1 << 20));
        run("store import", {"store", "import", path("first.jsonl")}, "moved");
        run("store export of what was imported", {"store", "export", path("second.jsonl")}, "moved");
        shell("cmp " + path("first.jsonl") + " " + path("second.jsonl"));
        for (const char* made : {"moved", "first.jsonl", "second.jsonl"}) remove_directory(path(made));
    }

    void erase()
    {
        run("store forget --rebuild", {"store", "forget", "customer-1", "--yes", "--rebuild"}, "shop");
        run("store forget", {"store", "forget", "customer-2", "--yes"}, "shop");
        run("store keys verify, a key a thousand events", {"store", "keys", "verify"}, "shop");
        run("store keys rekey", {"store", "keys", "rekey", "--new-master", path("new.key"), "--yes"}, "shop");
        std::filesystem::rename(path("new.key"), path("shop/keys/master.key"));
    }

    // Of a hundred events 45 go.
    void scavenge()
    {
        run("every second order deleted", {"delete-orders", std::to_string(events_ / 100 * 9 / 2)}, "shop");
        add_size("log and its index, before the scavenge", "shop/log");
        run("store scavenge --dry-run", {"store", "scavenge", "--dry-run"}, "shop");
        run("store scavenge", {"store", "scavenge", "--yes"}, "shop");
        add_size("log and its index, after the scavenge", "shop/log");
        run("store scavenge, nothing to do", {"store", "scavenge", "--yes"}, "shop");
        run("store verify, after the scavenge", {"store", "verify"}, "shop");
    }

    const std::uint64_t events_;
    const std::string directory_;
    std::vector<Row> rows_;
};

} // namespace

std::vector<Row> measure_keeping(const Scale& scale)
{
    return Keeping{scale.of(10'000'000, 10'000'000 / 100)}.measure();
}

} // namespace bench
