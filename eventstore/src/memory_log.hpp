// What a store in memory keeps: it outlives the store, so that it can be opened again. One store at a time has it.
//
//     const auto log = std::make_shared<MemoryLog>();
//     auto store     = open_memory_store(runtime, log);
#pragma once

#include "append/append_rules.hpp"
#include "read/staged_rows.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/gone.hpp>
#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/storage/versioned_map.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <shared_mutex>

namespace eventloom {

// The log and its indexes. Written under the lock of the store.
class MemoryEvents final : public LogView {
public:
    result<std::uint64_t> length_of(const std::string& stream) const override
    {
        const auto found = streams.find(stream);
        return found == streams.end() ? 0 : found->second.size();
    }

    result<std::optional<Position>> position_of(const Uuid& event_id) const override
    {
        const auto found = ids.find(event_id);
        return found == ids.end() ? std::nullopt : std::optional{found->second};
    }

    result<RecordedEvent> event_at(Position position) const override { return *events[position - 1]; }

    result<std::optional<CommandRecord>> command(const Uuid& id) const override
    {
        const auto found = commands.find(id);
        return found == commands.end() ? std::nullopt : std::optional{found->second};
    }

    result<StreamStatus> status_of(const std::string& stream, Position before) const override
    {
        const auto found = streams.find(settings_stream_of(stream));
        if (found == streams.end()) return StreamStatus{};
        const auto& positions = found->second;
        const auto after      = std::lower_bound(positions.begin(), positions.end(), before);
        if (after == positions.begin()) return StreamStatus{};
        const RecordedEvent& event = *events[*std::prev(after) - 1];
        return stream_status_of(event.type, event.schema_version, event.data);
    }

    result<std::optional<Position>> find_match(const EventQuery& query, Position after) const override
    {
        for (Position position = after + 1; position <= events.size(); ++position) {
            const RecordedEvent& event = *events[position - 1];
            if (not is_gone(event) && query.matches(event.type, event.metadata.tags)) return std::optional{position};
        }
        return std::optional<Position>{};
    }

    Position head() const override { return events.size(); }

    void add(const RecordedEvent& event)
    {
        events.push_back(std::make_shared<const RecordedEvent>(event));
        streams[event.stream].push_back(event.position);
        ids.emplace(event.id, event.position);
    }

    void add(const CommandRecord& command)
    {
        commands.emplace(command.id, command);
        commands_in_order.push_back(command);
    }

    // Readers that hold it keep it as it was.
    void take_out(Position position)
    {
        const RecordedEvent& event = *events[position - 1];
        auto gone                  = std::make_shared<RecordedEvent>();
        gone->id                   = event.id;
        gone->stream               = event.stream;
        gone->version              = event.version;
        gone->position             = event.position;
        gone->recorded_at          = event.recorded_at;
        events[position - 1]       = std::move(gone);
    }

    std::vector<std::shared_ptr<const RecordedEvent>> events;
    std::map<std::string, std::vector<Position>, std::less<>> streams;
    std::map<Uuid, Position> ids;
    std::map<Uuid, CommandRecord> commands;
    std::vector<CommandRecord> commands_in_order; // of their writing
};

class MemoryRows final : public InlineRows, public std::enable_shared_from_this<MemoryRows> {
public:
    result<std::optional<std::string>> find(std::string_view key) const override { return rows_.get(key); }
    std::shared_ptr<const InlineView> view() const override { return std::make_shared<View>(shared_from_this()); }
    const std::string& directory() const override { return directory_; }
    InlineFolds& folds(const HeldAppends&) override { return folds_; }
    result<void> write(const HeldAppends&, const RowBatch& changes) override
    {
        rows_.write(changes);
        return done();
    }

    const InlineFolds& folds() const { return folds_; }
    void forget_folds() { folds_.clear(); } // those of a store that was open before
    void write(const StagedRows& staged)
    {
        RowBatch changes;
        for (const auto& [key, stored] : staged.changes()) stored ? changes.put(key, *stored) : changes.remove(key);
        rows_.write(changes);
    }

private:
    class View final : public InlineView {
    public:
        explicit View(std::shared_ptr<const MemoryRows> rows) : rows_{std::move(rows)}, moment_{rows_->rows_} {}
        result<std::optional<std::string>> get(std::string_view key) const override { return moment_.get(key); }
        std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
        {
            return moment_.scan(span, backwards);
        }

    private:
        const std::shared_ptr<const MemoryRows> rows_;
        const VersionedMap::View moment_;
    };

    const std::string directory_ = "the event store in memory";
    InlineFolds folds_;
    VersionedMap rows_;
};

struct MemoryLog {
    std::shared_mutex mutex;
    MemoryEvents log;
    Time recorded_at{};
    const std::shared_ptr<MemoryRows> rows = std::make_shared<MemoryRows>();
};

std::unique_ptr<MemoryStore> open_memory_store(const Runtime& runtime, std::shared_ptr<MemoryLog> log,
                                               const StoreLimits& limits = {});

} // namespace eventloom
