// Reads of the log on disk: single records, and cursors that hold nothing of the database between their pages.
#pragma once

#include "append_rules.hpp"
#include "record.hpp"

#include <eventloom/storage/database.hpp>

#include <atomic>

namespace eventloom {

class LogReader final : public LogView {
public:
    explicit LogReader(const Database& database) : database_{database} {}

    result<std::uint64_t> length_of(const std::string& stream) const override;
    result<std::optional<Position>> position_of(const Uuid& event_id) const override;
    result<RecordedEvent> event_at(Position position) const override;
    result<std::optional<CommandRecord>> command(const Uuid& id) const override;
    // The last acknowledged position: nothing behind it is read.
    Position head() const override { return head_.load(); }
    void move_head(Position head) { head_ = head; }

    result<Chain> record_at(Position position, RecordedEvent& event) const;
    std::unique_ptr<EventCursor> read(const ReadRequest& request) const;

private:
    result<std::optional<std::uint64_t>> number_at(const std::string& key) const;

    const Database& database_;
    std::atomic<Position> head_{0};
};

} // namespace eventloom
