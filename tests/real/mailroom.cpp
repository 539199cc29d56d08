// A program whose jobs are worked on in processes of their own. Each job adds one to the tally of its name, in the append that
// completes it, and says in a file that it was begun.
//
//     mailroom serve --no-workers --data DIR
//     mailroom work parcels --data DIR
//     mailroom fill FIRST COUNT --data DIR       a job for each number; prints those that are acknowledged
//     mailroom fill-waiting NAME --data DIR      one whose first attempt ends when the file DIR-go-on is there
#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace mailroom {

namespace el = eventloom;
using namespace std::chrono_literals;

struct Handled {};
struct Tally {
    static constexpr auto category = "tally";
    using Events                   = el::events<el::event<"handled", Handled>>;
};
inline Tally evolve(Tally tally, const Handled&)
{
    return tally;
}
static_assert(el::aggregate<Tally>);

struct Carry {
    std::string name;
    std::string wait_for; // a file; empty: none
};
// Needs to know how many there are, which only the service can tell.
struct Count {
    std::string name;
};
struct Parcels {
    static constexpr auto queue = "parcels";
    using Jobs                  = el::jobs<el::job<"carry", Carry>, el::job<"count", Count>>;
};

// Read back by the test: a line for each attempt that was begun.
void note_begun(const std::string& file, const std::string& name, unsigned attempt)
{
    const auto line = name + " " + std::to_string(attempt) + " " + std::to_string(::getpid()) + "\n";
    const int notes = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    [[maybe_unused]] const auto written = ::write(notes, line.data(), line.size());
    ::close(notes);
}

class Mailroom final : public el::OpenService {
public:
    explicit Mailroom(std::unique_ptr<el::Service> service) : service_{std::move(service)} {}
    el::Service& service() override { return *service_; }

private:
    std::unique_ptr<el::Service> service_;
};

el::result<std::unique_ptr<el::OpenService>> open(const el::Runtime& runtime, const std::string& directory, bool create)
{
    BOOST_OUTCOME_TRY(auto service, el::Service::open(runtime, {.directory = directory, .create_if_missing = create}));
    service->queues().add<Parcels>(
        {.workers = 2, .attempts = 1'000, .first_wait = 20ms, .longest_wait = 100ms},
        [](const Carry& parcel, el::JobContext& job) -> el::result<el::JobDone> {
            if (const char* notes = std::getenv("PARCEL_NOTES")) note_begun(notes, parcel.name, job.attempt());
            std::this_thread::sleep_for(4ms); // the work
            while (job.attempt() == 1 && not parcel.wait_for.empty() && ::access(parcel.wait_for.c_str(), F_OK) != 0) {
                std::this_thread::sleep_for(5ms);
            }
            return el::job_done().append(el::id<Tally>{parcel.name}, el::ExpectedVersion::any(), Handled{});
        },
        [&commands = service->commands()](const Count& parcel, el::JobContext&) -> el::result<el::JobDone> {
            BOOST_OUTCOME_TRY(commands.load(el::id<Tally>{parcel.name}));
            return el::job_done();
        });
    return std::unique_ptr<el::OpenService>{std::make_unique<Mailroom>(std::move(service))};
}

el::result<void> enqueue(el::CommandLine& line, el::Output& out, const Carry& parcel)
{
    BOOST_OUTCOME_TRY(auto* const opened, line.open(true));
    BOOST_OUTCOME_TRY(const auto job, opened->service().queues().enqueue<Parcels>(parcel));
    out.console().out(parcel.name + " " + el::to_string(job.id) + "\n");
    return el::done();
}

void add_commands(el::CommandLine& line)
{
    line.opens(open);
    struct Arguments {
        std::uint64_t first = 0;
        std::uint64_t count = 0;
        std::string name;
        std::string wait_for;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto fill      = line.app().add_subcommand("fill", "Enqueue many");
    fill.add_option("first", arguments->first, "The number of the first").required();
    fill.add_option("count", arguments->count, "How many").required();
    line.on(fill, [&line, arguments](el::Output& out) -> el::result<void> {
        for (std::uint64_t i = 0; i < arguments->count; ++i) {
            BOOST_OUTCOME_TRY(enqueue(line, out, {std::to_string(arguments->first + i), ""}));
        }
        return el::done();
    });
    const auto waiting = line.app().add_subcommand("fill-waiting", "Enqueue one that waits");
    waiting.add_option("name", arguments->name, "Its name").required();
    waiting.add_option("file", arguments->wait_for, "For which its first attempt waits").required();
    line.on(waiting, [&line, arguments](el::Output& out) {
        return enqueue(line, out, {arguments->name, arguments->wait_for});
    });
}

} // namespace mailroom

template const eventloom::EventTypes& eventloom::event_types<mailroom::Tally>();
template const eventloom::EventTypes& eventloom::event_types<mailroom::Parcels::Jobs>();

int main(int argc, char** argv)
{
    return eventloom::run({"mailroom", "Parcels that are carried.", mailroom::add_commands}, argc, argv);
}
