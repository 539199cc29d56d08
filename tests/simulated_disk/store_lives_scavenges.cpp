// Scavenges in the lives of a store: in between and beside appends, ended by whoever asked for them, by faults and by crashes.
#include "simulated_disk/store_lives.hpp"

#include <algorithm>
#include <limits>

namespace eventloom::testing {

// What is gone decides how appends are answered: what is sent again is compared with what is there, and conditions look at it.
void StoreLives::see_what_is_gone()
{
    const auto found = model_.take_gone_from(*store_);
    if (found.empty()) return;
    is_blind_ = true;
    if (not is_troubled()) wrong(found);
}

// Whoever asked for the scavenge may not want it any more, and others append meanwhile.
result<void> StoreLives::between_steps(std::uint64_t& steps_left)
{
    if (steps_left-- == 0) return fail(Failure::unavailable, "not-wanted", "Nobody wants it any more.");
    if (drawn_.one_in(6) && not closed_ && not is_blind_ && not is_wrong()) {
        ++sometimes_["an append beside a scavenge"];
        append_some(*store_);
    }
    return done();
}

// Says whether it has gone through the whole log, from its beginning.
bool StoreLives::scavenge()
{
    if (not model_.take_times_from(*store_)) return false;
    model_.it_is(machine_.executor().now());
    if (drawn_.one_in(4)) dry_run();
    const auto hidden = model_.hidden();
    const auto before = model_.gone();
    auto steps_left   = drawn_.one_in(3) ? drawn_.below(30) : std::numeric_limits<std::uint64_t>::max();
    model_.scavenge_begins();
    is_scavenging_    = true;
    const auto report = store_->scavenge({}, [&](Position) { return between_steps(steps_left); });
    is_scavenging_    = false;
    if (not is_blind_) see_what_is_gone();
    const bool is_wanted = report || report.error().code != "not-wanted";
    if (not report && is_wanted && not is_troubled()) wrong("scavenge: " + report.error().sentence);
    if (is_blind_ || is_wrong()) return false;
    if (not is_troubled()) model_.nothing_is_going();
    if (not report) {
        ++sometimes_[is_wanted ? "a scavenge cut off by a crash or a fault"
                               : "a scavenge that was not wanted any more"];
        if (is_partly_gone(hidden)) ++sometimes_["a scavenge cut off half way"];
        return false;
    }
    take_report(report.value(), hidden, before);
    return not report.value().resumed;
}

bool StoreLives::is_partly_gone(const std::set<Position>& hidden) const
{
    const auto is_gone = [&](Position position) { return model_.gone().contains(position); };
    return std::any_of(hidden.begin(), hidden.end(), is_gone) && not std::all_of(hidden.begin(), hidden.end(), is_gone);
}

// `hidden` and `before`: the events that were hidden, and those that were gone, when it began. One that went on where another
// was has not looked at what lies before.
void StoreLives::take_report(const ScavengeReport& report, const std::set<Position>& hidden, std::set<Position> before)
{
    if (report.events > 0) ++sometimes_["a scavenge that took something out"];
    if (report.resumed) {
        ++sometimes_["a scavenge that went on where another was"];
        return;
    }
    if (report.events != hidden.size()) wrong("a scavenge says that it took out another number of events");
    before.insert(hidden.begin(), hidden.end());
    if (model_.gone() != before) wrong("a scavenge has left an event that is hidden");
    if (is_troubled()) return;
    const auto info = store_->info();
    if (not info) return wrong("no information: " + info.error().sentence);
    if (info.value().gone != before.size()) wrong("another number of events is gone than the store says");
    if (info.value().scavenge_is_unfinished) wrong("a scavenge that has ended is said to be unfinished");
}

// Until nothing is hidden that is not gone.
void StoreLives::scavenge_all()
{
    while (not is_wrong() && not scavenge()) continue;
}

void StoreLives::dry_run()
{
    const auto report = store_->scavenge({.dry_run = true});
    if (is_troubled()) return;
    if (not report) return wrong("dry run: " + report.error().sentence);
    if (report.value().events != model_.hidden().size()) wrong("a dry run says that another number of events would go");
    ++sometimes_["a dry run of a scavenge"];
}

} // namespace eventloom::testing
