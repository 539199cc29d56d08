#include <eventloom/framework/decision.hpp>

namespace eventloom::detail {

result<void> visit_matching(const EventStore& store, EventQuery query, Position head, bool newest_only,
                            const std::function<result<void>(const RecordedEvent&)>& visit)
{
    ReadRequest request{.scope = Scope::matching(std::move(query))};
    if (newest_only) {
        request.from      = head;
        request.direction = Direction::backwards;
        request.limit     = 1;
    }
    const auto cursor = store.read(request);
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        // What was appended meanwhile belongs to another moment; the condition of the append finds it.
        if (event == nullptr || event->position > head) return done();
        BOOST_OUTCOME_TRY(visit(*event));
    }
}

} // namespace eventloom::detail
