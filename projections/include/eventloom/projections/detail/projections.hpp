// Keeps read models up to date with the log, rebuilds them while queries go on, and verifies them.
//
//     Projections projections{runtime, *store, bus, "var/shop/projections"};
//     BOOST_OUTCOME_TRY(const auto orders, projections.add(order_summaries()));
//     BOOST_OUTCOME_TRY(const auto sales, projections.add(sales_by_month(), {.kept_in = RowPlace::sqlite}));
//     projections.start();
//     projections.wait_for(receipt.position, deadline);           // read your own writes
//     BOOST_OUTCOME_TRY(projections.rebuild("order-summaries"));
//
// Every projection runs on its own: one that fails stops at the event that it cannot handle, and does not delay the others.
// Threads: call add before start; the others from any thread. Queries use only the tables that add returns.
// For service/service.hpp: include that.
#pragma once

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/projections/detail/rows_as_json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eventloom {

enum class ProjectionState : std::uint8_t {
    idle, // whole and in order, but no service runs that takes it further
    catching_up,
    running,
    building, // this version; queries still see an older one
    rebuilding,
    waiting, // before it tries again what failed
    paused,
    failed,
};

// "idle", "catching up", ...
std::string_view to_string(ProjectionState state);

// What this program's version has built so far, while queries still see the rows of an older version or of another place.
struct VersionBeingBuilt {
    std::uint32_t version = 0;
    Position position     = 0; // the last event whose changes are in it
    std::uint64_t rows    = 0;
};

// Events of a type that the projection's aggregates neither list nor ignore (el::ignored). Their content is missing in the
// rows.
struct UnknownEvents {
    std::string type;
    std::string category;
    Position first = 0; // of one of them
};

// "the log has events that no event list names, ...": which they are, and what to do.
std::string to_sentence(const std::vector<UnknownEvents>& unknown);

struct ProjectionStatus {
    std::string name;
    std::uint32_t version                     = 0; // of the rows that queries see
    ProjectionState state                     = ProjectionState::idle;
    Position position                         = 0;  // the last event whose changes are in these rows
    Position lag                              = 0;  // how many events of the log come after it
    std::optional<Duration> behind            = {}; // the age of the first of these; nothing when there is none
    double events_per_second                  = 0;  // its present speed
    std::uint64_t rows                        = 0;
    std::uint64_t dead_letters                = 0;
    std::optional<VersionBeingBuilt> building = {}; // will replace these rows
    std::optional<std::string> notice         = {}; // why these rows are incomplete: an older version's cannot be read
    std::optional<Error> error                = {}; // why it failed or waits
};

// An event that a projection could not handle and skipped.
struct DeadLetter {
    Position position = 0; // of the event
    std::string stream;
    std::string type;
    Error error;            // of its handler
    Position waits_for = 0; // an earlier dead letter of the same row or stream; 0: this event itself failed
};

struct RebuildReport {
    std::string name;
    Position events    = 0; // of the log that were read
    std::uint64_t rows = 0;
    std::optional<Error> error; // why the read model was not changed
};

// A row before and after its repair, as JSON; nothing when there was no row.
struct RowRepair {
    Position position = 0; // up to which the log was folded
    std::optional<std::string> before;
    std::optional<std::string> after;
    std::uint64_t entries = 0; // index entries that were corrected
};

// Gives the events of a log in order, whatever their source; nullptr at the end.
using NextEvent = std::function<result<const RecordedEvent*>()>;

struct RowDifference {
    std::string sentence; // which row, what it is and what it should be
};

struct ProjectionVerification {
    Position position  = 0;                 // up to which the log was folded
    std::uint64_t rows = 0;                 // how many were compared
    std::vector<RowDifference> differences; // the first ten
    std::uint64_t differences_total = 0;
};

// An event that changed a row, and the row before and after it, as JSON; nothing when there was no row.
struct RowChange {
    const RecordedEvent& event;
    std::optional<std::string> before;
    std::optional<std::string> after;
};
using VisitRowChange = std::function<result<void>(const RowChange&)>;

struct Explanation {
    Position position    = 0;       // up to which the log was folded
    std::uint64_t events = 0;       // that changed the row
    std::optional<std::string> row; // at that position, as JSON
};

// Called every few thousand events with the progress of a pass over the log. If it returns an error the pass ends with that
// error, and removes what it has written to disk.
using LogProgress = std::function<result<void>(Position done, Position head)>;

// What happens to an event whose handler returns an error.
enum class OnFailure : std::uint8_t {
    stop, // the projection stops before it
    park, // it becomes a dead letter, and the projection goes on. A disk fault still stops the projection.
    // The same, and later events for the same row become dead letters too. They wait, in order, until the first one is
    // retried or discarded. So no row is made of later events only. When a handler takes whole tables its row is not known:
    // then the later events of the same stream wait.
    park_key,
};

// How often a stopped projection starts again by itself. Each wait is twice the previous one.
struct Restarts {
    unsigned times      = 0;
    Duration first_wait = std::chrono::seconds{1};
};

// Copies of the rows as they were at earlier positions. as_of() begins at the nearest copy instead of at the first event. A
// copy takes as much disk as the rows took then. There are none for a projection whose rows are in memory.
struct KeptCopies {
    std::uint64_t every = 0; // events between two: 0 keeps none
    unsigned at_most    = 8; // one more removes the copy whose neighbours are closest
};

// How a projection runs.
struct ProjectionOptions {
    RowPlace kept_in     = RowPlace::leveldb;
    OnFailure on_failure = OnFailure::stop;
    Restarts restarts    = {};
    // While the projection catches up, rows are written, and queries see them, when they take this much memory or after this
    // many events; or when all together have used up what ProjectionsOptions gives them, but not in a rebuild.
    std::size_t rows_bytes_max          = 64u << 20;
    std::uint64_t events_between_writes = 1'000'000;
    KeptCopies copies                   = {};
};

// All projections of a program together.
struct ProjectionsOptions {
    // For rows that are in memory while they follow the log. When it is used up, those that have more than an equal part of it
    // write their rows. What is being written takes as much again for a moment, and once more in LevelDB until it is in its
    // files.
    std::size_t rows_bytes_max = 32u << 20;
    // For blocks of rows in LevelDB that were read.
    std::size_t cache_bytes = 48u << 20;
};

class HistoryCopies;

class Projections {
public:
    Projections(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory,
                const ProjectionsOptions& options = {});
    ~Projections();

    // Opens the read model of this version, or begins one where there is none. A read model of another version, or in
    // another place, is not changed. Queries see it when it is older and its rows have the same shape (tables, keys, members,
    // indexes). When its shape is another one, or when it is newer, every query of the table returns an error:
    // Failure::unavailable "version-not-built", Failure::corrupt "newer-read-model"; everything else goes on.
    // Failure::corrupt  "log-behind-read-model". Failure::invalid "projection-added-twice".
    template <class Key, class Row>
    result<Table<Key, Row>> add(const Projected<Key, Row>& projected, const ProjectionOptions& options = {})
    {
        BOOST_OUTCOME_TRY(auto current, add_projection(projected.definition, options));
        return Table<Key, Row>{projected.definition, 0, std::move(current)};
    }

    // The same for a projection with several tables.
    template <class... Of>
    result<std::tuple<Of...>> add(const ProjectedTables<Of...>& projected, const ProjectionOptions& options = {})
    {
        BOOST_OUTCOME_TRY(auto current, add_projection(projected.definition, options));
        return [&]<std::size_t... Place>(std::index_sequence<Place...>) {
            return std::tuple<Of...>{Of{projected.definition, Place, current}...};
        }(std::index_sequence_for<Of...>{});
    }

    // Follows the log, each projection from its checkpoint. Where an older version exists, this one is built in a copy, and
    // replaces it when it has caught up. When the older rows cannot be read, queries see this version while it fills.
    void start();
    // start() then builds no new version: for a program that runs briefly, such as a command. rebuild() still builds it.
    // Call it before start.
    void leave_new_versions_alone();
    // Returns when no handler runs any more and everything that was handled is in the read models.
    void stop();

    std::vector<ProjectionStatus> status() const;

    // Types in the log that belong to the aggregates of a projection, but that these neither list nor ignore: its rows are
    // made without them. A type belongs to the categories of its first and of its last event.
    // Failure::invalid "no-such-projection"; errors of the log.
    result<std::vector<UnknownEvents>> unknown_events(std::string_view name) const;

    // The first event after a position that the projection has a handler for; nothing when there is none. So a projection can
    // lag behind the log without lacking anything.
    // Failure::invalid "no-such-projection"; errors of the log.
    result<std::optional<Position>> next_event(std::string_view name, Position after) const;

    // Blocks until the rows that queries see have reached `position`, for every projection or for the named ones, until one
    // has failed, or until `deadline`. If a projection failed it returns that error. While a new version is built, it waits
    // until that one replaces the older rows, unless these have reached `position` already. When no new version is built and
    // the older rows do not reach `position`, queries in this process return "version-not-built" from then on.
    // Failure::unavailable "projections-behind".
    result<void> wait_for(Position position, Time deadline, std::span<const std::string> names = {});

    // Builds a new copy, and replaces the rows that queries see when it has caught up.
    // Failure::invalid "no-such-projection"; errors of a handler, the log or the disk.
    result<RebuildReport> rebuild(std::string_view name, const LogProgress& progress = {});

    // The same for several, with one reading of the log. One that fails does not stop the others: its report says why.
    result<std::vector<RebuildReport>> rebuild(std::span<const std::string> names, const LogProgress& progress = {});

    // Makes one row and its index entries again from the log; other rows do not change. Costs one pass over the log, or over
    // one stream when the row depends only on that.
    // Failure::invalid "no-such-projection", "no-such-table", "not-a-key"; Failure::unavailable "rebuild-under-way",
    // "version-being-built", "version-not-built"; and errors of a handler, the log or the disk.
    result<RowRepair> repair(std::string_view name, const RowName& row, const LogProgress& progress = {});

    // Folds the log again into a scratch copy, and compares every byte.
    // Failure::invalid "no-such-projection"; Failure::unavailable "version-being-built", "version-not-built": queries see
    // rows of an older version.
    result<ProjectionVerification> verify(std::string_view name, const LogProgress& progress = {});

    // Visits each event that changed a row, in order, up to the position of the read model, with the row before and after it.
    // Costs one pass over the log, or reading one stream when no event of another stream can change the row.
    // Failure::invalid "no-such-projection", "no-such-table", "not-a-key"; and an error of `visit`, which ends the walk.
    result<Explanation> explain(std::string_view name, const RowName& row, const VisitRowChange& visit,
                                const LogProgress& progress = {});

    // The rows as they were after the event at `position`: folded again from the log, or from the nearest earlier copy when
    // copies are kept. 0 is before the first event.
    // Failure::invalid "no-such-projection", "no-such-position".
    result<RowsAsJson> as_of(std::string_view name, Position position, const LogProgress& progress = {});

    // One row as it was then, as JSON; nothing when there was none. When no event of another stream can change it, only that
    // stream is read. Fails as as_of() does, and Failure::invalid "no-such-table", "not-a-key".
    result<std::optional<std::string>> row_as_of(std::string_view name, const RowName& row, Position position,
                                                 const LogProgress& progress = {});

    // The projections that were added, in order.
    std::vector<std::shared_ptr<const UntypedProjection>> definitions() const;

    // The rows as they are now. Failure::invalid "no-such-projection"; "version-not-built", "newer-read-model".
    result<RowsAsJson> rows_now(std::string_view name) const;

    // The rows that this program's handlers make of events from another source, in a scratch copy.
    // Failure::invalid "no-such-projection"; errors of `next` or of a handler.
    result<RowsAsJson> fold(std::string_view name, const NextEvent& next) const;

    // The rows that a copy of this service has in its own directory of projections. Nothing there is changed.
    // Failure::invalid "no-such-projection", "no-read-model" when there are none, "other-row-shape" when this program cannot
    // read them; errors of the disk.
    result<RowsAsJson> rows_in(const std::string& directory, std::string_view name) const;

    // The events that a projection skipped, in the order of the log. Failure::invalid "no-such-projection".
    result<std::vector<DeadLetter>> dead_letters(std::string_view name) const;

    // Leaves the event of a dead letter out for good, also in later rebuilds. If other dead letters wait for it, the read
    // model is built again without it, as rebuild() does, so that the waiting events are handled in order.
    // Failure::invalid "no-such-projection", "no-such-dead-letter"; and the errors of rebuild().
    result<void> discard_dead_letter(std::string_view name, Position position, const LogProgress& progress = {});

    // Queries still see the rows of a paused projection. It handles no event, also after a restart, until it is resumed.
    // Failure::invalid "no-such-projection".
    result<void> pause(std::string_view name);
    result<void> resume(std::string_view name);

    // Removes the rows of a projection. It is then empty, and follows the log from its beginning. With the name of a
    // projection that only an earlier program had, removes all of it.  Failure::invalid "no-such-projection".
    result<void> drop(std::string_view name);

    // The names of projections that hear an event with personal fields: their rows may hold a person's data.
    std::vector<std::string> hearing_personal_data() const;

    // The names of read models on disk whose projections this program does not have.
    result<std::vector<std::string>> left_behind() const;

private:
    result<std::shared_ptr<CurrentModel>> add_projection(std::shared_ptr<const UntypedProjection> definition,
                                                         const ProjectionOptions& options);

    // What folding the log again needs: a projection, the read model that queries see, and an empty one to fold into.
    struct Scratch {
        std::shared_ptr<const UntypedProjection> definition;
        ProjectionOptions options;
        std::shared_ptr<ReadModel> current;
        std::shared_ptr<ReadModel> empty;
        std::shared_ptr<HistoryCopies> copies; // of the one that queries see
    };
    result<Scratch> begin_scratch(std::string_view name) const;

    struct Core;
    class Rebuild;
    std::shared_ptr<Core> core_;
};

} // namespace eventloom
