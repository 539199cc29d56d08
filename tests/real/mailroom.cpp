// A program whose jobs are worked on in processes of their own. Each job adds one to the tally of its name, in the append that
// completes it, and says in a file that it was begun. A consumer group hears of things that are posted; its handler writes a line
// to a file when it has begun, and one when it ends.
//
//     mailroom serve --no-workers --data DIR
//     mailroom work parcels --data DIR
//     mailroom fill FIRST COUNT --data DIR       a job for each number; prints those that are acknowledged
//     mailroom groups work postmen --data DIR
//     mailroom post STREAM COUNT --data DIR      so many events in the stream; prints their numbers
//     mailroom fill-waiting NAME --data DIR      one whose first attempt ends when the file DIR-go-on is there
#include "folder_watch.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/messaging/groups.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <fcntl.h>
#include <sstream>
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

struct Posted {
    int number = 0; // within its stream, from 1
};
struct Post {
    static constexpr auto category = "post";
    using Events                   = el::events<el::event<"posted", Posted>>;
    int posted                     = 0;
};
inline Post evolve(Post post, const Posted&)
{
    ++post.posted;
    return post;
}
static_assert(el::aggregate<Post>);

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

// The work of a handler: the line is on the disk when it returns.
void note(const std::string& file, const std::string& line)
{
    const int notes                     = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    [[maybe_unused]] const auto written = ::write(notes, line.data(), line.size());
    ::fdatasync(notes);
    ::close(notes);
}

void wait_until_there(const std::string& file)
{
    el::testing::FolderWatch watch{file.substr(0, file.rfind('/'))};
    while (::access(file.c_str(), F_OK) != 0) watch.wait();
}

// Read back by the test: a line for each attempt that was begun.
void note_begun(const std::string& file, const std::string& name, unsigned attempt)
{
    note(file, name + " " + std::to_string(attempt) + " " + std::to_string(::getpid()) + "\n");
}

// The event of this stream and number waits, once, until a file is there: "post-late 2 /tmp/go-on".
struct Waiting {
    std::string stream;
    int number = 0;
    std::string file;
};
Waiting waiting_in_environment()
{
    Waiting waiting;
    if (const char* words = std::getenv("POSTED_WAITS")) {
        std::istringstream{words} >> waiting.stream >> waiting.number >> waiting.file;
    }
    return waiting;
}

el::result<void> carry_post(const Posted& posted, const el::RecordedEvent& event)
{
    const char* notes = std::getenv("POSTED_NOTES");
    const auto line   = event.stream + " " + std::to_string(posted.number) + " " + std::to_string(::getpid());
    if (notes != nullptr) note(notes, line + " begun\n");
    const auto waiting = waiting_in_environment();
    if (waiting.stream == event.stream && waiting.number == posted.number) wait_until_there(waiting.file);
    if (notes != nullptr) note(notes, line + " ended\n");
    return el::done();
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
            if (job.attempt() == 1 && not parcel.wait_for.empty()) wait_until_there(parcel.wait_for);
            return el::job_done().append(el::id<Tally>{parcel.name}, el::ExpectedVersion::any(), Handled{});
        },
        [&commands = service->commands()](const Count& parcel, el::JobContext&) -> el::result<el::JobDone> {
            BOOST_OUTCOME_TRY(commands.load(el::id<Tally>{parcel.name}));
            return el::job_done();
        });
    service->groups().add(
        {.name = "postmen", .attempts_max = 1'000, .retry_after = 20ms},
        el::handles<Post>([](const Posted& posted, const el::RecordedEvent& event) -> el::result<void> {
            return carry_post(posted, event);
        }),
        2);
    return std::unique_ptr<el::OpenService>{std::make_unique<Mailroom>(std::move(service))};
}

el::result<void> enqueue(el::CommandLine& line, el::Output& out, const Carry& parcel)
{
    BOOST_OUTCOME_TRY(auto* const opened, line.open(true));
    BOOST_OUTCOME_TRY(const auto job, opened->service().queues().enqueue<Parcels>(parcel));
    out.console().out(parcel.name + " " + el::to_string(job.id) + "\n");
    return el::done();
}

// Says how many are in the log after each.
el::result<void> post(el::CommandLine& line, el::Output& out, const std::string& stream, std::uint64_t count)
{
    for (std::uint64_t i = 0; i < count; ++i) {
        BOOST_OUTCOME_TRY(auto* const opened, line.open(true));
        auto& store = opened->service().store();
        BOOST_OUTCOME_TRY(const auto before, store.stream_length("post-" + stream));
        el::NewEvent event = el::encoded<Post>(Posted{static_cast<int>(before) + 1});
        event.id           = line.runtime().ids.next();
        el::AppendRequest request;
        request.streams.push_back({"post-" + stream, el::ExpectedVersion::any(), {std::move(event)}});
        BOOST_OUTCOME_TRY(store.append(std::move(request)));
        out.console().out(std::to_string(before + 1) + "\n");
    }
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
    const auto posting = line.app().add_subcommand("post", "Post something in a stream");
    posting.add_option("stream", arguments->name, "Its name").required();
    posting.add_option("count", arguments->count, "How many").required();
    line.on(posting,
            [&line, arguments](el::Output& out) { return post(line, out, arguments->name, arguments->count); });
}

} // namespace mailroom

template const eventloom::EventTypes& eventloom::event_types<mailroom::Tally>();
template const eventloom::EventTypes& eventloom::event_types<mailroom::Post>();
template const eventloom::EventTypes& eventloom::event_types<mailroom::Parcels::Jobs>();

int main(int argc, char** argv)
{
    return eventloom::run({"mailroom", "Parcels that are carried.", mailroom::add_commands}, argc, argv);
}
