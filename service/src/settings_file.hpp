// The file of --config: the simple part of TOML.
//
//     threads = 4
//     data = "/var/lib/shop"
//
//     [orders.list]               # the options of `shop orders list`
//     limit = 30
//
//     BOOST_OUTCOME_TRY(const auto values, read_settings_file("shop.toml"));     // threads, data, orders.list.limit
//
// Texts in quotes, single words, and lists of these in brackets, which may go on over lines. No inline tables, and no texts
// over several lines. Threads: pure functions.
#pragma once

#include <eventloom/framework/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

struct SettingInFile {
    std::string key; // with its section
    std::vector<std::string> values;
    std::size_t line = 0; // from 1
};

// Each key once, in the order of the file.
// Failure::invalid  "wrong-usage": what is wrong in which line.
result<std::vector<SettingInFile>> parse_settings(std::string_view text, const std::string& path);
// The same of a file; also when it cannot be read.
result<std::vector<SettingInFile>> read_settings_file(const std::string& path);

// "read the settings in shop.toml and found in line 3 " + what was found.
Error wrong_setting(const std::string& path, std::size_t line, const std::string& found);

} // namespace eventloom
