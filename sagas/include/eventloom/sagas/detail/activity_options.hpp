// How activities are called: within which limits, and what happens when the provider that does the work is down.
//
//     sagas.perform<Charge>(charge_the_card, {.at_once = 3, .per_second = 10, .attempt_time = 30s});
//
//     el::result<Approval> ask_for_approval(const Approve& request, const el::CallKey& key)
//     {
//         mail_to(request.manager, key);
//         return el::answered_later();       // the step waits; a person answers tomorrow
//     }
//
// An activity that takes long says how far it is; `sagas show` shows it, and nothing is written:
//
//     sagas.perform<Export>([](const Export& request, const el::ActivityRun& run) -> el::result<File> {
//         for (int part = 1; part <= 12; ++part) run.progress(std::to_string(part) + " of 12 parts");
//         ...
//     });
//
// Calls that wait for a limit are made in the order in which they came, and hold no thread while they wait. A fault is an
// error that is neither refused, invalid nor defect. After `stops_after_faults` faults one after the other no call is made
// but one now and then, until the provider works again. The step that made this call is not told of its fault: it waits with
// the others, and uses up no attempts while the provider is down. Threads: values and pure functions.
// For sagas.hpp: include that.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/framework/time.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

struct ActivityOptions {
    std::size_t at_once = 0; // how many run at the same time; 0: as many as there are threads
    double per_second   = 0; // how many begin in any second; 0: no limit
    // How long one attempt may take; 0: as long as its step. After it the call fails with Failure::unavailable
    // "attempt-timed-out", which is a fault.
    std::chrono::milliseconds attempt_time{0};
    unsigned stops_after_faults = 10; // so many one after the other, and no more calls are made; 0: never
    std::chrono::milliseconds tries_again_every{10'000}; // then one call is made as often as this, until one succeeds
};

// What an activity may be handed in the place of the key alone.
struct ActivityRun {
    Uuid key;             // always the same for the same step of the same instance
    unsigned attempt = 1; // at this work; 1 is the first
    // How far it is, in the words of the activity; each text takes the place of the one before. At most 1,000 bytes of it are
    // kept, in memory, as long as this attempt runs. From any thread.
    std::function<void(std::string_view text)> progress;
};

// An activity returns this when its answer comes from elsewhere, later: a person approves, a webhook arrives.
outcome::failure_type<Error> answered_later(); // Failure::unavailable "answered-later"
bool is_answered_later(const Error& error);

// What the calls of one kind of request are doing at a moment.
struct ActivityState {
    std::string name;                // of the request
    std::size_t running = 0;         // calls that were made and have not answered in their time
    std::size_t waiting = 0;         // calls that are to be made
    unsigned faults     = 0;         // one after the other, up to now
    std::optional<Error> last_fault; // of these
    // Set while the provider fails too often for calls to be made: since when, and when one call is made again.
    std::optional<Time> stopped_since;
    std::optional<Time> tried_again_at;
};

// A call of one instance at a moment.
struct ActivityCallState {
    std::string step;
    std::string activity; // name of the request
    unsigned attempt                 = 1;
    std::optional<Time> since        = {}; // it runs since then; nothing: it waits
    std::string progress             = {}; // what the activity has said of this attempt
    std::optional<Time> progress_at  = {}; // when it has said that
    std::string waits_for            = {}; // a limit, or a provider that is down; empty: for neither
    std::optional<Time> next_attempt = {}; // when it is tried again after a failure
};

} // namespace eventloom
