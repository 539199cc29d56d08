#include "exchange/standing_history.hpp"

namespace eventloom {

namespace {

constexpr std::size_t events_a_page = 1'000;

// Ends a visit that has given enough.
Error page_is_full()
{
    return {Failure::unavailable, "page-is-full", "read as many events as were wanted"};
}

} // namespace

result<const StandingHistory::Entry*> StandingHistory::next()
{
    if (used_ == page_.size() && not ended_) {
        BOOST_OUTCOME_TRY(read_page());
    }
    return used_ == page_.size() ? nullptr : &page_[used_++];
}

result<void> StandingHistory::read_page()
{
    page_.clear();
    used_              = 0;
    std::size_t events = 0;
    const auto visited = history_.visit_history(from_, {.event = [&](const RecordedEvent& event) -> result<void> {
                                                            from_ = event.position;
                                                            if (events == events_a_page) return page_is_full();
                                                            ++events;
                                                            page_.emplace_back(event);
                                                            return done();
                                                        },
                                                        .command = [&](const CommandRecord& command) -> result<void> {
                                                            page_.emplace_back(command);
                                                            return done();
                                                        }});
    if (not visited && visited.error().code != "page-is-full") return visited.error();
    ended_ = visited.has_value();
    return done();
}

} // namespace eventloom
