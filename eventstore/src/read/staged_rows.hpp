// The rows that are written with the events, as the next append of a group must see them: with what the group has staged.
//
//     StagedRows rows{folds, find};
//     BOOST_OUTCOME_TRY(rows.fold(events));            // of one append; an error leaves the rows as they were
//     for (const auto& [key, stored] : rows.changes()) ...
//
// Threads: one.
#pragma once

#include <eventloom/framework/detail/inline_rows.hpp>

#include <map>

namespace eventloom {

class StagedRows {
public:
    // `find` gives what was written before the group. Both outlive this.
    StagedRows(const InlineFolds& folds, const FindStored& find);
    StagedRows(const StagedRows&)            = delete;
    StagedRows& operator=(const StagedRows&) = delete;

    bool has_folds() const { return not folds_.empty(); }

    // Lets every fold add what the events of one append change. If one of them refuses the append, nothing of it is staged.
    result<void> fold(std::span<const RecordedEvent> events);

    bool empty() const { return staged_.empty(); }
    // All changes, in the order of their keys; nothing for a row that is removed.
    const std::map<std::string, std::optional<std::string>>& changes() const { return staged_; }

    void tell_written(Position position) const;

private:
    const InlineFolds& folds_;
    const FindStored& find_written_;
    const FindStored find_;
    std::map<std::string, std::optional<std::string>> staged_;
};

} // namespace eventloom
