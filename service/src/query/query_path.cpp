#include "query/query_path.hpp"

#include <algorithm>

namespace eventloom {

namespace {

using Operator = Condition::Operator;

constexpr std::size_t keys_at_once = 100'000;
constexpr int worth_of_equal       = 2;     // a column that is equal to something; one between bounds is worth less
constexpr int worth_of_index       = 1'000; // that has to be used: no column has its values

// What follows in a key, or in an entry of an index, from the conditions on its columns.
class Narrowed {
public:
    Narrowed(std::string prefix, const std::vector<Condition>& conditions)
        : prefix_{std::move(prefix)}, conditions_{conditions}
    {
    }

    // Whether the next column can say more: this one has one value.
    bool add(const ColumnDescription& column)
    {
        for (const auto& condition : conditions_) {
            if (condition.column() != &column || not condition.ordered()) continue;
            if (condition.how() != Operator::equal) continue;
            prefix_ += *condition.ordered();
            worth_ += worth_of_equal;
            return true;
        }
        add_bounds(column);
        return false;
    }

    QueryPath path(bool in_order_of_keys) const
    {
        const auto first = first_.value_or(prefix_);
        const auto last  = last_.value_or(after_prefix(prefix_));
        return {{first, std::max(first, last)}, in_order_of_keys, worth_}; // no value may be between the bounds
    }

private:
    // Bounds that are met too: how a value compares is for the condition to say. The bytes of a text are not always those that
    // are shown, so that only its beginning is looked for.
    void add_bounds(const ColumnDescription& column)
    {
        const bool of_text = column.kind == ColumnKind::text;
        for (const auto& condition : conditions_) {
            if (condition.column() != &column || not condition.ordered()) continue;
            const auto how   = condition.how();
            const auto value = prefix_ + *condition.ordered();
            if (of_text && how == Operator::begins_with) {
                const auto beginning = value.substr(0, value.size() - 2); // without the end of the text
                narrow(beginning, after_prefix(beginning));
            } else if (of_text) {
                continue;
            } else if (how == Operator::greater || how == Operator::at_least) {
                narrow(value, std::nullopt);
            } else if (how == Operator::less || how == Operator::at_most) {
                narrow(std::nullopt, after_prefix(value));
            }
        }
    }

    void narrow(const std::optional<std::string>& first, const std::optional<std::string>& last)
    {
        if (first) first_ = std::max(first_.value_or(*first), *first);
        if (last) last_ = std::min(last_.value_or(*last), *last);
        worth_ = worth_ / worth_of_equal * worth_of_equal + 1;
    }

    std::string prefix_;
    std::optional<std::string> first_;
    std::optional<std::string> last_;
    const std::vector<Condition>& conditions_;
    int worth_ = 0;
};

QueryPath path_by_key(const TableDescription& table, const std::vector<Condition>& conditions)
{
    Narrowed keys{table.keys.row(), conditions};
    for (const auto& column : table.columns) {
        if (not column.of_key || not keys.add(column)) break;
    }
    return keys.path(true);
}

QueryPath path_by_index(const TableDescription& table, const IndexDescription& index,
                        const std::vector<Condition>& conditions)
{
    Narrowed entries{table.keys.index(index.name), conditions};
    for (const auto& name : index.columns) {
        const auto column = find_column(table.columns, name);
        if (not column || not entries.add(*column.value())) return entries.path(false);
    }
    return entries.path(true); // entries of one value are in the order of their rows' keys
}

} // namespace

KeySpan every_row(const TableDescription& table)
{
    return detail::keys_beginning_with(table.keys.row());
}

QueryPath best_path(const TableDescription& table, const std::vector<Condition>& conditions)
{
    auto best           = path_by_key(table, conditions);
    const auto consider = [&](QueryPath other) {
        if (other.worth > best.worth) best = std::move(other);
    };
    for (const auto& index : table.indexes) {
        if (not index.columns.empty()) consider(path_by_index(table, index, conditions));
    }
    for (const auto& condition : conditions) {
        if (condition.index() == nullptr) continue;
        const auto entries = table.keys.index(condition.index()->name, *condition.ordered());
        consider({detail::keys_beginning_with(entries), true, worth_of_index});
    }
    return best;
}

result<std::optional<std::vector<std::string>>> keys_in_order(const RowsAsJson& rows, const KeySpan& entries)
{
    std::vector<std::string> keys;
    const auto cursor = rows.view().scan(entries);
    for (; cursor->valid(); cursor->next()) {
        if (keys.size() == keys_at_once) return std::optional<std::vector<std::string>>{};
        keys.emplace_back(cursor->value());
    }
    BOOST_OUTCOME_TRY(cursor->status());
    std::sort(keys.begin(), keys.end());
    return std::optional{std::move(keys)};
}

} // namespace eventloom
