#include "compare/rows_compared.hpp"

#include <tuple>

namespace eventloom {

namespace {

constexpr std::uint64_t ask_every = 4'096; // rows

// Whether people and programs see the same, however it is written.
bool says_the_same(const std::string& before, const std::string& after)
{
    if (before == after) return true;
    const auto one = Json::parse(before);
    return one && one == Json::parse(after);
}

std::strong_ordering key_order(const RowInOrder* before, const RowInOrder* after)
{
    if (after == nullptr) return std::strong_ordering::less;
    if (before == nullptr) return std::strong_ordering::greater;
    return std::tie(before->table, before->ordered_key) <=> std::tie(after->table, after->ordered_key);
}

} // namespace

result<void> RowsCompared::compare(RowsInOrder& before, RowsInOrder& after, const Console& console)
{
    BOOST_OUTCOME_TRY(const RowInOrder* old_row, before.next());
    BOOST_OUTCOME_TRY(const RowInOrder* new_row, after.next());
    for (std::uint64_t rows = 0; old_row != nullptr || new_row != nullptr; ++rows) {
        if (rows % ask_every == 0) {
            BOOST_OUTCOME_TRY(console.go_on());
        }
        const auto order = key_order(old_row, new_row);
        add(order <= 0 ? old_row : nullptr, order >= 0 ? new_row : nullptr);
        if (order <= 0) {
            BOOST_OUTCOME_TRY(old_row, before.next());
        }
        if (order >= 0) {
            BOOST_OUTCOME_TRY(new_row, after.next());
        }
    }
    return done();
}

void RowsCompared::add(const RowInOrder* before, const RowInOrder* after)
{
    Counts& counts   = tables_[before != nullptr ? before->table : after->table];
    std::string what = "changed";
    if (before == nullptr) {
        what = "added";
        ++counts.added;
    } else if (after == nullptr) {
        what = "gone";
        ++counts.gone;
    } else if (says_the_same(before->json, after->json)) {
        ++counts.same;
        return;
    } else {
        ++counts.changed;
    }
    if (examples_.size() == examples_max_) return;
    const auto json_of = [](const RowInOrder* row) { return row != nullptr ? std::optional{row->json} : std::nullopt; };
    examples_.push_back(
        {(before != nullptr ? before : after)->table, std::move(what), json_of(before), json_of(after)});
}

std::uint64_t RowsCompared::differences() const
{
    std::uint64_t all = 0;
    for (const auto& [table, counts] : tables_) all += counts.added + counts.gone + counts.changed;
    return all;
}

} // namespace eventloom
