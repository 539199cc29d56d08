// Seals the personal data of a request before it is appended.
//
//     RequestSealing sealing{store, keys, request};
//     BOOST_OUTCOME_TRY(sealing.seal());
//     auto appended = store.append(request);               // sealing.take_refused() is the error when it was not recorded
//
// Threads: one.
#pragma once

#include "sealing_format.hpp"

#include <eventloom/framework/event_store.hpp>
#include <eventloom/privacy/detail/personal_keys.hpp>

#include <optional>
#include <string>
#include <vector>

namespace eventloom {

bool has_open_parts(const AppendRequest& request);

class RequestSealing {
public:
    RequestSealing(const EventStore& store, PersonalKeys& keys, AppendRequest& request)
        : store_{store}, keys_{keys}, request_{request}
    {
    }

    result<void> seal();

    // With what the request is refused when the log knows nothing of it: it has data of a subject that was forgotten.
    std::optional<Error> take_refused() { return std::move(refused_); }

private:
    // An event with open parts in the request.
    struct OpenEvent {
        const std::string* stream;
        NewEvent* event;
        PersonalNote note;
    };
    // Those of them whose parts are all erased get the form that says so.
    result<void> find_open_events();
    result<void> seal(OpenEvent& open, const SubjectKey* key);
    static result<void> erase(OpenEvent& open);
    static void write(OpenEvent& open, PersonalForm form);
    // An event that stands in the log with a key that was destroyed cannot be compared to the last byte: it counts as the
    // same when everything that is not sealed is, and what is sealed is as long as it would be.
    result<bool> take_what_stands(OpenEvent& open, std::uint32_t version_now);

    const EventStore& store_;
    PersonalKeys& keys_;
    AppendRequest& request_;
    std::vector<OpenEvent> open_events_;
    std::optional<Error> refused_;
};

} // namespace eventloom
