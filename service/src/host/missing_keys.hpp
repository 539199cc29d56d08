// Personal data in the log that cannot be decrypted and were not erased: their key is missing.
//
//     BOOST_OUTCOME_TRY(const auto missing, find_missing_keys(log, keys, progress));
//     missing.subjects;      // 0: every key that is needed is there, or was destroyed on purpose
//
// Threads: one.
#pragma once

#include <eventloom/framework/event_store.hpp>
#include <eventloom/privacy/detail/personal_keys.hpp>

#include <functional>
#include <string>

namespace eventloom {

struct MissingKeys {
    std::uint64_t subjects = 0;
    std::string first; // subject, in the order of the log
};

// Reads the whole log with sealed data; needs some 50 bytes of memory for each subject in it. `progress` gets the position
// that was reached; an error of it ends the work.
result<MissingKeys> find_missing_keys(const EventStore& log, PersonalKeys& keys,
                                      const std::function<result<void>(Position)>& progress);

} // namespace eventloom
