// A cursor over events as a range-v3 view.
//
//     const auto cursor = store.read({.scope = Scope::category("order")});
//     EventRange events{*cursor};
//     for (const RecordedEvent& event : events | ranges::views::filter(is_recent) | ranges::views::take(10)) ...
//     BOOST_OUTCOME_TRY(events.status());      // the end, or an error?
//
// Single pass, in bounded memory: an event lives until the next one is asked for. After an error the range ends, and status()
// says why. Needs range-v3, so it is kept out of the other headers. Threads: as the cursor, one.
// For projections/ranges.hpp: include that.
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <range/v3/view/facade.hpp>

#include <memory>
#include <optional>

namespace eventloom {

namespace detail {

// What a source gives, one item after the other, as a view. `result<const Item*> Source::next()`: nullptr is the end.
template <class Derived, class Source>
class SourceRange : public ranges::view_facade<Derived> {
public:
    SourceRange() = default;

    // The error that ended the range early, if there was one.
    result<void> status() const
    {
        if (state_ && state_->error) return *state_->error;
        return done();
    }

protected:
    explicit SourceRange(Source source) : state_{std::make_shared<State>(State{std::move(source), nullptr, {}})} {}

private:
    friend ranges::range_access;
    using Item = typename decltype(std::declval<Source&>().next())::value_type;

    // Views copy the range; the copies share this.
    struct State {
        Source source;
        Item current;
        std::optional<Error> error;

        void advance()
        {
            auto next = source.next();
            current   = next ? next.value() : nullptr;
            if (not next) error = std::move(next.error());
        }
    };

    class Place {
    public:
        Place() = default;
        explicit Place(std::shared_ptr<State> state) : state_{std::move(state)} { state_->advance(); }

        const auto& read() const { return *state_->current; }
        bool equal(ranges::default_sentinel_t) const { return state_->current == nullptr; }
        void next() { state_->advance(); }

    private:
        std::shared_ptr<State> state_;
    };

    Place begin_cursor() const { return Place{state_}; }

    std::shared_ptr<State> state_;
};

struct EventSource {
    EventCursor* cursor;
    result<const RecordedEvent*> next() const { return cursor->next(); }
};

} // namespace detail

class EventRange : public detail::SourceRange<EventRange, detail::EventSource> {
public:
    EventRange() = default;
    // `cursor` outlives the range and all views of it.
    explicit EventRange(EventCursor& cursor) : SourceRange{detail::EventSource{&cursor}} {}
};

} // namespace eventloom
