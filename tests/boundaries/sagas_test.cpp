// Sagas that begin with events of a context, and send it commands.
#include "boundaries/courses.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/sagas/saga.hpp>
#include <eventloom/sagas/sagas.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace courses {

// Whoever subscribes to a course joins the introduction, too.
struct Welcome {
    StudentId student;
};

el::Saga welcome()
{
    return el::saga<Welcome>(
        "welcome", 1,
        el::begins{el::from<Courses>(), [](const StudentId& student, const Subscribed&) { return Welcome{student}; }},
        el::step("join the introduction", el::act{[](const Welcome& saga) {
                     return el::send<Courses>(Subscribe{saga.student, CourseId{"introduction"}});
                 }}));
}

} // namespace courses

namespace saga_boundaries_test {

using namespace courses;
using namespace eventloom;
using namespace eventloom::testing;

struct School {
    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    TemporaryDirectory directory;

    struct Running {
        explicit Running(School& school)
            : commands{school.runtime, *school.store}, bus{school.runtime, *school.store},
              sagas{school.runtime, *school.store, commands, bus, school.directory.path() + "/sagas"}
        {
            sagas.add(welcome());
        }
        CommandBus commands;
        EventBus bus;
        Sagas sagas;
    };
    std::unique_ptr<Running> running = std::make_unique<Running>(*this);

    explicit School(int seats = 10)
    {
        for (const auto* course : {"c1", "introduction"}) {
            REQUIRE(running->commands.decide<Courses>(Define{CourseId{course}, seats}));
        }
    }
    void subscribe(const std::string& student)
    {
        REQUIRE(running->commands.decide<Courses>(Subscribe{StudentId{student}, CourseId{"c1"}}));
    }
    void record(const std::string& stream, const Subscribed& event)
    {
        auto recorded = encoded<Courses>(event);
        recorded.id   = runtime.ids.next();
        REQUIRE(store->append(to(stream, ExpectedVersion::any(), {std::move(recorded)})));
    }
    void finish()
    {
        REQUIRE(running->sagas.start());
        REQUIRE(running->sagas.finish(simulated.now() + std::chrono::hours{24}));
    }
    // As after a kill.
    void restart()
    {
        running.reset();
        simulated.drop_everything();
        running = std::make_unique<Running>(*this);
    }
    SagaInstance instance(const std::string& student)
    {
        return running->sagas.show("welcome", student).value().instance;
    }
    // Of the introduction.
    std::vector<std::string> students()
    {
        std::vector<std::string> found;
        const auto events =
            read_all(*store, {.scope = Scope::matching({{{{"student-subscribed"}, {"course:introduction"}}}})});
        for (const auto& event : events) found.push_back(event.metadata.tags.front());
        return found;
    }
};

using Names = std::vector<std::string>;

TEST_CASE("a saga begins with an event of a context, by the id in the event, and its commands are decided within one",
          "[boundaries][sagas]")
{
    School school;
    school.subscribe("ada");
    school.subscribe("ben");
    REQUIRE(school.running->sagas.open());
    CHECK(school.running->sagas.not_begun().value() == std::map<std::string, Position>{{"welcome", 3}});
    school.finish();
    CHECK(school.running->sagas.not_begun().value().empty());
    CHECK(school.instance("ada").status == SagaStatus::completed);
    CHECK(school.instance("ben").status == SagaStatus::completed);
    auto students = school.students();
    std::sort(students.begin(), students.end());
    CHECK(students == Names{"student:ada", "student:ben"});
}

TEST_CASE("a refusal of a decision within a boundary fails the step of a saga", "[boundaries][sagas]")
{
    School school{1};
    school.record("courses", {StudentId{"ben"}, CourseId{"introduction"}}); // has the only seat
    school.subscribe("ada");
    school.finish();
    const auto ada = school.instance("ada");
    CHECK(ada.status == SagaStatus::compensated);
    REQUIRE(ada.why);
    CHECK(ada.why->code == "course-full");
}

TEST_CASE("a saga hears the events of a context in whatever stream they are", "[boundaries][sagas]")
{
    School school;
    school.record("timetable-7", {StudentId{"ada"}, CourseId{"c1"}});
    school.finish();
    CHECK(school.instance("ada").status == SagaStatus::completed);
    CHECK(school.students() == Names{"student:ada"});
}

TEST_CASE("an event of a context whose id names no instance is stuck alone, and says why", "[boundaries][sagas]")
{
    School school;
    school.record("courses", {StudentId{""}, CourseId{"c1"}});
    school.subscribe("ada");
    school.finish();
    CHECK(school.instance("ada").status == SagaStatus::completed);
    const auto stuck = school.running->sagas.list({.status = SagaStatus::stuck}).value();
    REQUIRE(stuck.size() == 1);
    REQUIRE(stuck.front().why);
    CHECK(stuck.front().why->code == "begin-event-without-id");
    CHECK(stuck.front().why->reason.find("found no id in the event") != std::string::npos);
}

TEST_CASE("killed after any task, a saga's decision within a boundary acts once", "[boundaries][sagas][crash]")
{
    bool reached_the_end = false;
    for (int kill_after = 0; not reached_the_end; ++kill_after) {
        School school;
        school.subscribe("ada");
        REQUIRE(school.running->sagas.start());
        int tasks = 0;
        while (tasks < kill_after && school.simulated.run_one()) ++tasks;
        reached_the_end = tasks < kill_after;
        school.restart();
        school.finish();
        INFO("killed after " << kill_after << " tasks");
        CHECK(school.instance("ada").status == SagaStatus::completed);
        CHECK(school.students() == Names{"student:ada"});
    }
}

} // namespace saga_boundaries_test
