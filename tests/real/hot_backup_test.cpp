// Backups on a real disk, while sixty-four real threads write.
#include "real/store_on_disk.hpp"
#include "simulated_disk/settings.hpp"
#include "support/sweep.hpp"

#include <eventloom/eventstore/backup.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

namespace hot_backup_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::uint64_t writers     = 64;
constexpr std::uint64_t appends_max = 100; // that are let go for each backup

// How many appends may begin; whoever wants one waits until there is one.
class Permits {
public:
    void give(std::uint64_t count)
    {
        given_ += count;
        given_.notify_all();
    }
    void end()
    {
        is_over_ = true;
        give(1);
    }
    // False when it is over.
    bool take()
    {
        for (const auto ticket = ++taken_; not is_over_;) {
            const auto given = given_.load();
            if (ticket <= given) return true;
            given_.wait(given);
        }
        return false;
    }

private:
    std::atomic<std::uint64_t> given_{0};
    std::atomic<std::uint64_t> taken_{0};
    std::atomic<bool> is_over_{false};
};

void raise(std::atomic<Position>& highest, Position position)
{
    auto so_far = highest.load();
    while (so_far < position && not highest.compare_exchange_weak(so_far, position)) {
    }
}

std::vector<Uuid> ids_of(const LevelDbStore& store)
{
    std::vector<Uuid> ids;
    for (const auto& event : read_all(store)) ids.push_back(event.id);
    return ids;
}

bool begins_with(const std::vector<Uuid>& ids, const std::vector<Uuid>& first)
{
    return first.size() <= ids.size() && std::equal(first.begin(), first.end(), ids.begin());
}

// Files that change often, and not so many that a restore is all waiting for the disk.
std::unique_ptr<LevelDbStore> open_to_write(const RealMachine& machine, const std::string& directory)
{
    auto options                   = RealMachine::options(directory);
    options.write_buffer_bytes     = 512u << 10;
    options.index_events_in_memory = 2'000;
    auto store                     = LevelDbStore::open(machine.runtime, options);
    REQUIRE(store);
    return std::move(store.value());
}

TEST_CASE("hot backups under sixty-four writers restore to sound stores with all that was acknowledged before",
          "[real][backup][threads]")
{
    const auto backups = setting("EVENTLOOM_BACKUPS", Sweep{5}.share_of(200));
    REQUIRE(backups > 0);
    const TemporaryDirectory directory;
    const RealMachine machine;
    const auto log   = directory.path() + "/data/log";
    const auto into  = directory.path() + "/restored";
    const auto pool  = directory.path() + "/backups";
    const auto store = open_to_write(machine, log);
    const auto seed  = std::random_device{}();
    std::mt19937_64 random{seed};
    INFO("seed " << seed);
    Permits permits;
    std::atomic<Position> acknowledged{0};
    std::atomic<std::uint64_t> appended{0};
    std::atomic<bool> refused{false};
    std::vector<std::thread> threads;
    for (std::uint64_t writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer] {
            for (std::uint64_t number = 0; permits.take(); ++number) {
                const auto answer = store->append(request_of(writer, number));
                if (not answer) refused = true;
                if (answer) raise(acknowledged, answer.value().last_position);
                ++appended;
                appended.notify_all();
            }
        });
    }

    std::vector<Uuid> restored_ids; // of the last
    std::uint64_t restores = 0;
    std::string wrong;
    std::uint64_t under_way = 0; // backups during which something was appended
    for (std::uint64_t round = 0; round < backups && wrong.empty(); ++round) {
        const auto done_before = appended.load();
        const auto begun       = random() % appends_max;
        permits.give(appends_max);
        for (auto now = appended.load(); now < done_before + begun; now = appended.load()) appended.wait(now);
        const Position before = acknowledged;
        const auto made       = back_up(machine.runtime, *store, {.into = pool, .only_copies = round % 4 == 3});
        if (acknowledged > before) ++under_way;
        if (not made) {
            wrong = made.error().sentence;
            break;
        }
        const auto restored = restore_backup(machine.runtime, {.from = pool, .name = made.value().name, .into = into});
        if (not restored) {
            wrong = restored.error().sentence;
            break;
        }
        {
            const auto opened = machine.open(into + "/log");
            if (opened->head() < before) wrong = "what was acknowledged before the backup is not in it";
            if (opened->head() != made.value().head) wrong = "the restored log ends elsewhere";
            auto ids = ids_of(*opened);
            if (not begins_with(ids, restored_ids)) wrong = "what was in an earlier backup is not in a later one";
            restored_ids = std::move(ids);
            ++restores;
        }
        std::filesystem::remove_all(into);
        if (not prune_backups(machine.runtime, {.directory = pool, .keep = 5})) wrong = "backups are not pruned";
    }
    permits.end();
    for (auto& thread : threads) thread.join();
    REQUIRE(wrong == "");
    CHECK_FALSE(refused);
    CHECK(restores == backups);
    CHECK(under_way > backups / 4);

    // Every one is the beginning of the next, and so of the same history.
    const auto ids = ids_of(*store);
    CHECK(begins_with(ids, restored_ids));
    CHECK(events_of_a_sound_store(*store).size() == ids.size());
    WARN(backups << " backups, " << under_way << " of them with appends that ended meanwhile; " << ids.size()
                 << " events in the end");
}

} // namespace hot_backup_test
