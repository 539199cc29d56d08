// A cursor over events as a range-v3 view.
//
//     const auto cursor = store.read({.scope = Scope::category("order")});
//     EventRange events{*cursor};
//     for (const RecordedEvent& event : events | ranges::views::filter(is_recent) | ranges::views::take(10)) ...
//     BOOST_OUTCOME_TRY(events.status());      // the end, or an error?
//
// Single pass, in bounded memory: an event lives until the next one is asked for. After an error the range ends, and status()
// says why. Needs range-v3, so it is kept out of the other headers. Threads: as the cursor, one.
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <range/v3/view/facade.hpp>

#include <memory>
#include <optional>

namespace eventloom {

class EventRange : public ranges::view_facade<EventRange> {
public:
    EventRange() = default;
    // `cursor` outlives the range and all views of it.
    explicit EventRange(EventCursor& cursor) : state_{std::make_shared<State>(State{&cursor, nullptr, std::nullopt})} {}

    // Why the range ended before its end; done when it did not.
    result<void> status() const
    {
        if (state_ && state_->error) return *state_->error;
        return done();
    }

private:
    friend ranges::range_access;

    // Shared by the copies that views make of the range.
    struct State {
        EventCursor* cursor;
        const RecordedEvent* current;
        std::optional<Error> error;

        void advance()
        {
            auto next = cursor->next();
            current   = next ? next.value() : nullptr;
            if (not next) error = std::move(next.error());
        }
    };

    class Place {
    public:
        Place() = default;
        explicit Place(std::shared_ptr<State> state) : state_{std::move(state)} { state_->advance(); }

        const RecordedEvent& read() const { return *state_->current; }
        bool equal(ranges::default_sentinel_t) const { return state_->current == nullptr; }
        void next() { state_->advance(); }

    private:
        std::shared_ptr<State> state_;
    };

    Place begin_cursor() const { return Place{state_}; }

    std::shared_ptr<State> state_;
};

} // namespace eventloom
