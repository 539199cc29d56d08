// JSON as text: read by nlohmann's parser, and written as it writes.
#include <eventloom/service/detail/json.hpp>

#include <eventloom/framework/utf8.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace eventloom {

struct Json::Style {
    int indent = -1;
    bool ascii = false;
};

namespace {

// The library writes rare cases: it knows how many replacement characters broken bytes become.
std::string rare_text(const std::string& text, bool ascii)
{
    using Handler = nlohmann::json::error_handler_t;
    return nlohmann::json(text).dump(-1, ' ', ascii, ascii ? Handler::strict : Handler::replace);
}

bool is_ascii(const std::string& text)
{
    return std::all_of(text.begin(), text.end(), [](char byte) { return byte >= 0 && byte != '\x7f'; });
}

void write_text(std::string& into, const std::string& text, bool ascii)
{
    constexpr std::string_view digits  = "0123456789abcdef";
    constexpr std::string_view escaped = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    if (ascii ? not is_ascii(text) : not is_utf8(text)) {
        into += rare_text(text, ascii);
        return;
    }
    into += '"';
    for (const char byte : text) {
        if (const auto place = escaped.find(byte); place != std::string_view::npos) {
            into += {'\\', letters[place]};
        } else if (static_cast<unsigned char>(byte) < 0x20) {
            into += {'\\', 'u', '0', '0', digits[static_cast<unsigned char>(byte) >> 4], digits[byte & 15]};
        } else {
            into += byte;
        }
    }
    into += '"';
}

void new_line(std::string& text, int indent, std::size_t depth)
{
    if (indent >= 0) text += "\n" + std::string(static_cast<std::size_t>(indent) * depth, ' ');
}

// What nlohmann's parser has read, put together.
struct Builder final : nlohmann::json_sax<nlohmann::json> {
    Json whole;
    std::vector<Json*> open;          // arrays and objects that have not ended
    std::string name;                 // of the member that comes next
    std::optional<std::string> twice; // the first member that its object was given twice

    Json& put(Json value)
    {
        if (open.empty()) return whole = std::move(value);
        Json& around = *open.back();
        if (around.is_object()) return around[name] = std::move(value);
        return around.push_back(std::move(value));
    }
    bool add(Json value)
    {
        put(std::move(value));
        return true;
    }
    bool begin(Json value)
    {
        open.push_back(&put(std::move(value)));
        return true;
    }
    bool end()
    {
        open.pop_back();
        return true;
    }

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(std::int64_t value) override { return add(value); }
    bool number_unsigned(std::uint64_t value) override { return add(value); }
    bool number_float(double value, const std::string&) override { return add(value); }
    bool string(std::string& value) override { return add(std::move(value)); }
    bool binary(nlohmann::json::binary_t&) override { return false; }
    bool start_object(std::size_t) override { return begin(Json::object()); }
    bool key(std::string& value) override
    {
        name = std::move(value);
        if (not twice && open.back()->contains(name)) twice = name;
        return true;
    }
    bool end_object() override { return end(); }
    bool start_array(std::size_t) override { return begin(Json::array()); }
    bool end_array() override { return end(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }
};

} // namespace

std::optional<ParsedJson> parse_closely(std::string_view text)
{
    Builder builder;
    if (not nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
    return ParsedJson{std::move(builder.whole), std::move(builder.twice)};
}

std::optional<Json> Json::parse(std::string_view text)
{
    auto parsed = parse_closely(text);
    if (not parsed) return std::nullopt;
    return std::move(parsed->whole);
}

std::string Json::dump(int indent) const
{
    std::string text;
    write(text, {.indent = indent}, 0);
    return text;
}

std::string Json::dump_ascii() const
{
    std::string text;
    write(text, {.ascii = true}, 0);
    return text;
}

void Json::write(std::string& text, const Style& style, std::size_t depth) const
{
    switch (kind_) {
    case Kind::null:
        text += "null";
        return;
    case Kind::boolean:
        text += boolean_ ? "true" : "false";
        return;
    case Kind::negative:
        text += std::to_string(negative_);
        return;
    case Kind::whole:
        text += std::to_string(whole_);
        return;
    case Kind::number:
        text += nlohmann::json(number_).dump();
        return;
    case Kind::text:
        return write_text(text, text_, style.ascii);
    case Kind::array:
    case Kind::object:
        break;
    }
    const bool is_object = kind_ == Kind::object;
    if (empty()) {
        text += is_object ? "{}" : "[]";
        return;
    }
    text += is_object ? '{' : '[';
    for (std::size_t i = 0; i < size(); ++i) {
        if (i > 0) text += ',';
        new_line(text, style.indent, depth + 1);
        if (is_object) {
            write_text(text, names()[i], style.ascii);
            text += style.indent >= 0 ? ": " : ":";
        }
        elements()[i].write(text, style, depth + 1);
    }
    new_line(text, style.indent, depth);
    text += is_object ? '}' : ']';
}

} // namespace eventloom
