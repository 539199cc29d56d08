// The table of jobs, which is a fold of the log.
#include "support/answers.hpp"
#include "support/machine_with_real_files.hpp"

#include "queues/job_table.hpp"

#include <eventloom/framework/event_codec.hpp>

namespace job_table_test {

using namespace eventloom;
using namespace eventloom::queues;
using namespace eventloom::testing;

struct TableMachine : SimulatedMachine {
    TableMachine()
    {
        auto opened = JobTable::open(runtime, directory.path() + "/queues", {});
        REQUIRE(opened);
        table = std::move(opened.value());
    }

    TemporaryDirectory directory;
    std::unique_ptr<JobTable> table;
    const Uuid id     = simulated.next();
    Position position = 0;

    RecordedEvent event(Version version, const std::string& type, std::string data = {})
    {
        RecordedEvent event;
        event.id          = simulated.next();
        event.stream      = stream_of_job(id);
        event.version     = version;
        event.position    = ++position;
        event.type        = type;
        event.data        = std::move(data);
        event.recorded_at = simulated.now();
        if (version == 0) event.metadata.headers = {{"job-queue", "mail"}};
        return event;
    }
    Folded fold(const std::vector<RecordedEvent>& events)
    {
        auto folded = table->fold(events, position);
        REQUIRE(folded);
        return std::move(folded.value());
    }
    Job job() const
    {
        const auto row = table->find(id);
        REQUIRE(row);
        REQUIRE(row.value());
        return row.value()->job;
    }
};

RecordedEvent completed(TableMachine& machine, Version version)
{
    const NewEvent encoded = eventloom::encoded<JobFacts>(JobFact{Completed{1, "sent", machine.simulated.now()}});
    return machine.event(version, encoded.type, encoded.data);
}

TEST_CASE("a job whose history has a gap is left as it was, and is reported", "[messaging][queues]")
{
    TableMachine machine;
    machine.fold({machine.event(0, "send-mail")});
    const auto folded = machine.fold({completed(machine, 2)}); // the event between them is gone
    REQUIRE(folded.lost.size() == 1);
    CHECK(folded.lost[0].first == stream_of_job(machine.id));
    CHECK(folded.lost[0].second.code == "job-history-lost");
    CHECK(machine.job().is_open());
    CHECK(machine.job().recorded == 1);
}

TEST_CASE("an event that the table of jobs has seen counts once", "[messaging][queues]")
{
    TableMachine machine;
    const auto first = machine.event(0, "send-mail");
    const auto last  = completed(machine, 1);
    machine.fold({first, last});
    const auto again = machine.fold({first, last});
    CHECK(again.jobs.empty());
    CHECK(again.lost.empty());
    CHECK(machine.table->count() ==
          JobTable::Counts{{{"mail", JobState::waiting}, 0}, {{"mail", JobState::completed}, 1}});
}

} // namespace job_table_test
