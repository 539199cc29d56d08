// Decisions about several streams: the command says which events its rule depends on. (The "dynamic consistency boundary",
// https://dcb.events; docs/consistency-boundaries.md has all its examples.)
//
//     struct Courses {                                     // the context: which events there are, and where they go
//         static constexpr auto stream = "courses";
//         using Events = el::events<el::event<"course-defined", Defined>, el::event<"student-subscribed", Subscribed>>;
//     };
//     inline el::Tags tags_of(const Subscribed& event) { return {el::tag("course", event.course), ...}; }
//     static_assert(el::decision_context<Courses>);        // below the last tags_of
//
//     struct Course { CourseId id; int capacity = 0; int taken = 0; };      // a view: what a decision needs to know
//     inline el::Tags tags_of(const Course& course) { return {el::tag("course", course.id)}; }
//     inline Course evolve(Course course, const Subscribed&) { ++course.taken; return course; }
//
//     inline auto boundary_of(const Subscribe& command) { return std::tuple{Course{command.course}, ...}; }
//     inline el::result<Subscribed> decide(const Subscribe& command, const Course& course, ...);
//
//     bus.decide<Courses>(Subscribe{"ada", "c1"});         // command_bus.hpp
//
// A view hears the events for which it has an evolve and that have all its tags. The query of a decision is made from its
// views, so it never misses an event that they hear. evolve may take the time of recording as a third argument, boundary_of the
// present time as a second. A boundary is one view, a tuple of views, or of vectors of views.
// Threads: pure functions.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/command_type.hpp>
#include <eventloom/framework/event_store.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace eventloom {

// "course:c1"
inline std::string tag(std::string_view kind, std::string_view of)
{
    return std::string{kind}.append(":").append(of);
}
template <class Of>
std::string tag(std::string_view kind, const id<Of>& of)
{
    return tag(kind, of.value);
}

// clang-format off

// `evolve(View, const Fact&, Time recorded_at)` stands beside the view.
template <class View, class Fact>
concept evolves_in_time = requires(View view, const Fact& fact, Time at) {
    { evolve(std::move(view), fact, at) } -> std::same_as<View>;
};

template <class View, class Fact>
concept hears = evolves<View, Fact> || evolves_in_time<View, Fact>;

// `boundary_of(const Command&)` or `boundary_of(const Command&, Time now)`, and `decide(const Command&, const View&...)`,
// stand beside the command.
template <class Command>
concept draws_boundary = requires(const Command& command) { boundary_of(command); };
template <class Command>
concept draws_boundary_in_time = requires(const Command& command, Time now) { boundary_of(command, now); };
template <class Command, class... Part>
concept decided_on = requires(const Command& command, const Part&... part) { decide(command, part...); };

// A view whose state is told by the newest of its events alone says so: `static constexpr bool last_event_only = true;`
template <class View>
concept reads_last_event_only = requires { requires View::last_event_only; };

// Never defined: each names the culprit in the compiler's first error line.
template <class Fact, class Context> struct event_without_tags_in;
template <class View, class Context> struct view_that_hears_no_event_of;
template <class Command> struct command_without_boundary_of;
template <class Command, class... Part> struct command_without_decide;

namespace detail {

template <class Context, class Fact>
consteval bool has_tags()
{
    if constexpr (not tagged<Fact>) static_cast<void>(sizeof(event_without_tags_in<Fact, Context>));
    static_assert(tagged<Fact>, "this event has no tags_of(const Event&) beside it; one without tags gives {}");
    return tagged<Fact>;
}

template <class Context, class... Entry>
consteval bool all_have_tags(std::type_identity<std::tuple<Entry...>>)
{
    return (has_tags<Context, typename Entry::fact>() && ...);
}

} // namespace detail

// The events among which decisions are taken, and the stream that new ones are put into. Every event says its tags.
template <class Context>
concept decision_context = lists_events<Context> && requires { std::string_view{Context::stream}; } &&
                           detail::all_have_tags<Context>(std::type_identity<typename Context::Events::entries>{});

// clang-format on

namespace detail {

// GCC 12 takes an optional member that `evolve` resets for one without a value (-Wall), where it is moved.
#if defined(__GNUC__) && not defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
template <class View, class Fact>
void evolve_view(View& view, const Fact& fact, Time recorded_at)
{
    if constexpr (evolves_in_time<View, Fact>) {
        view = evolve(std::move(view), fact, recorded_at);
    } else {
        view = evolve(std::move(view), fact);
    }
}
#if defined(__GNUC__) && not defined(__clang__)
#pragma GCC diagnostic pop
#endif

template <class View, class... Entry>
consteval bool hears_any(std::type_identity<std::tuple<Entry...>>)
{
    return (hears<View, typename Entry::fact> || ...);
}

// The query of a view: the events it has an evolve for, with its tags.
template <class Context, class View>
QueryItem item_of(const View& view)
{
    constexpr std::type_identity<typename Context::Events::entries> entries;
    if constexpr (not hears_any<View>(entries)) static_cast<void>(sizeof(view_that_hears_no_event_of<View, Context>));
    QueryItem item;
    const auto add = [&]<class... Entry>(std::type_identity<std::tuple<Entry...>>) {
        const auto add_one = [&]<class One>(std::type_identity<One>) {
            constexpr bool is_heard =
                ((hears<View, typename Entry::fact> && may_stand_for<One, typename Entry::fact>()) || ...);
            if constexpr (is_heard) item.types.emplace_back(One::name);
        };
        (add_one(std::type_identity<Entry>{}), ...);
    };
    add(entries);
    if constexpr (tagged<View>) item.tags = tags_of(view);
    return item;
}

// Visits what the query asks for up to the position `head`, oldest first; or only the newest of it, and the ones before until
// `visit` says that it is enough.
result<void> visit_matching(const EventStore& store, EventQuery query, Position head, bool newest_only,
                            const std::function<result<bool>(const RecordedEvent&)>& visit);

template <class T>
inline constexpr bool is_tuple = false;
template <class... Part>
inline constexpr bool is_tuple<std::tuple<Part...>> = true;

template <class Boundary>
auto as_tuple(Boundary boundary)
{
    if constexpr (is_tuple<Boundary>) {
        return boundary;
    } else {
        return std::tuple{std::move(boundary)};
    }
}

template <class Command>
auto parts_of(const Command& command, Time now)
{
    if constexpr (draws_boundary_in_time<Command>) {
        return as_tuple(boundary_of(command, now));
    } else if constexpr (draws_boundary<Command>) {
        return as_tuple(boundary_of(command));
    } else {
        static_cast<void>(sizeof(command_without_boundary_of<Command>));
        return std::tuple{};
    }
}

} // namespace detail

// The views of one decision, folded from the log as it is at one position.
template <decision_context Context, class Command>
class DecisionModel {
public:
    DecisionModel(const Command& command, Time now) : command_{command}, parts_{detail::parts_of(command, now)}
    {
        each_view([&]<class View>(const View& view) { query_.items.push_back(detail::item_of<Context>(view)); });
    }

    // Every event that any of the views hears.
    const EventQuery& query() const { return query_; }

    // Folds the views from what the log holds up to `head`.
    result<void> read(const EventStore& store, Position head)
    {
        EventQuery whole_history;
        std::size_t index = 0;
        result<void> read = done();
        each_view([&]<class View>(View& view) {
            const QueryItem& item = query_.items[index++];
            if constexpr (reads_last_event_only<View>) {
                if (not read) return;
                const auto visit = [&](const RecordedEvent& event) -> result<bool> {
                    bool is_heard   = false; // an old event may stand for others
                    const auto take = [&]<class Fact>(const Fact& fact) {
                        take_into(view, item, fact, event);
                        is_heard = is_heard || hears<View, Fact>;
                    };
                    BOOST_OUTCOME_TRY(detail::with_facts<Context>(event, Context::stream, take));
                    return is_heard;
                };
                read = detail::visit_matching(store, {{item}}, head, true, visit);
            } else {
                whole_history.items.push_back(item);
            }
        });
        if (not read || whole_history.items.empty()) return read;
        const auto visit = [&](const RecordedEvent& event) -> result<bool> {
            const auto take_one = [&](const auto& fact) { take(fact, event); };
            BOOST_OUTCOME_TRY(detail::with_facts<Context>(event, Context::stream, take_one));
            return false;
        };
        return detail::visit_matching(store, std::move(whole_history), head, false, visit);
    }

    // Folds one event into the views that hear it.
    template <event_of<Context> Fact>
    void take(const Fact& fact, const RecordedEvent& event)
    {
        std::size_t index = 0;
        each_view([&]<class View>(View& view) {
            const QueryItem& item = query_.items[index++];
            if constexpr (not reads_last_event_only<View>) take_into(view, item, fact, event);
        });
    }

    // For views that read their newest event only: the events come newest first, and the first that is heard counts.
    template <event_of<Context> Fact>
    void take_newest_first(const Fact& fact, const RecordedEvent& event)
    {
        std::size_t index = 0;
        has_newest_.resize(query_.items.size());
        each_view([&]<class View>(View& view) {
            const std::size_t at  = index++;
            const QueryItem& item = query_.items[at];
            if constexpr (reads_last_event_only<View> && hears<View, Fact>) {
                if (has_newest_[at] || not item.matches(event.type, event.metadata.tags)) return;
                detail::evolve_view(view, fact, event.recorded_at);
                has_newest_[at] = true;
            }
        });
    }

    // What the command leads to.
    result<facts_of<Context>> decided() const
    {
        facts_of<Context> facts;
        if constexpr (detail::is_a_result<Context, decltype(answer_of_decide())>()) {
            BOOST_OUTCOME_TRY(const auto answer, answer_of_decide());
            detail::give_each_fact<Context>(answer, [&](const auto& fact) { facts.emplace_back(fact); });
        }
        return facts;
    }
    void decide_into(detail::Decided& decided) const { detail::put_into<Context>(decided, answer_of_decide()); }

private:
    auto answer_of_decide() const
    {
        const auto decide_on = [&]<class... Part>(const Part&... part) {
            if constexpr (not decided_on<Command, Part...>) {
                static_cast<void>(sizeof(command_without_decide<Command, Part...>));
            }
            return decide(command_, part...);
        };
        return std::apply(decide_on, parts_);
    }

    template <class View, class Fact>
    static void take_into(View& view, const QueryItem& item, const Fact& fact, const RecordedEvent& event)
    {
        if constexpr (hears<View, Fact>) {
            if (item.matches(event.type, event.metadata.tags)) detail::evolve_view(view, fact, event.recorded_at);
        }
    }

    template <class Visit>
    void each_view(const Visit& visit)
    {
        const auto visit_part = [&]<class Part>(Part& part) {
            if constexpr (requires { part.begin(); }) {
                for (auto& view : part) visit(view);
            } else {
                visit(part);
            }
        };
        std::apply([&](auto&... part) { (visit_part(part), ...); }, parts_);
    }

    const Command& command_;
    decltype(detail::parts_of(std::declval<const Command&>(), Time{})) parts_;
    EventQuery query_; // an item for each view, in their order
    std::vector<bool> has_newest_;
};

namespace detail {

template <class Context>
inline constexpr ContextType context_type{.name     = full_name<Context>(),
                                          .stream   = Context::stream,
                                          .category = category_of_list<Context>(),
                                          .list     = fact_list<Context>};

template <class Context, class Command>
result<EventQuery> decide_within(const void* command, const EventStore& store, Position head, Time now,
                                 Decided& decided)
{
    DecisionModel<Context, Command> model{*static_cast<const Command*>(command), now};
    BOOST_OUTCOME_TRY(model.read(store, head));
    model.decide_into(decided);
    return model.query();
}

template <class Context, class Command>
consteval CommandType describe_command_within()
{
    auto type          = describe_command<Command>();
    type.context       = &context_type<Context>;
    type.decide_within = &decide_within<Context, Command>;
    return type;
}
template <class Context, class Command>
struct CommandWithin {
    static_assert(decision_context<Context>);
    static constexpr CommandType type = describe_command_within<Context, Command>();
};

} // namespace detail

} // namespace eventloom
