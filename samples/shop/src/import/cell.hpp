// The text of one field of a file, without what spreadsheets put around it.
#pragma once

#include <string>
#include <string_view>

namespace shop {

// Without blanks around, of whatever width, and without the ="..." in which a spreadsheet keeps the zeros of a number.
std::string_view trimmed(std::string_view text);

// With every kind of blank, apostrophe and minus sign as the plain one.
std::string plain(std::string_view text);

// In quotes, at most 40 characters: for sentences.
std::string in_quotes(std::string_view text);

} // namespace shop
