// The names in a directory of backups. Their form says which files are ours and may be read and removed.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

inline constexpr std::string_view backup_ending      = ".backup";
inline constexpr std::string_view half_ending        = ".new"; // of what is being written (FileWriter, replace_file)
inline constexpr std::string_view incoming_name      = "incoming"; // in files/: what it holds is not known yet
inline constexpr std::string_view backups_mark       = "BACKUPS";
inline constexpr std::string_view backups_mark_text  = "eventloom backups 1\n";
inline constexpr std::string_view backups_mark_title = "eventloom backups ";

// "2026-11-26T05-10-00Z", or that and "-2".
bool is_backup_name(std::string_view name);

// "0123456789abcdef0123456789abcdef-5", in files/.
bool is_shared_file_name(std::string_view name);

// What an interrupted run leaves in the directory, and in files/.
bool is_half_written_list(std::string_view name);
bool is_half_written_file(std::string_view name);

// By the order of their making. What has another name than we give is the oldest.
bool is_older(const std::string& name, const std::string& other);

// The name of a backup made at this moment, after all others however the clock was set. `newest` empty: there is none.
std::string name_of_new_backup(Time made, const std::string& newest);

// What is in the directory and not ours; nothing when it is one of backups, or could become one without harm: it has our
// mark, or (those of versions that wrote none) a list, or only what we leave before the first list is written.
std::optional<std::string> foreign_in(const Runtime& runtime, const std::string& path,
                                      const std::vector<std::string>& names);

// Whether a file begins like that.
bool has_title(const Runtime& runtime, const std::string& path, std::string_view title);

} // namespace eventloom
