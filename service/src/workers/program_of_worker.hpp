// The program, opened for its handlers alone: by a worker, which has no log. What its code asks the log for is refused.
//
//     BOOST_OUTCOME_TRY(const auto opened, open_for_work(runtime, open));
//     opened->program->service().queues().handler_of("mail");
//
// Threads: one.
#pragma once

#include "host/scratch_directory.hpp"

#include <eventloom/framework/runtime.hpp>
#include <eventloom/service/detail/open_service.hpp>

#include <memory>
#include <string>

namespace eventloom {

class EventStore;

namespace work {

struct OpenedForWork {
    std::unique_ptr<ScratchDirectory> directory; // outlives the program
    std::unique_ptr<OpenService> program;
};

// Failure::storage "no-scratch-directory"; and what opening the program says.
result<OpenedForWork> open_for_work(const Runtime& runtime, const OpenServiceIn& open);

// Whether a handler has failed because it asked the log of such a program, which it does wherever it runs elsewhere.
bool needs_log(const Error& error);

// Whether a data directory is such a one.
bool is_for_work(const std::string& directory);
// A store in its place that refuses to be read and to be written: Failure::invalid "worker-has-no-log".
std::shared_ptr<EventStore> store_of_worker(std::shared_ptr<EventStore> store);

} // namespace work

} // namespace eventloom
