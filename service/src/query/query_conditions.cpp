#include "query/query_conditions.hpp"

#include <eventloom/framework/number_text.hpp>
#include <eventloom/framework/time.hpp>
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
    {"==", Operator::equal},    {"!=", Operator::unequal},     {"<=", Operator::at_most},
    {">=", Operator::at_least}, {"^=", Operator::begins_with}, {"*=", Operator::contains},
    {"=", Operator::equal},     {"<", Operator::less},         {">", Operator::greater}};

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

// The typed text as a value of the column; nothing when it is not one.
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
    if (column.kind == ColumnKind::number) { // with the digits that a double has of it, as the cells are
        const auto number = number_of(text);
        return number ? std::optional<Comparable>{static_cast<long double>(*number)} : std::nullopt;
    }
    const auto number = parse_number(text);
    return number ? std::optional<Comparable>{*number} : std::nullopt;
}

bool compares(Operator how, const Comparable& left, const Comparable& right)
{
    const auto order = order_of(left, right);
    switch (how) {
    case Operator::equal:
        return order == 0;
    case Operator::unequal:
        return order != 0;
    case Operator::less:
        return order < 0;
    case Operator::at_most:
        return order <= 0;
    case Operator::greater:
        return order > 0;
    case Operator::at_least:
        return order >= 0;
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

Error wrong_value(const std::string& of, const std::string& value, std::string_view kind)
{
    return {Failure::invalid, "wrong-value",
            "compared " + of + " with \"" + printable(value) + "\" and found that this is not a " + std::string{kind}};
}

} // namespace

std::weak_ordering order_of(const Comparable& left, const Comparable& right)
{
    if (left.index() != right.index()) return left.index() <=> right.index();
    const auto* const one = std::get_if<long double>(&left);
    if (one == nullptr)
        return left < right   ? std::weak_ordering::less
               : right < left ? std::weak_ordering::greater
                              : std::weak_ordering::equivalent;
    const auto other = std::get<long double>(right);
    if (std::isnan(*one) || std::isnan(other)) return std::isnan(*one) <=> std::isnan(other);
    return *one < other   ? std::weak_ordering::less
           : other < *one ? std::weak_ordering::greater
                          : std::weak_ordering::equivalent;
}

Json cell_of(const ColumnDescription& column, const Json& row)
{
    const Json* at = &row;
    for (const auto& name : column.path) {
        at = at->find(name);
        if (at == nullptr) return nullptr;
    }
    return *at;
}

Comparable comparable(const ColumnDescription& column, const Json& cell)
{
    if (cell.is_boolean()) return cell.boolean();
    if (cell.is_unsigned()) return static_cast<long double>(cell.unsigned_whole());
    if (cell.is_whole()) return static_cast<long double>(cell.whole());
    if (cell.is_number()) return static_cast<long double>(cell.number());
    if (not cell.is_text()) return {};
    if (column.kind == ColumnKind::number) { // what JSON has no number for
        const auto number = number_of(cell.text());
        return number ? Comparable{static_cast<long double>(*number)} : Comparable{};
    }
    if (column.kind != ColumnKind::time) return cell.text();
    const auto time = parse_time(cell.text());
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

const IndexDescription* find_index(const TableDescription& table, std::string_view name)
{
    const auto found = std::find_if(table.indexes.begin(), table.indexes.end(),
                                    [&](const IndexDescription& index) { return index.name == name; });
    return found == table.indexes.end() ? nullptr : &*found;
}

result<const ColumnDescription*> find_column_or_index(const TableDescription& table, std::string_view name)
{
    auto column             = find_column(table.columns, name);
    const auto* const index = column ? nullptr : find_index(table, name);
    if (index == nullptr || index->columns.empty()) return column;
    return find_column(table.columns, index->columns.front());
}

result<void> check_has_order(const ColumnDescription& column)
{
    if (column.kind != ColumnKind::other) return done();
    if (column.is_own) {
        return fail(Failure::invalid, "column-of-own-form",
                    "asked to compare or order by the column " + column.name +
                        " and found that its type is written by functions of its own, which do not say how two values "
                        "compare; --columns shows it, and `projections explain` finds the row of a whole key");
    }
    return fail(Failure::invalid, "column-without-order",
                "asked to compare or order by the column " + column.name +
                    " and found that it holds more than one value; --columns shows it");
}

result<Condition> Condition::parse(std::string_view text, const TableDescription& table)
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
    condition.operator_     = how->second;
    condition.text_         = std::string{value};
    const auto column       = find_column_or_index(table, name);
    const auto* const index = column ? nullptr : find_index(table, name);
    if (index != nullptr) {
        BOOST_OUTCOME_TRY(condition.take_index(*index));
    } else {
        BOOST_OUTCOME_TRY(const auto* const found, column);
        BOOST_OUTCOME_TRY(condition.take_column(*found));
    }
    return condition;
}

result<void> Condition::take_index(const IndexDescription& index)
{
    index_ = &index;
    if (operator_ != Operator::equal) {
        return fail(Failure::invalid, "wrong-operator",
                    "asked to compare the index " + index.name +
                        " and found that its values are not a column; use =, or compare a column");
    }
    ordered_ = index.ordered(text_);
    if (ordered_) return done();
    return wrong_value("the index " + index.name, text_, "value of it; write a slash between the parts of a value");
}

result<void> Condition::take_column(const ColumnDescription& column)
{
    column_ = &column;
    BOOST_OUTCOME_TRY(check_has_order(column));
    BOOST_OUTCOME_TRY(check_operator(column, operator_));
    if (column.ordered != nullptr) ordered_ = column.ordered(text_);
    if (operator_ == Operator::begins_with || operator_ == Operator::contains) return done();
    const auto parsed = parse_value(column, text_);
    if (not parsed) {
        return wrong_value("the column " + column.name, text_,
                           column.read == nullptr ? std::string{to_string(column.kind)} + " such as the column holds"
                                                  : "value in the form that the column shows");
    }
    value_ = *parsed;
    return done();
}

bool Condition::holds(const Json& row) const
{
    if (column_ == nullptr) return true;
    const auto cell = cell_of(*column_, row);
    if (operator_ == Operator::begins_with || operator_ == Operator::contains) {
        if (not cell.is_text()) return false;
        const auto& shown = cell.text();
        return operator_ == Operator::contains ? shown.find(text_) != std::string::npos : shown.starts_with(text_);
    }
    const auto value = comparable(*column_, cell);
    // What is not there is unlike everything, and neither more nor less.
    if (std::holds_alternative<std::monostate>(value)) return operator_ == Operator::unequal;
    return compares(operator_, value, value_);
}

} // namespace eventloom
