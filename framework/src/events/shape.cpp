#include <eventloom/framework/detail/shape.hpp>

#include <xxhash.h>

#include <algorithm>
#include <vector>

namespace eventloom {

namespace {

struct NamedShape {
    std::string_view name;
    std::string_view shape;

    std::string text() const { return std::string{name} + " (" + std::string{shape} + ")"; }
    friend bool operator==(const NamedShape&, const NamedShape&) = default;
};

// The members in "{price:s8,lines:*({sku:text})}".
std::vector<NamedShape> members_in(std::string_view struct_text)
{
    std::vector<NamedShape> members;
    int depth         = 0;
    std::size_t begin = 1;
    for (std::size_t i = 1; i < struct_text.size(); ++i) {
        const char c = struct_text[i];
        if (depth == 0 && (c == ',' || c == '}')) {
            const auto member = struct_text.substr(begin, i - begin);
            const auto colon  = member.find(':');
            if (colon != std::string_view::npos) members.push_back({member.substr(0, colon), member.substr(colon + 1)});
            begin = i + 1;
        }
        depth += c == '{' || c == '(' ? 1 : c == '}' || c == ')' ? -1 : 0;
    }
    return members;
}

const NamedShape* find_member(const std::vector<NamedShape>& members, std::string_view name)
{
    const auto found = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.name == name; });
    return found == members.end() ? nullptr : &*found;
}

bool is_struct(std::string_view text)
{
    return text.starts_with('{');
}

void add_part(std::string& text, const std::string& part)
{
    text += (text.empty() ? "" : "; ") + part;
}

} // namespace

std::uint64_t fingerprint_of(std::string_view text)
{
    const auto hash = XXH3_64bits(text.data(), text.size());
    return hash == 0 ? 1 : hash;
}

std::string digits_of_fingerprint(std::uint64_t fingerprint)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    if (fingerprint == 0) return text;
    for (int shift = 60; shift >= 0; shift -= 4) text.push_back(digits[fingerprint >> shift & 15]);
    return text;
}

std::string difference_of_shapes(std::string_view before, std::string_view now)
{
    if (before == now) return "nothing has changed";
    if (not is_struct(before) || not is_struct(now)) {
        return "it was " + std::string{before} + " and is " + std::string{now};
    }
    const auto old_members = members_in(before);
    const auto new_members = members_in(now);
    std::string text;
    for (const auto& member : old_members) {
        const auto* same_name = find_member(new_members, member.name);
        if (same_name == nullptr) {
            add_part(text, member.text() + " is gone");
        } else if (is_struct(member.shape) && is_struct(same_name->shape) && member.shape != same_name->shape) {
            add_part(text,
                     "in " + std::string{member.name} + ", " + difference_of_shapes(member.shape, same_name->shape));
        } else if (member.shape != same_name->shape) {
            add_part(text, std::string{member.name} + " was " + std::string{member.shape} + " and is " +
                               std::string{same_name->shape});
        }
    }
    for (const auto& member : new_members) {
        if (find_member(old_members, member.name) == nullptr) add_part(text, member.text() + " was added");
    }
    if (not text.empty()) return text;
    // The same members in another order: the first that has moved, and the one that is in its place.
    for (std::size_t i = 0; i < old_members.size() && i < new_members.size(); ++i) {
        if (old_members[i] == new_members[i]) continue;
        return old_members[i].text() + " and " + new_members[i].text() + " have changed places";
    }
    return "it was " + std::string{before} + " and is " + std::string{now};
}

} // namespace eventloom
