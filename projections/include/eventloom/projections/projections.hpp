// Keeps read models up to date with the log, rebuilds them while queries go on, and proves that they are right.
//
//     Projections projections{runtime, *store, bus, "var/shop/projections"};
//     BOOST_OUTCOME_TRY(const auto orders, projections.add(order_summaries()));
//     projections.start();
//     projections.wait_for(receipt.position, deadline);           // read your own writes
//     BOOST_OUTCOME_TRY(projections.rebuild("order-summaries"));
//
// Every projection runs on its own: one that fails stops at the event that it cannot handle, and holds up no other.
// Threads: add before start; all others from any thread. Queries go to the tables and need nothing of this.
#pragma once

#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/projections/table.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventloom {

enum class ProjectionState : std::uint8_t { stopped, catching_up, running, rebuilding, failed };

// "stopped", "catching up", ...
std::string_view to_string(ProjectionState state);

struct ProjectionStatus {
    std::string name;
    std::uint32_t version = 0;
    ProjectionState state = ProjectionState::stopped;
    Position position     = 0; // the last event whose changes are in the rows
    Position lag          = 0; // events of the log behind it
    std::uint64_t rows    = 0;
    std::optional<Error> error; // why it failed
};

struct RebuildReport {
    Position events    = 0; // of the log that were looked through
    std::uint64_t rows = 0;
};

struct RowDifference {
    std::string sentence; // which row, and what stands there against what should
};

struct ProjectionVerification {
    Position position  = 0;                 // up to which the log was folded
    std::uint64_t rows = 0;                 // that were compared
    std::vector<RowDifference> differences; // the first ten
    std::uint64_t differences_total = 0;
};

// Told how far a pass over the log has come.
using LogProgress = std::function<void(Position done, Position head)>;

class Projections {
public:
    Projections(const Runtime& runtime, EventStore& store, EventBus& bus, std::string directory);
    ~Projections();

    // Opens the read model of this version, or begins one. While a newer version of it has not caught up, an older one on
    // disk is of no use any more: it is removed when the new one is there.
    // Failure::corrupt  "newer-read-model": a newer program has been here; "log-behind-read-model".
    template <class Key, class Row>
    result<Table<Key, Row>> add(const Projected<Key, Row>& projected)
    {
        BOOST_OUTCOME_TRY(auto current, add_projection(projected.definition));
        return Table<Key, Row>{projected.definition, 0, projected.decode, std::move(current)};
    }

    // The same for a projection with several tables.
    template <class... Stored>
    result<Tables<Stored...>> add(const ProjectedTables<Stored...>& projected)
    {
        BOOST_OUTCOME_TRY(auto current, add_projection(projected.definition));
        return [&]<std::size_t... Place>(std::index_sequence<Place...>)
        {
            return Tables<Stored...>{{projected.definition, Place, std::get<Place>(projected.decode), current}...};
        }
        (std::index_sequence_for<Stored...>{});
    }

    // Follow the log, from each checkpoint on.
    void start();
    // Returns when no handler is running and all that was handled is in the read models.
    void stop();

    std::vector<ProjectionStatus> status() const;

    // Blocks until every projection has reached `position` or has failed, or until `deadline`. A projection that failed is
    // its error.  Failure::unavailable "projections-behind".
    result<void> wait_for(Position position, Time deadline);

    // Builds a new copy beside the one that answers, and puts it in its place when it has caught up.
    // Failure::invalid "no-such-projection"; what a handler, the log or the disk say.
    result<RebuildReport> rebuild(std::string_view name, const LogProgress& progress = {});

    // Folds the log again, beside, and compares every byte.
    result<ProjectionVerification> verify(std::string_view name, const LogProgress& progress = {});

private:
    result<std::shared_ptr<CurrentModel>> add_projection(std::shared_ptr<const Projection> definition);

    struct Running;
    struct Core;
    std::unique_ptr<Core> core_;
};

} // namespace eventloom
