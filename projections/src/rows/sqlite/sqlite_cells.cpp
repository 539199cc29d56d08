#include "rows/sqlite/sqlite_cells.hpp"

#include <eventloom/framework/utf8.hpp>

namespace eventloom {

void CellsToStatement::bind_texts()
{
    for (const auto& [parameter, begin, size] : seen_) {
        const auto text = std::string_view{texts_}.substr(begin, size);
        // What SQLite's tools would cut or misread as text is shown as the bytes it is.
        const bool is_text = text.find('\0') == std::string_view::npos && is_utf8(text);
        is_text ? statement_.bind_text_by_reference(parameter, text)
                : statement_.bind_blob_by_reference(parameter, text);
    }
}

} // namespace eventloom
