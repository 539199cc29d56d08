// Reads everything that the store keeps and compares it. docs/decisions/0007 says why this proves that log and index agree.
#pragma once

#include "read/log_reader.hpp"

#include <eventloom/framework/detail/engine.hpp>

namespace eventloom {

result<VerifyReport> verify_log(const Runtime& runtime, const Database& database, const LogReader& log,
                                const std::function<result<void>(Position)>& progress);

void add_finding(VerifyReport& report, Finding finding);

} // namespace eventloom
