#include <eventloom/projections/testing.hpp>

namespace eventloom::testing::detail {

result<MemoryModel> fold_in_memory(const UntypedProjection& definition, const std::vector<RecordedEvent>& events,
                                   std::size_t events_a_fold)
{
    MemoryModel model;
    const auto find = [&](const std::string& key) -> result<std::optional<std::string>> {
        const auto found = model.stored().find(key);
        return found == model.stored().end() ? std::nullopt : std::optional{found->second};
    };
    for (std::size_t at = 0; at < events.size();) {
        const auto fold = definition.fold(find);
        for (const auto end = std::min(at + events_a_fold, events.size()); at < end; ++at) {
            BOOST_OUTCOME_TRY(fold->apply(events[at]));
        }
        BOOST_OUTCOME_TRY(fold->flush(model));
    }
    return model;
}

} // namespace eventloom::testing::detail
