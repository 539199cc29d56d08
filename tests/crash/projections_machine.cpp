#include "crash/projections_machine.hpp"

#include "run/inline_generations.hpp"
#include "run/inline_model.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>

namespace projections_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace people;

namespace {

const std::vector<std::string> names{"census", "directory"};
constexpr Position long_log = 60;

Error wrong(std::string what)
{
    return {Failure::corrupt, "wrong", std::move(what)};
}

template <class Fact>
std::pair<std::string, NewEvent> event_of(std::uint64_t person, const Fact& fact)
{
    const auto& type = event_type<Person, Fact>();
    NewEvent event{.id = {}, .type = std::string{type.name}, .data = {}, .metadata = {}};
    type.encode(&fact, event.data);
    return {PersonId{std::to_string(person)}.stream(), std::move(event)};
}

// The event that stands at a position, whoever records it: people join, change and leave.
std::pair<std::string, NewEvent> event_at(Position position)
{
    const auto number  = std::to_string(position);
    const auto cities  = std::array{"Paris", "Rome", "Oslo"};
    const auto earlier = position / 2; // somebody who joined, most likely
    switch (position % 7) {
    case 3:
        return event_of(earlier, Moved{cities[position % 2]});
    case 4:
        return event_of(earlier, Written{"new-" + number});
    case 5:
        return event_of(position, Swapped{PersonId{std::to_string(earlier)}, PersonId{std::to_string(earlier + 1)}});
    case 6:
        return event_of(earlier - 1, Left{"for the sea"});
    default:
        return event_of(position, Joined{"mail-" + number,
                                         cities[position % 3],
                                         {static_cast<std::int64_t>(position % 11) - 5},
                                         day(static_cast<int>(position % 13))});
    }
}

// The last event up to a position that changes the projection. A checkpoint alone may be lost: reading on from an earlier
// one changes nothing.
Position last_heard(const std::string& projection, Position position)
{
    if (projection == "census") {
        while (position > 0 && event_at(position).second.type != "joined" &&
               event_at(position).second.type != "written") {
            --position;
        }
    }
    return position;
}

result<void> same(const std::vector<std::string>& found, const std::vector<std::string>& wanted,
                  const std::string& where)
{
    if (found == wanted) return done();
    std::string all;
    for (const auto& name : found) all += " " + name;
    return wrong("left over in " + where + ":" + all);
}

} // namespace

ProjectionsMachine::ProjectionsMachine(std::uint64_t seed, const Setting& setting)
    : setting_{setting}, simulated_{seed}, disk_{seed, setting.model},
      files_{std::in_place, &disk_, SyncingEnv::SyncDirectory{}}, runtime_{simulated_, simulated_, simulated_, *files_}
{
    process_begins();
    if (setting.log == Log::in_memory) memory_log_ = open_memory_store(runtime_);
}

void ProjectionsMachine::process_begins()
{
    files_.emplace(&disk_, [this](const std::string&) { return disk_.sync_directory(); }); // where `runtime_` has it
}

result<void> ProjectionsMachine::open()
{
    if (setting_.log == Log::on_the_disk) {
        BOOST_OUTCOME_TRY(running_.log_on_disk, LevelDbStore::open(runtime_, {.directory = "/log"}));
    }
    if (setting_.place == RowPlace::log) {
        BOOST_OUTCOME_TRY(check_inline_rows());
    }
    running_.bus         = std::make_unique<EventBus>(runtime_, log());
    running_.projections = std::make_unique<Projections>(runtime_, log(), *running_.bus, "/rows");
    BOOST_OUTCOME_TRY(projections().add(census(version_), {.kept_in = setting_.place}));
    BOOST_OUTCOME_TRY(projections().add(directory(version_), {.kept_in = setting_.place}));
    projections().start(); // what earlier processes left goes, and the next version is begun
    projections().stop();
    return done();
}

// Before anything is folded: they were written in the write of the last event that is there.
result<void> ProjectionsMachine::check_inline_rows()
{
    for (const auto& name : names) {
        const InlineGenerations generations{log(), name};
        BOOST_OUTCOME_TRY(const auto current, generations.current());
        Position reached = 0;
        if (current) {
            InlineModel model{log(), name, generations.prefix_of(current->number)};
            BOOST_OUTCOME_TRY(model.load(current->projection_version));
            reached = model.checkpoint();
        }
        if (reached == log().head()) continue;
        return wrong("the rows of " + name + " are at " + std::to_string(reached) + " and the log ends at " +
                     std::to_string(log().head()));
    }
    return done();
}

void ProjectionsMachine::process_ends()
{
    running_.projections.reset();
    running_.bus.reset();
    running_.log_on_disk.reset();
    simulated_.drop_everything();
    run_background_work();
    process_begins();
    if (setting_.place == RowPlace::memory) answered_for_.clear(); // all of it is folded again
}

void ProjectionsMachine::power_cut(Tail tail)
{
    process_ends();
    disk_.power_cut(tail);
}

// Two people with one address, at once.
result<void> ProjectionsMachine::record_what_is_refused()
{
    AppendRequest request;
    for (const std::uint64_t person : {1'000, 1'001}) {
        auto [stream, event] = event_of(person, Joined{"shared", "Rome", {}, day(1)});
        event.id             = simulated_.next();
        request.streams.push_back({stream, ExpectedVersion::any(), {event}});
    }
    const auto head   = log().head();
    const auto answer = log().append(request);
    if (answer) return wrong("an append that breaks the rule of a unique index was taken");
    if (answer.error().code != "unique-index-violated") return answer.error();
    return log().head() == head ? result<void>{done()} : wrong("something of a refused append was written");
}

result<void> ProjectionsMachine::record_up_to(Position last)
{
    while (log().head() < last) {
        if (setting_.place == RowPlace::log && log().head() % 4 == 1) {
            BOOST_OUTCOME_TRY(record_what_is_refused());
        }
        auto [stream, event] = event_at(log().head() + 1);
        event.id             = simulated_.next();
        BOOST_OUTCOME_TRY(log().append({.streams = {{stream, ExpectedVersion::any(), {event}}}}));
    }
    return done();
}

result<void> ProjectionsMachine::catch_up()
{
    projections().start();
    BOOST_OUTCOME_TRY(projections().wait_for(log().head(), simulated_.now() + std::chrono::hours{1}));
    for (const auto& name : names) answered_for_[name] = last_heard(name, log().head());
    return done();
}

result<void> ProjectionsMachine::rebuild(const std::vector<std::string>& which)
{
    rebuilding_ = true;
    // Something happens meanwhile, which the new copies must have too.
    bool happened        = false;
    const auto meanwhile = [&](Position, Position) -> result<void> {
        if (std::exchange(happened, true)) return done();
        return record_up_to(log().head() + 2);
    };
    BOOST_OUTCOME_TRY(const auto reports, projections().rebuild(which, meanwhile));
    for (const auto& report : reports) {
        if (report.error) return *report.error;
        answered_for_[report.name] = last_heard(report.name, report.events);
    }
    rebuilding_ = false;
    return done();
}

result<void> ProjectionsMachine::drop(const std::string& name)
{
    rebuilding_         = true;
    answered_for_[name] = 0;
    BOOST_OUTCOME_TRY(projections().drop(name));
    rebuilding_ = false;
    return done();
}

result<void> ProjectionsMachine::verify_all()
{
    for (const auto& name : names) {
        Position position   = 0;
        const auto verified = projections().verify(name);
        if (verified) {
            position = verified.value().position;
            if (verified.value().differences_total > 0) {
                return wrong(name + ": " + verified.value().differences.front().sentence);
            }
        } else if (verified.error().code == "version-being-built") {
            BOOST_OUTCOME_TRY(position, check_rows_of_old(name));
        } else {
            return verified.error();
        }
        if (position >= answered_for_[name]) continue;
        return wrong(name + " was at " + std::to_string(answered_for_[name]) + " and is at " +
                     std::to_string(position));
    }
    return done();
}

// The rows of the version before, which answer: both versions handle events alike, so that these can be folded again.
result<Position> ProjectionsMachine::check_rows_of_old(const std::string& name)
{
    BOOST_OUTCOME_TRY(const auto now, projections().rows_now(name));
    BOOST_OUTCOME_TRY(const auto position, now.position());
    BOOST_OUTCOME_TRY(const auto then, projections().as_of(name, position));
    for (const auto& table : now.definition().tables()) {
        BOOST_OUTCOME_TRY(const auto found, now.all(table.name));
        BOOST_OUTCOME_TRY(const auto wanted, then.all(table.name));
        if (found.rows != wanted.rows) return wrong(name + ": the rows of the version before are not what they were");
    }
    return position;
}

// The rows of the first version answer until those of the second are built; the program ends before that once.
result<void> ProjectionsMachine::change_version()
{
    process_ends();
    changing_version_ = true;
    version_          = 2;
    BOOST_OUTCOME_TRY(open());
    BOOST_OUTCOME_TRY(record_up_to(log().head() + 5));
    BOOST_OUTCOME_TRY(verify_all());
    process_ends();
    BOOST_OUTCOME_TRY(open());
    BOOST_OUTCOME_TRY(verify_all());
    BOOST_OUTCOME_TRY(catch_up());
    changing_version_ = false;
    return verify_all();
}

result<void> ProjectionsMachine::live()
{
    if (not running_.projections) {
        BOOST_OUTCOME_TRY(open());
    }
    BOOST_OUTCOME_TRY(record_up_to(long_log));
    BOOST_OUTCOME_TRY(catch_up()); // in one batch
    for (int batch = 0; batch < 5; ++batch) {
        BOOST_OUTCOME_TRY(record_up_to(log().head() + 3));
        BOOST_OUTCOME_TRY(catch_up());
        if (simulated_.draw(3) == 0) run_one_background_job();
    }
    BOOST_OUTCOME_TRY(rebuild({"directory"}));
    process_ends();
    BOOST_OUTCOME_TRY(open()); // LevelDB makes tables of its logs
    BOOST_OUTCOME_TRY(record_up_to(log().head() + 20));
    BOOST_OUTCOME_TRY(catch_up());
    BOOST_OUTCOME_TRY(rebuild(names));
    BOOST_OUTCOME_TRY(catch_up());
    BOOST_OUTCOME_TRY(verify_all());
    BOOST_OUTCOME_TRY(drop("census"));
    BOOST_OUTCOME_TRY(record_up_to(log().head() + 3));
    BOOST_OUTCOME_TRY(catch_up());
    BOOST_OUTCOME_TRY(verify_all());
    return change_version();
}

result<void> ProjectionsMachine::live_with_large_rows()
{
    constexpr std::size_t row_bytes = 900u << 10; // and as much in the unique index; LevelDB begins a file every 32 MiB
    constexpr Position joined       = 22;
    BOOST_OUTCOME_TRY(open());
    while (log().head() < joined) {
        auto address = std::to_string(log().head());
        address.resize(row_bytes, '.');
        auto [stream, event] = event_of(log().head(), Joined{std::move(address), "Rome", {}, day(1)});
        event.id             = simulated_.next();
        BOOST_OUTCOME_TRY(log().append({.streams = {{stream, ExpectedVersion::any(), {event}}}}));
        BOOST_OUTCOME_TRY(catch_up());
    }
    return done();
}

std::string ProjectionsMachine::wrong_with_answers()
{
    if (not running_.projections || projections().status().size() < names.size()) return ""; // it could not be opened
    const auto verified = verify_all(); // every row and entry of one moment, against a fold of the log up to it
    // A disk that fails may keep a new version from being built: then the old rows say so to whoever asks for them.
    const bool stands_by = not verified && changing_version_ && verified.error().code == "version-not-built";
    return verified || stands_by ? "" : verified.error().sentence;
}

std::string ProjectionsMachine::wrong_after_restart(Lost lost)
{
    process_ends();
    auto checked = check_restart(lost);
    process_ends();
    return checked || disk_.crashed() ? "" : checked.error().code + ": " + checked.error().sentence;
}

result<void> ProjectionsMachine::check_restart(Lost lost)
{
    rebuilding_ = false;
    // Inline rows are as durable as the events.
    if (lost == Lost::what_was_not_synced && setting_.place != RowPlace::log) answered_for_.clear();
    BOOST_OUTCOME_TRY(open());
    BOOST_OUTCOME_TRY(check_left_over());
    for (const auto& status : projections().status()) {
        if (status.position > log().head()) return wrong(status.name + " is ahead of the log");
    }
    BOOST_OUTCOME_TRY(verify_all()); // as it stands
    BOOST_OUTCOME_TRY(check_left_over());
    BOOST_OUTCOME_TRY(catch_up());
    BOOST_OUTCOME_TRY(verify_all());
    return check_left_over();
}

// Inline, all that is left of each projection is one generation beside the log.
result<void> ProjectionsMachine::check_nothing_but_inline_rows()
{
    std::vector<std::string> found;
    for (const auto& name : names) {
        static_cast<void>(disk_.GetChildren("/rows/" + name, &found));
        BOOST_OUTCOME_TRY(same(found, {}, "/rows/" + name));
    }
    std::set<std::string> prefixes;
    const auto view   = log().inline_rows()->view();
    const auto cursor = view->scan({"", "\xff"});
    for (; cursor->valid(); cursor->next()) {
        const auto key = cursor->key();
        const auto end = key.find('\0') + 3; // after the name and the byte of its kind
        if (key[end - 1] == 'g') prefixes.emplace(key.substr(0, end + 8));
    }
    BOOST_OUTCOME_TRY(cursor->status());
    return prefixes.size() == names.size() ? result<void>{done()} : wrong("other generations are left beside the log");
}

// Of each projection there is one generation, and what says which; and another one while a version is built.
result<void> ProjectionsMachine::check_left_over()
{
    if (setting_.place == RowPlace::log) return check_nothing_but_inline_rows();
    std::vector<std::string> found;
    const auto list = [&](const std::string& of) {
        found.clear();
        static_cast<void>(disk_.GetChildren(of, &found));
        std::sort(found.begin(), found.end());
        return found;
    };
    BOOST_OUTCOME_TRY(same(list("/rows"), names, "/rows"));
    for (const auto& name : names) {
        // "generation 3 version 1 ..."
        const auto generation_in = [&](const std::string& file) {
            const auto text = disk_.files()["/rows/" + name + "/" + file];
            return "generation-" + text.substr(11, text.find(' ', 11) - 11);
        };
        std::vector<std::string> wanted{"current"};
        // Why a projection has stopped stays until another read model is current; it counts only if it got no further.
        if (disk_.files().contains("/rows/" + name + "/stopped")) wanted.emplace_back("stopped");
        if (setting_.place != RowPlace::memory) wanted.push_back(generation_in("current"));
        const auto statuses = projections().status();
        const bool is_built = std::any_of(statuses.begin(), statuses.end(), [&](const auto& status) {
            return status.name == name && status.building.has_value();
        });
        if (is_built) wanted.insert(wanted.end(), {generation_in("next"), "next"});
        std::sort(wanted.begin(), wanted.end());
        BOOST_OUTCOME_TRY(same(list("/rows/" + name), wanted, "/rows/" + name));
    }
    return done();
}

} // namespace projections_crash_test
