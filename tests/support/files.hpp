// Files as tests see them: whole, as bytes.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace eventloom::testing {

// "" when there is no such file.
std::string content_of(const std::string& path);

void write_file(const std::string& path, std::string_view content);

// All files below a directory, by their paths beneath it.
std::map<std::string, std::string> files_in(const std::string& directory);

} // namespace eventloom::testing
