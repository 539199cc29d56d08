// What the fuzzers throw bytes at. Each target is one function that takes any bytes, and stops the program when a promise about
// them is broken. `./dev fuzz` runs each under clang's fuzzer; the tests replay tests/fuzz/corpus/TARGET through the same function.
//
//     eventloom::fuzz::records(bytes);
//
// Threads: one.
#pragma once

#include <array>
#include <string_view>

namespace eventloom::fuzz {

void values(std::string_view bytes);  // the codec
void records(std::string_view bytes); // records of the log, commands and lists of positions
void logs(std::string_view bytes);    // LevelDB's log files, before LevelDB reads them
void rows(std::string_view bytes);    // files of the importer
void texts(std::string_view bytes);   // what is typed: ids, amounts of money, names
void kept(std::string_view bytes);    // lines of exports, lists of backups, notes and parts of personal data

struct Target {
    std::string_view name;
    void (*run)(std::string_view bytes);
};

inline constexpr std::array targets{Target{"values", values}, Target{"records", records}, Target{"logs", logs},
                                    Target{"rows", rows},     Target{"texts", texts},     Target{"kept", kept}};

} // namespace eventloom::fuzz
