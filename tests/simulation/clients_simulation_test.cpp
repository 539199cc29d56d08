// Sixty-four clients that decide on what they read a while ago and append with the version they expect: exactly those
// appends are taken whose version still stands. `./dev simulate --commands N` sends more than the suite does.
#include "simulated_disk/settings.hpp"
#include "simulated_disk/store_machine.hpp"
#include "simulated_disk/store_model.hpp"

#include <catch2/catch.hpp>

namespace clients_simulation_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::size_t clients = 64;
constexpr std::size_t streams = 24;

struct Tally {
    std::uint64_t taken   = 0;
    std::uint64_t refused = 0;
    std::uint64_t wrong   = 0;
};

// Each client has one command in flight, of a stream whose length it read when it sent its last one.
class Clients {
public:
    explicit Clients(std::uint64_t seed) : machine_{seed}, store_{machine_.open({.directory = "/store"}).value()}
    {
        known_.resize(clients);
    }

    Tally send(std::uint64_t commands)
    {
        while (sent_ < commands) {
            for (std::size_t client = 0; client < clients; ++client, ++sent_) send_one(client);
            while (in_flight_ > 0) machine_.executor().run_one();
        }
        return tally_;
    }

    ~Clients()
    {
        store_.reset();
        machine_.process_ends();
    }
    Clients(const Clients&) = delete;

private:
    struct Known {
        std::size_t stream   = 0;
        std::uint64_t length = 0;
    };

    void send_one(std::size_t client)
    {
        Known& known = known_[client];
        AppendRequest request;
        NewEvent event{.id = machine_.runtime().ids.next(), .type = "moved", .data = "", .metadata = {}};
        request.streams.push_back({name(known.stream), ExpectedVersion::after(known.length), {std::move(event)}});
        // Read before the others' commands of this round are decided.
        known.stream = machine_.executor().draw(streams);
        known.length = store_->stream_length(name(known.stream)).value();
        ++in_flight_;
        const auto stream   = request.streams.front().stream;
        const auto expected = request.streams.front().expected;
        store_->append(std::move(request), [this, stream, expected](const result<Appended>& answer) {
            --in_flight_;
            judge(stream, expected, answer);
        });
    }

    // Answers come in the order in which appends were decided, so here is the moment that each must be true of.
    void judge(const std::string& stream, const ExpectedVersion& expected, const result<Appended>& answer)
    {
        auto& length       = lengths_[stream];
        const bool matched = expected == ExpectedVersion::after(length);
        if (answer) {
            ++tally_.taken;
            tally_.wrong += matched && answer.value().streams.front().first_version == length ? 0 : 1;
            ++length;
        } else {
            ++tally_.refused;
            tally_.wrong += matched || answer.error().code != "wrong-expected-version" ? 1 : 0;
        }
    }

    static std::string name(std::size_t stream) { return "account-" + std::to_string(stream); }

    StoreMachine machine_;
    std::unique_ptr<LevelDbStore> store_;
    std::vector<Known> known_;
    std::map<std::string, std::uint64_t> lengths_;
    std::uint64_t sent_    = 0;
    std::size_t in_flight_ = 0;
    Tally tally_;
};

TEST_CASE("of many clients' commands exactly those are taken whose expected version still stands",
          "[simulation][eventstore]")
{
    const auto commands = setting("EVENTLOOM_COMMANDS", 50'000);
    const auto tally    = Clients{1}.send(commands);
    INFO(tally.taken << " taken, " << tally.refused << " refused, of them wrongly " << tally.wrong);
    CHECK(tally.wrong == 0);
    CHECK(tally.taken + tally.refused >= commands);
    CHECK(tally.taken > commands / 10);
    CHECK(tally.refused > commands / 10);
}

} // namespace clients_simulation_test
