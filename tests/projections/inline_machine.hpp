// What the tests of inline projections share.
#pragma once

#include "projections/people.hpp"

#include <eventloom/eventstore/repair.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/detail/inline_rows.hpp>

#include <rapidcheck.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace inline_test {

using namespace people;
using el::Position;
using el::RowPlace;
using el::testing::LogEngine;

constexpr Way in_memory{RowPlace::log, LogEngine::memory};
constexpr Way on_leveldb{RowPlace::log, LogEngine::leveldb};

inline Joined joined(std::optional<std::string> email, std::string city = "York")
{
    return {std::move(email), std::move(city), {1}, day(1)};
}

inline std::size_t differences(const Machine& machine, const char* name)
{
    const auto verified = machine.projections->verify(name);
    REQUIRE(verified);
    CHECK(verified.value().position == machine.store->head());
    return verified.value().differences_total;
}

// Keys of all that lies beside the log.
inline std::vector<std::string> keys_in_log(const el::EventStore& store)
{
    std::vector<std::string> keys;
    const auto view   = store.inline_rows()->view();
    const auto cursor = view->scan({"", "\xff"});
    for (; cursor->valid(); cursor->next()) keys.emplace_back(cursor->key());
    REQUIRE(cursor->status());
    return keys;
}

} // namespace inline_test
