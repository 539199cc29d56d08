#include <eventloom/projections/detail/key_text.hpp>

#include "define/leaf.hpp"

#include <eventloom/framework/utf8.hpp>

namespace eventloom::detail {

std::vector<std::string> split_key(std::string_view text)
{
    std::vector<std::string> parts(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) {
            parts.back().push_back(text[++at]);
        } else if (text[at] == '/') {
            parts.emplace_back();
        } else {
            parts.back().push_back(text[at]);
        }
    }
    return parts;
}

std::string escaped_part(std::string_view part)
{
    std::string escaped;
    for (const char byte : part) {
        if (byte == '/' || byte == '\\') escaped.push_back('\\');
        escaped.push_back(byte);
    }
    return escaped;
}

std::optional<bool> parse_bool(std::string_view text)
{
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

result<void> parse_key(const Description& type, std::string_view text, void* key)
{
    std::vector<std::pair<const Description*, void*>> leaves;
    each_leaf(type, key, [&](const Description& leaf, void* at) { leaves.emplace_back(&leaf, at); });
    // A key of one part is the whole text, with any characters.
    const auto texts = leaves.size() == 1 ? std::vector{std::string{text}} : split_key(text);
    bool fits        = texts.size() == leaves.size();
    std::string kinds;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        const auto [leaf, at] = leaves[i];
        fits                  = fits && parse_leaf(*leaf, texts[i], at);
        kinds.append(i == 0 ? "" : "/").append(word_for(*leaf));
    }
    if (fits) return done();
    return fail(Failure::invalid, "not-a-key",
                "read \"" + printable(text) +
                    "\" as the key of a row and found that it is not one; a key of this table is: " + kinds);
}

std::string key_text(const Description& type, const void* key)
{
    std::vector<std::string> parts;
    const std::string* last_text = nullptr;
    each_leaf(type, key, [&](const Description& leaf, const void* at) {
        if (leaf.kind == Kind::text) last_text = static_cast<const std::string*>(at);
        parts.push_back(leaf_text(leaf, at));
    });
    if (parts.size() == 1 && last_text != nullptr) return *last_text;
    std::string text;
    for (const auto& part : parts) text += (&part == &parts.front() ? "" : "/") + part;
    return text;
}

} // namespace eventloom::detail
