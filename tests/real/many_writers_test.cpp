// Sixty-four writers on real threads and a real disk.
#include "real/store_on_disk.hpp"

#include <atomic>
#include <semaphore>
#include <thread>

namespace many_writers_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::uint64_t writers  = 64;
constexpr std::uint64_t requests = 24; // of each
constexpr std::uint64_t tickets  = 12; // that all want and one gets

// One answer for each request, and what was answered.
struct Answers {
    std::vector<std::atomic<int>> counts{std::vector<std::atomic<int>>(writers * requests)};
    std::vector<Appended> answers{std::vector<Appended>(writers * requests)};

    void take(std::uint64_t writer, std::uint64_t number, const result<Appended>& answer)
    {
        const auto at = writer * requests + number;
        if (answer) answers[at] = answer.value();
        if (answer) ++counts[at];
    }
};

// What one of all who ask for the ticket is given: nobody has it yet.
AppendRequest ask_for(std::uint64_t ticket, std::uint64_t writer)
{
    NewEvent event;
    event.id            = derived_uuid({"ticket", std::to_string(ticket), std::to_string(writer)});
    event.type          = "ticket-taken";
    event.metadata.tags = {"ticket:" + std::to_string(ticket)};
    auto request        = to("tickets-" + std::to_string(writer), ExpectedVersion::any(), {event});
    request.condition =
        AppendCondition{.fails_if_matched = {{{.types = {"ticket-taken"}, .tags = event.metadata.tags}}}};
    return request;
}

void write(EventStore& store, std::uint64_t writer, Answers& answers, std::atomic<std::uint64_t>& taken)
{
    std::counting_semaphore<in_flight_max> room{in_flight_max};
    for (std::uint64_t number = 0; number < requests; ++number) {
        if (writer % 4 != 0) {
            answers.take(writer, number, store.append(request_of(writer, number)));
        } else {
            room.acquire();
            store.append(request_of(writer, number), [&, number](const result<Appended>& answer) {
                answers.take(writer, number, answer);
                room.release();
            });
        }
        if (number % 2 == 1) {
            const auto got = store.append(ask_for(number / 2, writer));
            if (got) ++taken;
        }
    }
    for (std::uint64_t i = 0; i < in_flight_max; ++i) room.acquire();
}

TEST_CASE("sixty-four writers get one order without gaps, and each append one answer", "[real][threads]")
{
    const TemporaryDirectory directory;
    const RealMachine machine;
    Answers answers;
    std::atomic<std::uint64_t> taken{0};
    {
        const auto store = machine.open(directory.path());
        std::vector<std::thread> threads;
        for (std::uint64_t writer = 0; writer < writers; ++writer) {
            threads.emplace_back([&, writer] { write(*store, writer, answers, taken); });
        }
        for (auto& thread : threads) thread.join();
    }
    CHECK(std::all_of(answers.counts.begin(), answers.counts.end(), [](const auto& count) { return count == 1; }));
    CHECK(taken == tickets);

    const auto store   = machine.open(directory.path());
    const auto events  = events_of_a_sound_store(*store);
    std::size_t wanted = tickets;
    for (std::uint64_t writer = 0; writer < writers; ++writer) {
        for (std::uint64_t number = 0; number < requests; ++number) {
            const auto request = request_of(writer, number);
            REQUIRE(found_of(request, events) == events_in(request));
            wanted += events_in(request);
            // Every event stands where the answer says.
            const auto& answer = answers.answers[writer * requests + number];
            Position position  = answer.first_position;
            for (std::size_t i = 0; i < request.streams.size(); ++i) {
                Version version = answer.streams.at(i).first_version;
                for (const NewEvent& event : request.streams[i].events) {
                    REQUIRE(events.at(event.id).position == position++);
                    REQUIRE(events.at(event.id).version == version++);
                }
            }
            REQUIRE(position == answer.last_position + 1);
        }
    }
    CHECK(events.size() == wanted);
}

} // namespace many_writers_test
