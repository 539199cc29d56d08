#include "compare/rows_in_order.hpp"

#include "json/limited_json.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

namespace eventloom {

namespace {

constexpr std::size_t row_depth_max  = 100;
constexpr std::size_t said_at_once   = 64u << 10;
constexpr std::size_t line_shown_max = 100; // characters of what is no row
constexpr std::string_view digits    = "0123456789abcdef";
constexpr std::uint32_t fold_format  = 1;

void append_hex(std::string& text, std::string_view bytes)
{
    for (const char byte : bytes) {
        text.push_back(digits[static_cast<unsigned char>(byte) >> 4]);
        text.push_back(digits[static_cast<unsigned char>(byte) & 15]);
    }
}

std::optional<std::string> bytes_of_hex(std::string_view text)
{
    std::string bytes;
    if (text.size() % 2 != 0) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = digits.find(text[i]);
        const auto low  = digits.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        bytes.push_back(static_cast<char>(high << 4 | low));
    }
    return bytes;
}

std::string shown(std::string_view line)
{
    return "\"" + printable(line.substr(0, line_shown_max)) + (line.size() > line_shown_max ? "..." : "") + "\"";
}

template <class T>
std::optional<T> member(const Json& object, const char* name)
{
    const Json& found = object[name];
    if constexpr (std::is_same_v<T, std::string>) {
        return found.is_text() ? std::optional{found.text()} : std::nullopt;
    } else {
        return found.is_unsigned() ? std::optional{static_cast<T>(found.unsigned_whole())} : std::nullopt;
    }
}

} // namespace

KeptRows::KeptRows(const RowsAsJson& rows) : rows_{rows}
{
    for (const auto& table : rows.definition().tables()) tables_.insert(table.name);
}

result<const RowInOrder*> KeptRows::next()
{
    if (std::exchange(on_a_row_, false)) at_->next();
    while (not at_ || not at_->valid()) {
        if (at_) {
            BOOST_OUTCOME_TRY(at_->status());
        }
        if (tables_.empty()) return nullptr;
        row_.table = std::move(tables_.extract(tables_.begin()).value());
        BOOST_OUTCOME_TRY(auto cursor, rows_.walk(row_.table));
        at_.emplace(std::move(cursor));
    }
    row_.ordered_key = at_->ordered_key();
    row_.json        = repaired_utf8(at_->json());
    on_a_row_        = true;
    return &row_;
}

void say_fold_head(Console& console, const UntypedProjection& definition)
{
    const Json head{{"fold", fold_format},
                    {"projection", definition.name()},
                    {"version", definition.version()},
                    {"types", definition.types()}};
    console.out(head.dump() + "\n");
}

result<void> say_rows(Console& console, const RowsAsJson& rows)
{
    std::string text;
    std::uint64_t number = 0;
    KeptRows all{rows};
    for (;;) {
        BOOST_OUTCOME_TRY(const RowInOrder* row, all.next());
        if (row == nullptr) break;
        text += R"({"table":)" + Json(row->table).dump() + R"(,"ordered_key":")";
        append_hex(text, row->ordered_key);
        text += R"(","row":)";
        // Blanks around a line end are allowed.
        std::replace_copy(row->json.begin(), row->json.end(), std::back_inserter(text), '\n', ' ');
        text += "}\n";
        ++number;
        if (text.size() < said_at_once) continue;
        BOOST_OUTCOME_TRY(console.go_on());
        console.out(text);
        text.clear();
    }
    console.out(text + Json{{"end", true}, {"rows", number}}.dump() + "\n");
    return done();
}

result<FoldHead> ToldRows::head(std::string_view line)
{
    const auto json    = parse_limited_json(line, row_depth_max);
    const auto version = json ? member<std::uint32_t>(json.value(), "version") : std::nullopt;
    const bool is_head = version && member<std::uint32_t>(json.value(), "fold") == fold_format &&
                         json.value().contains("types") && json.value()["types"].is_array();
    if (not is_head) {
        return fail(Failure::corrupt, "not-a-service",
                    "that its first line is " + shown(line) + ", and not the description of a projection");
    }
    FoldHead head{*version, {}};
    for (const Json& type : json.value()["types"].elements()) {
        if (type.is_text()) head.types.insert(type.text());
    }
    return head;
}

result<const RowInOrder*> ToldRows::next()
{
    BOOST_OUTCOME_TRY(const auto line, program_.line(console_));
    if (not line) {
        return fail(
            Failure::corrupt, "rows-cut-short",
            fmt::format("that its rows end after {} of them, and that it does not say that these are all", rows_));
    }
    const auto json  = parse_limited_json(*line, row_depth_max);
    const auto table = json ? member<std::string>(json.value(), "table") : std::nullopt;
    const auto hex   = json ? member<std::string>(json.value(), "ordered_key") : std::nullopt;
    const auto key   = hex ? bytes_of_hex(*hex) : std::nullopt;
    if (not table || not key || not json.value().contains("row")) return end(*line);
    if (rows_ > 0 && std::tie(row_.table, row_.ordered_key) >= std::tie(*table, *key)) {
        return fail(Failure::corrupt, "not-rows", "its rows in no order, at " + shown(*line));
    }
    ++rows_;
    row_ = {*table, *key, json.value()["row"].dump()};
    return &row_;
}

result<const RowInOrder*> ToldRows::end(const std::string& line)
{
    const auto json = parse_limited_json(line, row_depth_max);
    const auto rows = json ? member<std::uint64_t>(json.value(), "rows") : std::nullopt;
    if (not rows || not json.value().contains("end")) {
        return fail(Failure::corrupt, "not-rows", shown(line) + " where it should say a row");
    }
    if (*rows != rows_) {
        return fail(Failure::corrupt, "rows-cut-short",
                    fmt::format("{} of the {} rows that it says there are", rows_, *rows));
    }
    return nullptr;
}

} // namespace eventloom
