// Checks whether bytes are UTF-8, and makes a text to show of bytes that are not.
//
//     if (not is_clean_name(stream)) return fail(...);
//     std::cout << repaired_utf8(bytes);
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace eventloom {

// The length in bytes of the character that begins at `at`, 0 when there is none: a broken, overlong or surrogate sequence.
std::size_t utf8_length_at(std::string_view text, std::size_t at);

bool is_utf8(std::string_view text);

// UTF-8 without control characters (C0, DEL, C1): what names of streams, types and tags are made of.
bool is_clean_name(std::string_view text);

// The text with each byte that is no UTF-8 replaced by U+FFFD.
std::string repaired_utf8(std::string_view text);

// The same, with control characters and bidirectional overrides replaced too: text from outside cannot steer a terminal.
std::string printable(std::string_view text);

// Its first 80 bytes, printable, in double quotes: how a message shows a text from outside.
std::string in_quotes(std::string_view text);

} // namespace eventloom
