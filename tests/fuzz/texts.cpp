// What people type, and what is shown to them.
#include "targets.hpp"

#include "money.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/id.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>

void eventloom::fuzz::texts(std::string_view bytes)
{
    if (const auto id = parse_uuid(bytes)) ensure(parse_uuid(to_string(*id)) == id, "an id changes when it is shown");
    if (const auto money = shop::parse_money(bytes)) {
        auto text = to_string(*money);
        std::erase(text, ',');
        ensure(money->pence >= 0 && shop::parse_money(text) == money, "an amount changes when it is shown");
    }

    const auto shown = printable(bytes);
    ensure(shown.empty() || is_clean_name(shown), "what is shown could steer a terminal");
    const auto repaired = repaired_utf8(bytes);
    ensure(is_utf8(repaired), "text that was mended is broken");
    ensure(not is_utf8(bytes) || repaired == bytes, "text that was whole is mended");
    ensure(not is_clean_name(bytes) || is_utf8(bytes), "a name is no UTF-8");

    // Keys of text keep the order of the texts, and one never begins another.
    const auto half = bytes.substr(0, bytes.size() / 2);
    const auto rest = bytes.substr(half.size());
    std::string first;
    std::string second;
    append_ordered_text(first, half);
    append_ordered_text(second, rest);
    ensure((first < second) == (half < rest), "keys have another order than the texts in them");
    ensure(half == rest || not second.starts_with(first), "one key begins another");
}
