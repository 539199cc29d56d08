#include <eventloom/projections/detail/columns.hpp>

#include "define/leaf.hpp"

#include <eventloom/projections/detail/key_text.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>

namespace eventloom::detail {

namespace {

const NumberForm* form_of(NumberForms forms, const Description& type)
{
    const auto found = std::find_if(forms.begin(), forms.end(), [&](const auto& form) { return form.type == &type; });
    return found == forms.end() ? nullptr : &*found;
}

ColumnKind column_kind(const Description& type)
{
    switch (type.kind) {
    case Kind::maybe:
        return column_kind(*type.parts[0]);
    case Kind::time:
        return ColumnKind::time;
    case Kind::flag:
        return ColumnKind::truth;
    case Kind::real:
        return ColumnKind::number;
    case Kind::whole:
    case Kind::counting:
        return ColumnKind::whole_number;
    case Kind::text:
        return ColumnKind::text;
    default:
        return is_value_type(type) ? column_kind(*type.parts[0]) : ColumnKind::other;
    }
}

// The number of a value type, or the type itself.
const Description& number_in(const Description& type)
{
    return is_value_type(type) ? number_in(*type.parts[0]) : type;
}

bool append_number(std::string& key, const Description& type, std::int64_t number)
{
    if (type.kind == Kind::counting) {
        append_big_endian(key, static_cast<std::uint64_t>(number));
    } else {
        append_ordered_signed(key, number);
    }
    return true;
}

bool append_ordered_text_of_leaf(const Description& type, const std::string& text, std::string& key)
{
    if (type.kind == Kind::text) {
        append_ordered_text(key, text);
        return text.find("\xEF\xBF\xBD") == std::string::npos; // U+FFFD stands for bytes that are not UTF-8
    }
    alignas(std::int64_t) char value[sizeof(std::int64_t)]{};
    return type.size <= sizeof value && parse_leaf(type, text, value) && append_ordered_leaf(key, type, value);
}

// Takes the texts that it needs from the front.
bool append_ordered_texts(const Description& type, NumberForms forms, std::span<const std::string>& texts,
                          std::string& key)
{
    if (type.kind == Kind::maybe) {
        key.push_back(1);
        return append_ordered_texts(*type.parts[0], forms, texts, key);
    }
    const NumberForm* const form = form_of(forms, type);
    if (form == nullptr && has_parts(type.kind)) {
        for (std::uint32_t i = 0; i < type.count; ++i) {
            const Description& part = *type.parts[type.kind == Kind::array ? 0 : i];
            if (not append_ordered_texts(part, forms, texts, key)) return false;
        }
        return true;
    }
    if (texts.empty()) return false;
    const std::string& text = texts.front();
    texts                   = texts.subspan(1);
    if (form == nullptr) return append_ordered_text_of_leaf(type, text, key);
    const auto number = form->read(text);
    return number && append_number(key, number_in(type), *number);
}

class Columns {
public:
    explicit Columns(NumberForms forms) : forms_{forms} {}

    std::vector<ColumnDescription> take() { return std::move(columns_); }

    void add(const Description& type, const std::string& name, const std::vector<std::string>& path, bool of_key)
    {
        const ColumnKind kind = column_kind(type);
        if (type.kind == Kind::record && kind == ColumnKind::other) return add_members(type, name + ".", path, of_key);
        ColumnDescription column{.name = name, .path = path, .kind = kind, .of_key = of_key};
        const Description* value = &type;
        while (value->kind == Kind::maybe) value = value->parts[0];
        column.is_own = value->kind == Kind::own;
        if (const NumberForm* const form = form_of(forms_, *value)) {
            column.write = form->write;
            column.read  = form->read;
        }
        if (kind != ColumnKind::other) {
            column.ordered = [&type, forms = forms_](std::string_view text) {
                return ordered_of_text(type, forms, text);
            };
        }
        columns_.push_back(std::move(column));
    }

    void add_members(const Description& type, const std::string& prefix, const std::vector<std::string>& path,
                     bool of_key)
    {
        const auto names = member_names(type);
        for (std::uint32_t i = 0; i < type.count; ++i) {
            auto deeper = path;
            deeper.push_back(names[i]);
            add(*type.parts[i], prefix + names[i], deeper, of_key);
        }
    }

    void add_key(const Description& type)
    {
        if (type.kind == Kind::record && column_kind(type) == ColumnKind::other) {
            add_members(type, "", {"key"}, true);
        } else {
            add(type, is_value_type(type) ? member_names(type).front() : "key", {"key"}, true);
        }
    }

    void add_row(const Description& type)
    {
        const auto keys = static_cast<std::ptrdiff_t>(columns_.size());
        if (type.kind == Kind::record) {
            add_members(type, "", {"row"}, false);
        } else {
            add(type, "row", {"row"}, false);
        }
        for (auto row = columns_.begin() + keys; row != columns_.end(); ++row) {
            const bool is_taken = std::any_of(columns_.begin(), columns_.begin() + keys,
                                              [&](const auto& key) { return key.name == row->name; });
            if (is_taken) row->name = "row." + row->name;
        }
    }

private:
    NumberForms forms_;
    std::vector<ColumnDescription> columns_;
};

void append_shape(std::string& shape, const Description& type)
{
    constexpr std::string_view letters = "bsuftss"; // of the kinds from flag to moment
    if (has_parts(type.kind)) {
        for (std::uint32_t i = 0; i < type.count; ++i) {
            append_shape(shape, *type.parts[type.kind == Kind::array ? 0 : i]);
        }
    } else if (type.kind == Kind::maybe) {
        shape.push_back('o');
        append_shape(shape, *type.parts[0]);
    } else if (type.kind <= Kind::moment) {
        shape.push_back(letters[static_cast<std::size_t>(type.kind)]);
    }
}

} // namespace

std::vector<ColumnDescription> columns_of(const Description& key, const Description& row, NumberForms forms)
{
    Columns columns{forms};
    columns.add_key(key);
    columns.add_row(row);
    return columns.take();
}

std::optional<std::string> ordered_of_text(const Description& type, NumberForms forms, std::string_view text)
{
    const bool has_several = has_parts(type.kind) && not is_value_type(type);
    const auto parts       = has_several ? split_key(text) : std::vector{std::string{text}};
    std::span<const std::string> left{parts};
    std::string key;
    return append_ordered_texts(type, forms, left, key) && left.empty() ? std::optional{key} : std::nullopt;
}

std::string ordered_shape(const Description& type)
{
    std::string shape;
    append_shape(shape, type);
    return shape;
}

std::vector<std::string> columns_of_members(const Description& type, const void* row,
                                            std::span<const void* const> members,
                                            const std::vector<ColumnDescription>& columns)
{
    std::vector<std::string> names;
    if (type.kind != Kind::record) return names;
    const auto all    = member_names(type);
    const auto places = places_of_parts(type, row);
    for (const void* const member : members) {
        const auto place = std::find(places.begin(), places.end(), member) - places.begin();
        for (const ColumnDescription& column : columns) {
            const bool is_of_member = static_cast<std::size_t>(place) < all.size() && not column.of_key &&
                                      column.path.size() > 1 && column.path[1] == all[static_cast<std::size_t>(place)];
            if (is_of_member) names.push_back(column.name);
        }
    }
    return names;
}

} // namespace eventloom::detail
