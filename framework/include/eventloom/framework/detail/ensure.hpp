// Checks what only a programmer can get wrong; stays on in Release.
//
//     ensure(first <= last, "a page ends before it begins");
//
// When the condition does not hold, the sentence and the caller's place go to standard error and the program ends. Never
// used on data from outside: that gets a result.
#pragma once

#include <source_location>
#include <string_view>

namespace eventloom {

[[noreturn]] void broken_promise(std::string_view sentence, std::source_location where);

inline void ensure(bool condition, std::string_view sentence,
                   std::source_location where = std::source_location::current())
{
    if (not condition) [[unlikely]]
        broken_promise(sentence, where);
}

} // namespace eventloom
