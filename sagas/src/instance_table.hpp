// The engine's own database: the state of each instance, which of them are open, and how far the begin events were read.
// All of it can be built again from the log, so nothing here is synced. After a crash a later write is never there without the
// earlier ones; the engine needs no more than that.
#pragma once

#include "instance.hpp"

#include <eventloom/storage/database.hpp>

#include <mutex>

namespace eventloom {

struct InstanceKey {
    std::string saga;
    std::string key;

    std::string stream() const { return saga + "-" + key; }
};

class InstanceTable {
public:
    static result<std::unique_ptr<InstanceTable>> open(const Runtime& runtime, const std::string& directory);

    result<std::optional<instance::Instance>> find(const InstanceKey& key) const;
    // As its stream has it, up to the event at `position`; 0: of no event that is younger than those of all others.
    result<void> keep(const InstanceKey& key, const instance::Instance& instance, Position position = 0);
    result<void> keep_checkpoint(const std::string& saga, Position checkpoint);
    result<Position> checkpoint(const std::string& saga) const;
    // The position of the youngest event that is in here.
    Position reached() const;

    using Visit = std::function<bool(const InstanceKey&, const instance::Instance&)>; // false ends the visit
    result<void> visit_all(const Visit& visit) const;
    // The keys of instances that are neither ended nor stuck.
    result<std::vector<InstanceKey>> open_instances() const;

    explicit InstanceTable(std::unique_ptr<Database> database) : database_{std::move(database)} {}

private:
    result<Position> position_at(std::string_view key) const;

    std::unique_ptr<Database> database_;
    mutable std::mutex keeping_; // so that what was reached is written in its order
    Position reached_ = 0;
};

} // namespace eventloom
