// Processes that are killed, and processes that meet.
#include "real/child.hpp"
#include "real/store_on_disk.hpp"

#include <random>
#include <sstream>

namespace kill_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::size_t writers = 4;

// What has been acknowledged, by writer.
using Acknowledged = std::vector<std::set<std::uint64_t>>;

void note(Acknowledged& acknowledged, const std::string& line)
{
    std::istringstream words{line};
    std::uint64_t writer = 0;
    std::uint64_t number = 0;
    REQUIRE((words >> writer >> number));
    REQUIRE(acknowledged.at(writer).insert(number).second); // once, not twice
}

// Kills the writer program when `enough` of its appends have been acknowledged.
void write_and_kill(const std::string& directory, std::uint64_t first, std::uint64_t enough, Acknowledged& acknowledged)
{
    std::vector<std::string> words{directory};
    words.resize(1 + writers, std::to_string(first));
    Child writer{WRITER_PROGRAM, words};
    for (std::uint64_t count = 0; count < enough; ++count) {
        const auto line = writer.read_line();
        if (not line) FAIL("the writer ended by itself: " << writer.wait().errors);
        note(acknowledged, *line);
    }
    writer.kill();
    while (const auto line = writer.read_line()) note(acknowledged, *line);
    CHECK(writer.wait().exit_code == -1);
}

TEST_CASE("killed at random moments, a writing process loses no acknowledged event, and sending again gives each once",
          "[real][crash]")
{
    const TemporaryDirectory directory;
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const RealMachine machine;
    Acknowledged acknowledged(writers);
    std::uint64_t first              = 0;
    std::size_t there_unacknowledged = 0;
    for (int kill = 0; kill < 24; ++kill) {
        write_and_kill(directory.path(), first, 1 + random() % 60, acknowledged);
        const auto store   = machine.open(directory.path());
        const auto events  = events_of_a_sound_store(*store);
        std::uint64_t last = first;
        for (std::size_t writer = 0; writer < writers; ++writer) {
            const auto& numbers = acknowledged[writer];
            if (not numbers.empty()) last = std::max(last, *numbers.rbegin());
        }
        // Every writer goes on with numbers that no request can have used.
        const std::uint64_t next = last + in_flight_max + 1;
        for (std::size_t writer = 0; writer < writers; ++writer) {
            for (std::uint64_t number = first; number < next; ++number) {
                const auto request = request_of(writer, number);
                const auto found   = found_of(request, events);
                INFO("writer " << writer << ", append " << number << ", kill " << kill);
                REQUIRE((found == 0 || found == events_in(request)));
                const bool is_acknowledged = acknowledged[writer].contains(number);
                if (is_acknowledged) REQUIRE(found > 0);
                there_unacknowledged += found > 0 && not is_acknowledged ? 1 : 0;
                const auto again = store->append(request);
                REQUIRE(again);
                REQUIRE(again.value().repeated == (found > 0));
                acknowledged[writer].insert(number);
            }
        }
        first = next;
    }
    const auto events  = events_of_a_sound_store(*machine.open(directory.path()));
    std::size_t wanted = 0;
    for (std::size_t writer = 0; writer < writers; ++writer) {
        for (std::uint64_t number = 0; number < first; ++number) {
            const auto request = request_of(writer, number);
            REQUIRE(found_of(request, events) == events_in(request));
            wanted += events_in(request);
        }
    }
    CHECK(events.size() == wanted);
    SUCCEED("24 kills, " << wanted << " events, " << there_unacknowledged
                         << " appends that were written and not acknowledged");
}

TEST_CASE("a second process is told that another holds the store, and the first writes on", "[real]")
{
    const TemporaryDirectory directory;
    const RealMachine machine;
    const auto store = machine.open(directory.path());
    REQUIRE(store->append(request_of(0, 0)));
    const auto ended = Child{WRITER_PROGRAM, {directory.path(), "0"}}.wait();
    CHECK(ended.exit_code == 1);
    CHECK(ended.errors.starts_with("held-by-another-process: "));
    CHECK(std::count(ended.errors.begin(), ended.errors.end(), '\n') == 1);
    CHECK(store->append(request_of(0, 1)));
    CHECK(events_of_a_sound_store(*store).size() == 3);
}

} // namespace kill_test
