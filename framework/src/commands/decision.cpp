#include <eventloom/framework/decision.hpp>

namespace eventloom::detail {

namespace {

result<void> visit_newest(const EventStore& store, ReadRequest request,
                          const std::function<result<bool>(const RecordedEvent&)>& visit)
{
    request.direction = Direction::backwards;
    request.limit     = 1; // nearly always the first one is enough
    for (;;) {
        const auto cursor = store.read(request);
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return done();
        BOOST_OUTCOME_TRY(const bool is_enough, visit(*event));
        if (is_enough || event->position == 1) return done();
        request.from = event->position - 1;
    }
}

} // namespace

result<void> visit_matching(const EventStore& store, EventQuery query, Position head, bool newest_only,
                            const std::function<result<bool>(const RecordedEvent&)>& visit)
{
    ReadRequest request{.scope = Scope::matching(std::move(query))};
    if (newest_only) {
        request.from = head;
        return visit_newest(store, std::move(request), visit);
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
