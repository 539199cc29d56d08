// How many decisions over tags a second, by one client, one after the other? The "speed run" in the documentation of
// Python's `eventsourcing` ("DCB 5"): an iteration registers 10 students and 10 courses and enrols every student on every
// course, 120 operations; 3,138 a second there with PostgreSQL aggregates, 3,904 with its fastest store.
#include "benches.hpp"

#include "support/orders/order_event.hpp"
#include "yardsticks/tested_store.hpp"

#include <eventloom/framework/detail/codec.hpp>

namespace bench {

namespace {

namespace el = eventloom;

constexpr std::uint64_t courses_an_iteration  = 10;
constexpr std::uint64_t students_an_iteration = 10;
constexpr std::uint64_t operations_an_iteration =
    courses_an_iteration + students_an_iteration + courses_an_iteration * students_an_iteration;

class Enrolment {
public:
    explicit Enrolment(el::EventStore& store) : store_{store} {}

    void register_one(const std::string& kind, const std::string& id, std::uint64_t limit)
    {
        auto event          = new_event(kind + "-registered", std::to_string(limit));
        event.metadata.tags = {id};
        append(id, std::move(event), {{{.tags = {id}}}}, 0);
    }

    void join(const std::string& student, const std::string& course)
    {
        const el::EventQuery boundary{{{.types = {"student-registered", "student-joined-course"}, .tags = {student}},
                                       {.types = {"course-registered", "student-joined-course"}, .tags = {course}}}};
        const auto head = store_.head();
        decide(student, course, boundary);
        auto event          = new_event("student-joined-course", {});
        event.metadata.tags = {student, course};
        append(course, std::move(event), boundary, head);
    }

private:
    el::NewEvent new_event(std::string type, std::string data)
    {
        el::NewEvent event;
        event.id   = id_of(number_++);
        event.type = std::move(type);
        event.data = std::move(data);
        return event;
    }

    void decide(const std::string& student, const std::string& course, const el::EventQuery& boundary)
    {
        std::uint64_t courses_allowed = 0;
        std::uint64_t places          = 0;
        std::uint64_t courses_joined  = 0;
        std::uint64_t students_joined = 0;
        const auto cursor             = store_.read({.scope = el::Scope::matching(boundary)});
        for (auto next = cursor->next();; next = cursor->next()) {
            require(next.has_value(), "the store reads");
            if (next.value() == nullptr) break;
            const el::RecordedEvent& event = *next.value();
            if (event.type == "student-registered") courses_allowed = std::stoull(event.data);
            if (event.type == "course-registered") places = std::stoull(event.data);
            if (event.type != "student-joined-course") continue;
            const auto& tags     = event.metadata.tags;
            const bool of_him    = std::find(tags.begin(), tags.end(), student) != tags.end();
            const bool of_course = std::find(tags.begin(), tags.end(), course) != tags.end();
            require(not(of_him && of_course), "nobody joins twice");
            courses_joined += of_him ? 1 : 0;
            students_joined += of_course ? 1 : 0;
        }
        require(courses_joined < courses_allowed && students_joined < places, "there is room");
    }

    void append(const std::string& stream, el::NewEvent event, const el::EventQuery& boundary, el::Position after)
    {
        el::AppendRequest request;
        request.streams.push_back({stream, el::ExpectedVersion::any(), {std::move(event)}});
        request.condition = {boundary, after};
        require(store_.append(request).has_value(), "an operation is done");
    }

    el::EventStore& store_;
    std::uint64_t number_ = 0;
};

} // namespace

std::vector<Row> measure_enrolment(const Scale& scale)
{
    say("enrolment");
    const auto ours = open_eventloom(fresh_directory("enrolment"), el::Durability::synced);
    Enrolment enrolment{ours->store()};
    std::uint64_t iteration = 0;
    const auto iterations   = scale.of(50, 5);
    const auto work         = [&] {
        for (std::uint64_t i = 0; i < iterations; ++i, ++iteration) {
            std::vector<std::string> courses;
            std::vector<std::string> students;
            for (std::uint64_t k = 0; k < courses_an_iteration; ++k) {
                courses.push_back("course-" + el::to_string(id_of(mixed(iteration * 100 + k))));
                enrolment.register_one("course", courses.back(), students_an_iteration);
            }
            for (std::uint64_t k = 0; k < students_an_iteration; ++k) {
                students.push_back("student-" + el::to_string(id_of(mixed(iteration * 100 + 50 + k))));
                enrolment.register_one("student", students.back(), courses_an_iteration);
            }
            for (const auto& student : students) {
                for (const auto& course : courses) enrolment.join(student, course);
            }
        }
        return iterations * operations_an_iteration;
    };
    Row row{.name    = "enrolment speed run, 1 client",
            .unit    = "operations/s",
            .target  = Target::at_least(3'145),
            .figures = measure_in_turns(scale.rounds, {{"Eventloom", work}}),
            .note =
                "each operation durable before the next; Python's eventsourcing prints 3,138 (PostgreSQL "
                "aggregates), 2,880 (PostgreSQL, tags) and 3,904 (UmaDB) for the same work on its author's machine"};
    require(ours->store().head() == iteration * operations_an_iteration, "every operation is one event");
    return {row};
}

} // namespace bench
