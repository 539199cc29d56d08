// Keeps read models up to date with the log, rebuilds them while queries go on, and proves that they are right.
//
//     Projections projections{runtime, *store, bus, "var/shop/projections"};
//     BOOST_OUTCOME_TRY(const auto orders, projections.add(order_summaries()));
//     BOOST_OUTCOME_TRY(const auto sales, projections.add(sales_by_month(), {.kept_in = RowPlace::sqlite}));
//     projections.start();
//     projections.wait_for(receipt.position, deadline);           // read your own writes
//     BOOST_OUTCOME_TRY(projections.rebuild("order-summaries"));
//
// Every projection runs on its own: one that fails stops at the event that it cannot handle, and holds up no other.
// Threads: add before start; all others from any thread. Queries go to the tables and need nothing of this.
#pragma once

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/projections/rows_as_json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eventloom {

enum class ProjectionState : std::uint8_t {
    stopped,
    catching_up,
    running,
    building, // this version, beside an older one that answers
    rebuilding,
    waiting, // to try again what failed
    paused,
    failed,
};

// "stopped", "catching up", ...
std::string_view to_string(ProjectionState state);

// What this program's version has built so far, beside rows of an older version or in another place, which answer.
struct VersionBeingBuilt {
    std::uint32_t version = 0;
    Position position     = 0; // the last event whose changes are in it
    std::uint64_t rows    = 0;
};

// Events whose type no event list of the projection's aggregates names, and that none of them ignores (el::ignored): what
// they say is not in the rows.
struct UnknownEvents {
    std::string type;
    std::string category;
    Position first = 0; // of one of them
};

// "the log has events that no event list names, ...": what they are, and what to do.
std::string to_sentence(const std::vector<UnknownEvents>& unknown);

struct ProjectionStatus {
    std::string name;
    std::uint32_t version          = 0; // that the rows which answer are of
    ProjectionState state          = ProjectionState::stopped;
    Position position              = 0;  // the last event whose changes are in these rows
    Position lag                   = 0;  // events of the log after it
    std::optional<Duration> behind = {}; // how long ago the first of these was recorded; nothing when there is none
    double events_per_second       = 0;  // that it went through lately
    std::uint64_t rows             = 0;
    std::uint64_t dead_letters     = 0;
    std::optional<VersionBeingBuilt> building = {}; // to take their place
    std::optional<std::string> notice = {}; // why these rows are not whole yet, where an older version's cannot be read
    std::optional<Error> error        = {}; // why it failed, or what it will try again
};

// An event that a projection could not handle and went on without.
struct DeadLetter {
    Position position = 0; // of the event
    std::string stream;
    std::string type;
    Error error;            // what its handler answered
    Position waits_for = 0; // of another dead letter, before it, of the same row or stream; 0: it failed itself
};

struct RebuildReport {
    std::string name;
    Position events    = 0; // of the log that were looked through
    std::uint64_t rows = 0;
    std::optional<Error> error; // why the read model was left as it was
};

// What became of a row that was repaired, as JSON; nothing where it was not there.
struct RowRepair {
    Position position = 0; // up to which the log was folded
    std::optional<std::string> before;
    std::optional<std::string> after;
    std::uint64_t entries = 0; // of indexes that were put right
};

// Gives the events of a log, in order, from wherever they come; nothing at its end.
using NextEvent = std::function<result<const RecordedEvent*>()>;

struct RowDifference {
    std::string sentence; // which row, and what stands there against what should
};

struct ProjectionVerification {
    Position position  = 0;                 // up to which the log was folded
    std::uint64_t rows = 0;                 // that were compared
    std::vector<RowDifference> differences; // the first ten
    std::uint64_t differences_total = 0;
};

// An event that changed a row: what the row was before and after it, as JSON; nothing where it was not there.
struct RowChange {
    const RecordedEvent& event;
    std::optional<std::string> before;
    std::optional<std::string> after;
};
using VisitRowChange = std::function<result<void>(const RowChange&)>;

struct Explanation {
    Position position    = 0;       // up to which the log was folded
    std::uint64_t events = 0;       // that changed the row
    std::optional<std::string> row; // as it is there, as JSON
};

// Told how far a pass over the log has come, every few thousand events. An error that it answers ends the pass, and is what
// the pass answers; what was begun beside the read model is removed.
using LogProgress = std::function<result<void>(Position done, Position head)>;

// What becomes of an event whose handler answers with an error.
enum class OnFailure : std::uint8_t {
    stop, // the projection stops in front of it
    park, // it becomes a dead letter, and the projection goes on. A fault of the disk still stops it.
    // The same, and what follows for the same row waits: it becomes a dead letter too, in order, until the first one is
    // retried or discarded. Of a handler that takes whole tables no row is known: what follows in the stream of its event
    // waits. So no row is made of later events alone.
    park_key,
};

// How often a projection that stopped is started again by itself. Each wait is twice the one before.
struct Restarts {
    unsigned times      = 0;
    Duration first_wait = std::chrono::seconds{1};
};

// Copies of the rows as they stood, from which as-of goes on instead of beginning at the first event. Each takes the room on
// disk that the rows took then. Of a projection whose rows are in memory none are kept.
struct KeptCopies {
    std::uint64_t every = 0; // events between two: 0 keeps none
    unsigned at_most    = 8; // with one more the one goes whose neighbours are closest
};

// How a projection is run.
struct ProjectionOptions {
    RowPlace kept_in     = RowPlace::leveldb;
    OnFailure on_failure = OnFailure::stop;
    Restarts restarts    = {};
    // While there is much to catch up with, rows are written, and seen, when they take so much memory, or after so many
    // events.
    std::size_t rows_bytes_max          = 64u << 20;
    std::uint64_t events_between_writes = 1'000'000;
    KeptCopies copies                   = {};
    // In LevelDB, how much memory blocks of rows may take that were asked for: twice that while it is rebuilt.
    std::size_t cache_bytes = rows_cache_bytes;
};

class HistoryCopies;

class Projections {
public:
    Projections(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory);
    ~Projections();

    // Opens the read model of this version in its place, or begins one where nothing stands. What stands there of another
    // version, or in another place, is left as it is: it answers, when it is older and its rows have the same shape (tables,
    // keys, members, indexes). Where they have not, or are newer, every question to the table is an error:
    // Failure::unavailable "version-not-built", Failure::corrupt "newer-read-model"; all else goes on.
    // Failure::corrupt  "log-behind-read-model".
    template <class Key, class Row>
    result<Table<Key, Row>> add(const Projected<Key, Row>& projected, const ProjectionOptions& options = {})
    {
        BOOST_OUTCOME_TRY(auto current, add_projection(projected.definition, options));
        return Table<Key, Row>{projected.definition, 0, projected.decode, std::move(current)};
    }

    // The same for a projection with several tables.
    template <class... Stored>
    result<Tables<Stored...>> add(const ProjectedTables<Stored...>& projected, const ProjectionOptions& options = {})
    {
        BOOST_OUTCOME_TRY(auto current, add_projection(projected.definition, options));
        return [&]<std::size_t... Place>(std::index_sequence<Place...>)
        {
            return Tables<Stored...>{{projected.definition, Place, std::get<Place>(projected.decode), current}...};
        }
        (std::index_sequence_for<Stored...>{});
    }

    // Follow the log, from each checkpoint on. Where something older stands, this version is built beside it, and takes its
    // place when it has caught up; where that cannot be read here, this version answers as it fills.
    void start();
    // Has start() build no such version: for a program that comes and goes, such as a command. rebuild() builds it all the
    // same. Before start.
    void leave_new_versions_alone();
    // Returns when no handler is running and all that was handled is in the read models.
    void stop();

    std::vector<ProjectionStatus> status() const;

    // What the log has of the aggregates that a projection hears, and none of them names or ignores: its rows are made
    // without it. A type is of the categories of its first and of its last event.
    // Failure::invalid "no-such-projection"; what the log says.
    result<std::vector<UnknownEvents>> unknown_events(std::string_view name) const;

    // Blocks until the rows of every projection that answer, or of those that are named, have reached `position`, or it
    // has failed, or until `deadline`. A projection that failed is its error. Where a new version is built, it waits until
    // that is in its place, unless the older rows had reached `position` already. Where none is built, older rows without
    // it answer no more, in this process: "version-not-built".  Failure::unavailable "projections-behind".
    result<void> wait_for(Position position, Time deadline, std::span<const std::string> names = {});

    // Builds a new copy beside the one that answers, and puts it in its place when it has caught up.
    // Failure::invalid "no-such-projection"; what a handler, the log or the disk say.
    result<RebuildReport> rebuild(std::string_view name, const LogProgress& progress = {});

    // The same for several, which share one reading of the log. One that fails holds up no other: its report says why.
    result<std::vector<RebuildReport>> rebuild(std::span<const std::string> names, const LogProgress& progress = {});

    // Makes one row, and its entries in the indexes, what the log gives; all others stay as they are. Costs one pass over the
    // log, or over one stream where a row depends on no more.
    // Failure::invalid "no-such-projection", "no-such-table", "not-a-key"; Failure::unavailable "rebuild-under-way",
    // "version-being-built", "version-not-built"; and what a handler, the log or the disk say.
    result<RowRepair> repair(std::string_view name, const RowName& row, const LogProgress& progress = {});

    // Folds the log again, beside, and compares every byte.
    // Failure::invalid "no-such-projection"; Failure::unavailable "version-being-built", "version-not-built": rows of an older
    // version answer.
    result<ProjectionVerification> verify(std::string_view name, const LogProgress& progress = {});

    // Tells each event that changed a row, in order, up to where the read model has come: what the row was, and what it
    // became. Costs one pass over the log; where no event of another stream can change the row, reading that stream.  Failure::invalid "no-such-projection", "no-such-table", "not-a-key"; and what
    // `visit` says, which ends it.
    result<Explanation> explain(std::string_view name, const RowName& row, const VisitRowChange& visit,
                                const LogProgress& progress = {});

    // The rows as they were after the event at `position`, folded beside, from the log, or from the copy before it when
    // copies are kept. 0 is before the first event.
    // Failure::invalid "no-such-projection", "no-such-position".
    result<RowsAsJson> as_of(std::string_view name, Position position, const LogProgress& progress = {});

    // One row as it stood then, as JSON; nothing when it was not there. Where no event of another stream can change it,
    // only that stream is read.  Failure::invalid besides "no-such-table", "not-a-key".
    result<std::optional<std::string>> row_as_of(std::string_view name, const RowName& row, Position position,
                                                 const LogProgress& progress = {});

    // What was added, in order.
    std::vector<std::shared_ptr<const Projection>> definitions() const;

    // The rows as they stand at this moment. Failure::invalid "no-such-projection"; "version-not-built", "newer-read-model".
    result<RowsAsJson> rows_now(std::string_view name) const;

    // The rows that this program's handlers make of events from elsewhere, folded beside.
    // Failure::invalid "no-such-projection"; what `next` or a handler says.
    result<RowsAsJson> fold(std::string_view name, const NextEvent& next) const;

    // The rows that a copy of this service has in its own directory of projections. Nothing there is changed.
    // Failure::invalid "no-such-projection", "no-read-model" when it has none, "other-row-shape" when this program cannot read
    // it; what the disk says.
    result<RowsAsJson> rows_in(const std::string& directory, std::string_view name) const;

    // The events that a projection went on without, in the order of the log. Failure::invalid "no-such-projection".
    result<std::vector<DeadLetter>> dead_letters(std::string_view name) const;

    // Says that a projection is to do without an event that is a dead letter, also when it is rebuilt. Where others wait for
    // that one, the read model is made anew without it, as rebuild() does, so that they have their turn, in order.
    // Failure::invalid "no-such-projection", "no-such-dead-letter"; and what rebuild() says.
    result<void> discard_dead_letter(std::string_view name, Position position, const LogProgress& progress = {});

    // A projection that is paused keeps answering and stands still, also after a restart, until it is resumed.
    // Failure::invalid "no-such-projection".
    result<void> pause(std::string_view name);
    result<void> resume(std::string_view name);

    // Removes the rows of a projection, which then is empty and follows the log from its beginning; or, with the name of
    // one that an earlier program left behind, all of it.  Failure::invalid "no-such-projection".
    result<void> drop(std::string_view name);

    // Projections that hear an event with personal fields, by name: their rows may hold a person's data.
    std::vector<std::string> hearing_personal_data() const;

    // Read models on disk whose projections this program does not have, by name.
    result<std::vector<std::string>> left_behind() const;

private:
    result<std::shared_ptr<CurrentModel>> add_projection(std::shared_ptr<const Projection> definition,
                                                         const ProjectionOptions& options);

    // A projection, the read model that answers, and an empty one beside it.
    struct Beside {
        std::shared_ptr<const Projection> definition;
        ProjectionOptions options;
        std::shared_ptr<ReadModel> current;
        std::shared_ptr<ReadModel> empty;
        std::shared_ptr<HistoryCopies> copies; // of the one that answers
    };
    result<Beside> beside(std::string_view name) const;

    struct Core;
    class Rebuild;
    std::shared_ptr<Core> core_;
};

} // namespace eventloom
