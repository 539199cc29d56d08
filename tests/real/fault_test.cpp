// Disks that are full, files that may not be written or opened, files that become shorter while they are read.
#include "real/child.hpp"
#include "real/store_on_disk.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

namespace fault_test {

using namespace eventloom;
using namespace eventloom::testing;
namespace fs = std::filesystem;

// A limit of this process, for as long as this lives.
class Limit {
public:
    Limit(int what, rlim_t value) : what_{what}
    {
        REQUIRE(getrlimit(what_, &before_) == 0);
        rlimit now   = before_;
        now.rlim_cur = value;
        REQUIRE(setrlimit(what_, &now) == 0);
    }
    ~Limit() { setrlimit(what_, &before_); }
    Limit(const Limit&)            = delete;
    Limit& operator=(const Limit&) = delete;

private:
    int what_;
    rlimit before_{};
};

// Appends until one fails; gives how many went well, and the error.
struct Failed {
    std::uint64_t acknowledged = 0;
    Error error;
};
Failed append_until_it_fails(EventStore& store, std::uint64_t from = 0)
{
    for (std::uint64_t number = from; number < from + 200'000; ++number) {
        const auto appended = store.append(request_of(0, number));
        if (not appended) return {number, appended.error()};
    }
    FAIL("the fault does not happen");
    return {};
}

void check_closed_by_fault(EventStore& store, const Failed& failed)
{
    // Whoever appends meets the fault, or the index has met it before.
    CHECK((failed.error.code == "append-outcome-unknown" || failed.error.code == "store-closed-by-fault"));
    // What failed is in doubt for as long as the store is closed, and everything else was not written.
    const auto again = store.append(request_of(0, failed.acknowledged));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == failed.error.code);
    const auto refused = store.append(request_of(0, failed.acknowledged + 1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "store-closed-by-fault");
}

// Everything that was acknowledged is there, the append of unknown outcome is there once when it is sent again, and it goes on.
void check_goes_on(LevelDbStore& store, std::uint64_t acknowledged)
{
    const auto events = events_of_a_sound_store(store);
    for (std::uint64_t number = 0; number < acknowledged; ++number) {
        const auto request = request_of(0, number);
        REQUIRE(found_of(request, events) == events_in(request));
    }
    const auto unknown = request_of(0, acknowledged);
    const auto found   = found_of(unknown, events);
    CHECK((found == 0 || found == events_in(unknown)));
    for (std::uint64_t number = acknowledged; number < acknowledged + 50; ++number) {
        const auto appended = store.append(request_of(0, number));
        REQUIRE(appended);
    }
    CHECK(events_of_a_sound_store(store).size() > events.size());
}

// Run by the test below it, in a mount namespace of its own.
TEST_CASE("on a full file system", "[.within-tmpfs]")
{
    const std::string disk{std::getenv("EVENTLOOM_FULL_DISK")};
    const RealMachine machine;
    const auto directory = disk + "/log";
    for (std::uint64_t room_kib : {0, 900, 4000}) {
        DYNAMIC_SECTION(room_kib << " KiB before the store is opened are taken")
        {
            Failed failed;
            {
                Child{"fallocate", {"-l", std::to_string(room_kib + 1) + "KiB", disk + "/other"}}.wait();
                const auto store = machine.open(directory);
                failed           = append_until_it_fails(*store);
                CHECK(failed.acknowledged > 0);
                check_closed_by_fault(*store, failed);
                CHECK(failed.error.sentence.find("No space left on device") != std::string::npos);
            }
            fs::remove(disk + "/other");
            if (room_kib == 0) return; // nothing was freed
            check_goes_on(*machine.open(directory), failed.acknowledged);
        }
        fs::remove_all(directory);
        fs::remove(disk + "/other");
    }
}

TEST_CASE("a file system that is full gives one clear error, and with room again everything acknowledged is there",
          "[real][full]")
{
    const TemporaryDirectory directory;
    const std::string script = "mount --make-rprivate / && mount -t tmpfs -o size=8m tmpfs " + directory.path() +
                               " && EVENTLOOM_FULL_DISK=" + directory.path() + " exec \"$0\" '[.within-tmpfs]'";
    if (Child{"unshare", {"-m", "true"}}.wait().exit_code != 0) {
        WARN("skipped: this process may not mount a small file system (the test of a limit of file sizes stands for "
             "it)");
        return;
    }
    Child test{"unshare", {"-m", "sh", "-c", script, fs::read_symlink("/proc/self/exe").string()}};
    std::string said;
    while (const auto line = test.read_line()) said += *line + "\n";
    const auto ended = test.wait();
    INFO(said << ended.errors);
    CHECK(ended.exit_code == 0);
    CHECK(said.find("All tests passed") != std::string::npos);
}

TEST_CASE("a write that ends half-way closes the store, and after reopening everything acknowledged is there",
          "[real][full]")
{
    const TemporaryDirectory directory;
    const RealMachine machine;
    std::signal(SIGXFSZ, SIG_IGN); // else the system kills
    std::uint64_t acknowledged = 0;
    for (const rlim_t bytes : {40'000u, 100'001u, 131'072u}) {
        INFO("files of at most " << bytes << " bytes");
        Failed failed;
        {
            const auto store = machine.open(directory.path());
            const Limit limit{RLIMIT_FSIZE, bytes};
            failed = append_until_it_fails(*store, acknowledged);
            check_closed_by_fault(*store, failed);
        }
        const auto store = machine.open(directory.path());
        check_goes_on(*store, failed.acknowledged);
        acknowledged = failed.acknowledged + 50;
    }
}

TEST_CASE("without a file to be had the store closes, and loses nothing", "[real]")
{
    const TemporaryDirectory directory;
    const RealMachine machine;
    Failed failed;
    {
        const auto store = machine.open(directory.path());
        // What appending needs of the sanitizers, which open files too, is there then.
        REQUIRE(store->append(request_of(0, 0)));
        const int next = dup(0); // the lowest number that is free
        REQUIRE(next >= 0);
        close(next);
        {
            const Limit limit{RLIMIT_NOFILE, static_cast<rlim_t>(next)};
            failed = append_until_it_fails(*store, 1);
        }
        check_closed_by_fault(*store, failed); // also when there are files again
    }
    check_goes_on(*machine.open(directory.path()), failed.acknowledged);
}

TEST_CASE("a table that is cut while the store runs is an error with a name, and no crash", "[real][damage]")
{
    const TemporaryDirectory directory;
    const RealMachine machine;
    {
        const auto store = machine.open(directory.path());
        for (std::uint64_t number = 0; number < 1'000; ++number) REQUIRE(store->append(request_of(0, number)));
    }
    const auto store = machine.open(directory.path());
    REQUIRE(read_all(*store, {.limit = 10}).size() == 10); // some tables are open
    std::size_t cut = 0;
    for (const auto& file : fs::directory_iterator{directory.path()}) {
        if (file.path().extension() != ".ldb") continue;
        fs::resize_file(file.path(), file.file_size() / 3);
        ++cut;
    }
    REQUIRE(cut > 0);
    const auto cursor = store->read({});
    auto next         = cursor->next();
    while (next && next.value() != nullptr) next = cursor->next();
    REQUIRE_FALSE(next);
    INFO(next.error().sentence);
    CHECK((next.error().kind == Failure::corrupt || next.error().kind == Failure::storage));
    const auto report = store->verify();
    CHECK((not report || report.value().findings_total > 0));
}

TEST_CASE("a directory that may not be written is refused with one sentence", "[real]")
{
    const TemporaryDirectory directory;
    const RealMachine machine;
    REQUIRE(machine.open(directory.path())->append(request_of(0, 0)));
    const auto closed_to_others =
        fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec;
    fs::permissions(directory.path(), closed_to_others);
    for (const auto& file : fs::recursive_directory_iterator{directory.path()}) {
        fs::permissions(file.path(), closed_to_others & ~(fs::perms::owner_exec | fs::perms::others_exec),
                        fs::is_directory(file) ? fs::perm_options::add : fs::perm_options::replace);
    }
    // Nothing is closed to root: root starts the writer as somebody else.
    std::vector<std::string> words{directory.path(), "1"};
    if (geteuid() == 0) words.insert(words.begin(), "--as-nobody");
    const auto ended = Child{WRITER_PROGRAM, words}.wait();
    fs::permissions(directory.path(), fs::perms::owner_all);
    if (ended.exit_code == 127 || ended.exit_code == 3) {
        WARN("skipped: the writer cannot be started as another user");
        return;
    }
    INFO(ended.errors);
    CHECK(ended.exit_code == 1);
    CHECK(ended.errors.starts_with("storage-fault: "));
    CHECK(ended.errors.find("Permission denied") != std::string::npos);
    CHECK(std::count(ended.errors.begin(), ended.errors.end(), '\n') == 1);
}

} // namespace fault_test
