// The list of instances: of each saga, those with the wanted properties in the order of their keys.
//
// Each combination of step and error has an index for every status, which holds the keys in their order; the statuses are merged.
// Those that began before a time are few or many: few are found by that time, many are met soon in the order of the keys.
#include "table/instance_keys.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>
#include <set>

namespace eventloom {

namespace {

// Looked at by the time when they began, before it is said that they are many.
constexpr std::size_t few = 10'000;

std::vector<SagaStatus> statuses_of(const SagaFilter& filter)
{
    if (filter.status) return {*filter.status};
    return {SagaStatus::running, SagaStatus::compensating, SagaStatus::completed, SagaStatus::compensated,
            SagaStatus::stuck};
}

bool matches(const SagaFilter& filter, const InstanceKey& key, const InstanceRow& row)
{
    const auto& instance = row.instance;
    const auto& error    = instance.status == SagaStatus::stuck ? instance.stuck.code : instance.failed.code;
    const bool is_at_step =
        filter.step.empty() || std::find(row.steps.begin(), row.steps.end(), filter.step) != row.steps.end();
    return is_at_step && (not filter.saga || *filter.saga == key.saga) &&
           (not filter.status || *filter.status == instance.status) &&
           (filter.error_code.empty() || filter.error_code == error) &&
           (not filter.began_before || instance.began.at < *filter.began_before) &&
           key.key.starts_with(filter.key_prefix);
}

// The keys of an index that begin with something.
class Range {
public:
    Range(const Database& database, const std::string& index, const std::string& saga, const std::string& key_prefix)
        : cursor_{database.cursor()}, prefix_{index}
    {
        append_ordered_text(prefix_, saga);
        skipped_ = prefix_.size();
        prefix_ += key_prefix; // names have no control characters
        cursor_.seek(prefix_);
    }

    bool has_one() const { return cursor_.valid() && cursor_.key().starts_with(prefix_); }
    std::string_view key() const { return cursor_.key().substr(skipped_); } // with its end mark
    std::string_view value() const { return cursor_.value(); }
    void next() { cursor_.next(); }
    result<void> status() const { return cursor_.status(); }

private:
    DatabaseCursor cursor_;
    std::string prefix_;
    std::size_t skipped_ = 0;
};

std::string text_of(std::string_view key)
{
    return std::string{key.substr(0, key.size() - 2)};
}

// Those of one saga that began before a time, by their keys; nothing: they are many, or not listed by their age.
result<std::optional<std::vector<std::string>>> few_that_began_before(const Database& database, const std::string& saga,
                                                                      const SagaFilter& filter)
{
    std::vector<std::string> found;
    std::size_t seen = 0;
    for (const SagaStatus status : statuses_of(filter)) {
        if (not keys::is_listed_by_age(status)) return std::optional<std::vector<std::string>>{};
        const auto prefix = keys::by_began(status, saga);
        const auto end    = prefix + keys::ordered(*filter.began_before);
        auto cursor       = database.cursor();
        for (cursor.seek(prefix); cursor.valid() && cursor.key() < end; cursor.next()) {
            if (++seen > few) return std::optional<std::vector<std::string>>{};
            auto key = text_of(cursor.key().substr(prefix.size() + 8));
            if (key.starts_with(filter.key_prefix)) found.push_back(std::move(key));
        }
        BOOST_OUTCOME_TRY(cursor.status());
    }
    std::sort(found.begin(), found.end());
    return std::optional{std::move(found)};
}

} // namespace

// False: `visit` wants no more.
result<bool> InstanceTable::visit_key(const InstanceKey& key, const SagaFilter& filter, const Visit& visit) const
{
    BOOST_OUTCOME_TRY(const auto row, read(key, false));
    if (not row || not matches(filter, key, *row)) return true;
    return visit(key, *row);
}

result<bool> InstanceTable::visit_saga(const std::string& saga, const SagaFilter& filter, const Visit& visit) const
{
    if (filter.began_before) {
        BOOST_OUTCOME_TRY(const auto found, few_that_began_before(*database_, saga, filter));
        if (found) {
            for (const auto& key : *found) {
                BOOST_OUTCOME_TRY(const bool goes_on, visit_key({saga, key}, filter, visit));
                if (not goes_on) return false;
            }
            return true;
        }
    }
    std::vector<Range> ranges;
    for (const SagaStatus status : statuses_of(filter)) {
        ranges.emplace_back(*database_, keys::index_of(filter.step, filter.error_code, status), saga,
                            filter.key_prefix);
    }
    for (;;) {
        Range* first = nullptr;
        for (Range& range : ranges) {
            if (range.has_one() && (first == nullptr || range.key() < first->key())) first = &range;
        }
        if (first == nullptr) break;
        const bool may_match =
            not filter.began_before || keys::read_ordered_time(first->value()) < *filter.began_before;
        if (may_match) {
            BOOST_OUTCOME_TRY(const bool goes_on, visit_key({saga, text_of(first->key())}, filter, visit));
            if (not goes_on) return false;
        }
        first->next();
    }
    for (const Range& range : ranges) {
        BOOST_OUTCOME_TRY(range.status());
    }
    return true;
}

result<void> InstanceTable::visit(const SagaFilter& filter, const Visit& visit) const
{
    if (is_of_earlier_program_) return done();
    BOOST_OUTCOME_TRY(flush());
    std::set<std::string> sagas;
    if (filter.saga) {
        sagas.insert(*filter.saga);
    } else {
        for (const auto& [counted, number] : count()) sagas.insert(counted.saga);
    }
    for (const auto& saga : sagas) {
        BOOST_OUTCOME_TRY(const bool goes_on, visit_saga(saga, filter, visit));
        if (not goes_on) break;
    }
    return done();
}

} // namespace eventloom
