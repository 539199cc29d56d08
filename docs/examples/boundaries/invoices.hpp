// Invoices are numbered 1, 2, 3, ... without a gap.
#pragma once

#include <eventloom/framework/decision.hpp>

namespace invoices {

namespace el = eventloom;

// clang-format off

struct Issued { std::int64_t number = 0; std::string what; };

inline el::Tags tags_of(const Issued& event) { return {el::tag("invoice", std::to_string(event.number))}; }

struct Invoices {
    static constexpr auto stream = "invoices";
    using Events = el::events<el::event<"invoice-issued", Issued>>;
};
static_assert(el::decision_context<Invoices>);

// No tags: it is about every invoice. The newest event has the number, so no other is read.
struct NextNumber { static constexpr bool last_event_only = true; std::int64_t value = 1; };

inline NextNumber evolve(NextNumber next, const Issued& event) { next.value = event.number + 1; return next; }

struct Issue { std::string what; };

inline auto boundary_of(const Issue&) { return NextNumber{}; }

// clang-format on

inline el::result<Issued> decide(const Issue& command, const NextNumber& next)
{
    return Issued{next.value, command.what};
}

} // namespace invoices
