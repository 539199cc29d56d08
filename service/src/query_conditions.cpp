#include "query_conditions.hpp"

#include <eventloom/framework/time_text.hpp>
#include <eventloom/framework/utf8.hpp>

#include <charconv>
#include <cmath>

namespace eventloom {

namespace {

using Operator = Condition::Operator;

std::string_view trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The longer ones first: "<=" begins as "<" does.
constexpr std::pair<std::string_view, Operator> operators[]{
    {"!=", Operator::unequal},  {"<=", Operator::at_most}, {">=", Operator::at_least}, {"^=", Operator::begins_with},
    {"*=", Operator::contains}, {"=", Operator::equal},    {"<", Operator::less},      {">", Operator::greater}};

Error malformed(std::string_view text)
{
    return {
        Failure::invalid, "malformed-where",
        "read the condition \"" + printable(text) +
            "\" and found no column, operator and value in it; write it like 'total >= 12.50', with one of = != < <= > "
            ">= ^= (begins with) *= (contains)"};
}

std::optional<long double> parse_number(std::string_view text)
{
    long double number      = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || not std::isfinite(number)) return std::nullopt;
    return number;
}

// What is typed, as what the column is; nothing when it is none.
std::optional<Comparable> parse_value(const ColumnDescription& column, const std::string& text)
{
    if (column.kind == ColumnKind::text) return text;
    if (column.kind == ColumnKind::truth) {
        if (text == "true" || text == "yes") return true;
        if (text == "false" || text == "no") return false;
        return std::nullopt;
    }
    if (column.kind == ColumnKind::time) {
        const auto time = parse_time(text);
        return time ? std::optional<Comparable>{static_cast<long double>(time->time_since_epoch().count())}
                    : std::nullopt;
    }
    if (column.read != nullptr) {
        const auto number = column.read(text);
        return number ? std::optional<Comparable>{static_cast<long double>(*number)} : std::nullopt;
    }
    const auto number = parse_number(text);
    return number ? std::optional<Comparable>{*number} : std::nullopt;
}

bool compares(Operator how, const Comparable& left, const Comparable& right)
{
    switch (how) {
    case Operator::equal:
        return left == right;
    case Operator::unequal:
        return left != right;
    case Operator::less:
        return left < right;
    case Operator::at_most:
        return left <= right;
    case Operator::greater:
        return left > right;
    case Operator::at_least:
        return left >= right;
    case Operator::begins_with:
    case Operator::contains:
        break;
    }
    return false;
}

// Of a text, or of a time as it is shown.
bool is_textual(ColumnKind kind)
{
    return kind == ColumnKind::text || kind == ColumnKind::time;
}

result<void> check_operator(const ColumnDescription& column, Operator how)
{
    const bool of_text = how == Operator::begins_with || how == Operator::contains;
    const bool of_size = not of_text && how != Operator::equal && how != Operator::unequal;
    const bool fits    = of_text ? is_textual(column.kind) : not of_size || column.kind != ColumnKind::truth;
    if (fits) return done();
    return fail(Failure::invalid, "wrong-operator",
                "asked for a comparison of the column " + column.name + " that does not suit a " +
                    std::string{to_string(column.kind)} + "; " +
                    (of_text ? "^= and *= are for texts and times" : "use = or !="));
}

} // namespace

Cell cell_of(const ColumnDescription& column, const Cell& row)
{
    const Cell* at = &row;
    for (const auto& name : column.path) {
        if (not at->is_object()) return nullptr;
        const auto member = at->find(name);
        if (member == at->end()) return nullptr;
        at = &*member;
    }
    return *at;
}

Comparable comparable(const ColumnDescription& column, const Cell& cell)
{
    if (cell.is_boolean()) return cell.get<bool>();
    if (cell.is_number_unsigned()) return static_cast<long double>(cell.get<std::uint64_t>());
    if (cell.is_number_integer()) return static_cast<long double>(cell.get<std::int64_t>());
    if (cell.is_number()) return static_cast<long double>(cell.get<double>());
    if (not cell.is_string()) return {};
    if (column.kind != ColumnKind::time) return cell.get<std::string>();
    const auto time = parse_time(cell.get_ref<const std::string&>());
    return time ? Comparable{static_cast<long double>(time->time_since_epoch().count())} : Comparable{};
}

result<const ColumnDescription*> find_column(const std::vector<ColumnDescription>& columns, std::string_view name)
{
    std::string names;
    for (const auto& column : columns) {
        if (column.name == name) return &column;
        names += (names.empty() ? "" : ", ") + column.name;
    }
    return fail(Failure::invalid, "no-such-column",
                "asked for the column \"" + printable(name) + "\" and found only: " + names);
}

result<void> check_has_order(const ColumnDescription& column)
{
    if (column.kind != ColumnKind::other) return done();
    return fail(Failure::invalid, "column-without-order",
                "asked to compare or order by the column " + column.name +
                    " and found that it holds more than one value; --columns shows it");
}

result<Condition> Condition::parse(std::string_view text, const std::vector<ColumnDescription>& columns)
{
    Condition condition;
    const auto at         = std::min(text.find_first_of("!<>=^*"), text.size());
    const auto name       = trimmed(text.substr(0, at));
    const auto rest       = text.substr(at);
    const auto* const how = std::find_if(std::begin(operators), std::end(operators),
                                         [&](const auto& one) { return rest.starts_with(one.first); });
    if (name.empty() || how == std::end(operators)) return malformed(text);
    auto value = trimmed(rest.substr(how->first.size()));
    // In quotes, blanks at its ends belong to it.
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    condition.operator_ = how->second;
    condition.text_     = std::string{value};
    BOOST_OUTCOME_TRY(condition.column_, find_column(columns, name));
    BOOST_OUTCOME_TRY(check_has_order(*condition.column_));
    BOOST_OUTCOME_TRY(check_operator(*condition.column_, condition.operator_));
    if (condition.operator_ == Operator::begins_with || condition.operator_ == Operator::contains) return condition;
    const auto parsed = parse_value(*condition.column_, condition.text_);
    if (not parsed) {
        return fail(Failure::invalid, "wrong-value",
                    "compared the column " + condition.column_->name + " with \"" + printable(value) +
                        "\" and found that this is no " + std::string{to_string(condition.column_->kind)} +
                        " such as the column holds");
    }
    condition.value_ = *parsed;
    return condition;
}

bool Condition::holds(const Cell& row) const
{
    const auto cell = cell_of(*column_, row);
    if (operator_ == Operator::begins_with || operator_ == Operator::contains) {
        if (not cell.is_string()) return false;
        const auto& shown = cell.get_ref<const std::string&>();
        return operator_ == Operator::contains ? shown.find(text_) != std::string::npos : shown.starts_with(text_);
    }
    const auto value = comparable(*column_, cell);
    // What is not there is unlike everything, and neither more nor less.
    if (std::holds_alternative<std::monostate>(value)) return operator_ == Operator::unequal;
    return compares(operator_, value, value_);
}

std::optional<std::string> Condition::equal_to(const ColumnDescription& column) const
{
    if (column_ != &column || operator_ != Operator::equal) return std::nullopt;
    if (column.read == nullptr) return text_;
    return std::to_string(static_cast<std::int64_t>(std::get<long double>(value_)));
}

} // namespace eventloom
