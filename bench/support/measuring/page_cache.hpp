// Makes the next read of files come from the disk.
#pragma once

#include <string>

namespace bench {

// Of all files under `directory`, which nobody has open.
void drop_page_cache(const std::string& directory);

} // namespace bench
