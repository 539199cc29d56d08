// Saves what can be read of a database that does not open any more.
//
//     BOOST_OUTCOME_TRY(const auto notes, salvage_database(runtime, "var/shop/log", "var/saved/copy"));
//     BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory = "var/saved/copy"}));
//
// LevelDB's own repair works on files, not on content: it leaves out what it cannot read, and may bring back what was
// removed. So this is only for content that can tell by itself whether it is whole. Threads: one.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <string>
#include <vector>

namespace eventloom {

// Copies the files of the database in `from` into `into`, and makes a database there of whatever can be read in the copy.
// Nothing is changed in `from`. Gives a sentence for each file that could not be read to its end.
// Failure::unavailable  "held-by-another-process"
// Failure::corrupt      nothing of it can be made a database
result<std::vector<std::string>> salvage_database(const Runtime& runtime, const std::string& from,
                                                  const std::string& into);

// Removes what salvage_database() has made.
result<void> remove_salvaged(const Runtime& runtime, const std::string& into);

} // namespace eventloom
