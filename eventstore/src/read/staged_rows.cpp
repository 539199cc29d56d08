#include "read/staged_rows.hpp"

#include <eventloom/framework/detail/user_code.hpp>

namespace eventloom {

StagedRows::StagedRows(const InlineFolds& folds, const FindStored& find)
    : folds_{folds}, find_written_{find}, find_{[this](const std::string& key) -> result<std::optional<std::string>> {
          const auto staged = staged_.find(key);
          if (staged != staged_.end()) return staged->second;
          return find_written_(key);
      }}
{
}

result<void> StagedRows::fold(std::span<const RecordedEvent> events)
{
    RowBatch changes;
    for (const auto& fold : folds_) {
        BOOST_OUTCOME_TRY(call_user_code("an inline fold", {}, [&] { return fold->fold(events, find_, changes); }));
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const auto change = changes[i];
        auto& staged      = staged_[std::string{change.key}];
        staged            = change.removed ? std::nullopt : std::optional{std::string{change.stored}};
    }
    return done();
}

void StagedRows::tell_written(Position position) const
{
    for (const auto& fold : folds_) fold->written(position);
}

} // namespace eventloom
