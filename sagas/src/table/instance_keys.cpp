#include "table/instance_keys.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>

namespace eventloom::keys {

void append(std::string& bytes, const InstanceKey& key)
{
    append_ordered_text(bytes, key.saga);
    append_ordered_text(bytes, key.key);
}

// Stream names have no control characters, so no part has an escape: the text up to the end mark is unchanged.
InstanceKey parse(std::string_view bytes)
{
    const auto end_of_saga = bytes.find('\0');
    const auto key         = bytes.substr(end_of_saga + 2);
    return {std::string{bytes.substr(0, end_of_saga)}, std::string{key.substr(0, key.size() - 2)}};
}

std::string of_instance(char space, const InstanceKey& key)
{
    std::string bytes{space};
    append(bytes, key);
    return bytes;
}

std::string by_due(Time time, const InstanceKey& key)
{
    std::string bytes{due};
    append_ordered(bytes, time);
    append(bytes, key);
    return bytes;
}

std::string index_of(const std::string& at_step, const std::string& with_error, SagaStatus of_status)
{
    const bool has_step  = not at_step.empty();
    const bool has_error = not with_error.empty();
    std::string bytes{has_step && has_error ? step_error : has_step ? step : has_error ? error : status};
    if (has_step) append_ordered_text(bytes, at_step);
    if (has_error) append_ordered_text(bytes, with_error);
    bytes.push_back(static_cast<char>(of_status));
    return bytes;
}

bool is_listed_by_age(SagaStatus of_status)
{
    return of_status != SagaStatus::completed && of_status != SagaStatus::compensated;
}

std::string by_began(SagaStatus of_status, const std::string& saga)
{
    std::string bytes{began, static_cast<char>(of_status)};
    append_ordered_text(bytes, saga);
    return bytes;
}

std::string by_began(SagaStatus of_status, const InstanceKey& key, Time time)
{
    auto bytes = by_began(of_status, key.saga);
    append_ordered(bytes, time);
    append_ordered_text(bytes, key.key);
    return bytes;
}

std::string by_call(std::string_view call)
{
    return std::string{called}.append(call);
}

std::string of_checkpoint(const std::string& saga)
{
    return std::string{checkpoint_}.append(saga);
}

std::string big_endian(std::uint64_t number)
{
    std::string bytes;
    append_big_endian(bytes, number);
    return bytes;
}

std::string ordered(Time time)
{
    std::string bytes;
    append_ordered(bytes, time);
    return bytes;
}

Time read_ordered_time(std::string_view eight_bytes)
{
    constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    return Time{Duration{static_cast<std::int64_t>(read_big_endian(eight_bytes.substr(0, 8)) ^ sign)}};
}

namespace {

std::vector<std::string> listed_keys(const InstanceKey& key, const IndexedInstance& indexed)
{
    std::vector<std::string> listed;
    const auto add = [&](const std::string& at_step, const std::string& with_error) {
        append(listed.emplace_back(index_of(at_step, with_error, indexed.status)), key);
    };
    add({}, {});
    if (not indexed.error.empty()) add({}, indexed.error);
    for (const auto& at_step : indexed.steps) {
        if (at_step.empty()) continue;
        add(at_step, {});
        if (not indexed.error.empty()) add(at_step, indexed.error);
    }
    return listed;
}

using KeysAndValues = std::vector<std::pair<std::string, std::string>>;

KeysAndValues all_keys(const InstanceKey& key, const IndexedInstance& indexed)
{
    KeysAndValues all;
    // The version is what is counted at the next start.
    const auto began_and_version = ordered(indexed.began) + big_endian(indexed.version);
    for (auto& listed : listed_keys(key, indexed)) all.emplace_back(std::move(listed), began_and_version);
    if (is_listed_by_age(indexed.status)) all.emplace_back(by_began(indexed.status, key, indexed.began), "");
    if (indexed.due) all.emplace_back(by_due(*indexed.due, key), indexed.waits_for_attempt ? "a" : "");
    if (indexed.is_at_work) all.emplace_back(of_instance(at_work, key), "");
    for (const auto& call : indexed.calls) all.emplace_back(by_call(call), of_instance(row, key).substr(1));
    return all;
}

} // namespace

void put_indexes(Batch& batch, const InstanceKey& key, const std::optional<IndexedInstance>& before,
                 const IndexedInstance& now)
{
    const auto old_keys = before ? all_keys(key, *before) : KeysAndValues{};
    const auto new_keys = all_keys(key, now);
    const auto has      = [](const KeysAndValues& all, const auto& wanted) {
        return std::any_of(all.begin(), all.end(), wanted);
    };
    for (const auto& old : old_keys) {
        if (not has(new_keys, [&](const auto& one) { return one.first == old.first; })) batch.remove(old.first);
    }
    for (const auto& one : new_keys) {
        if (not has(old_keys, [&](const auto& old) { return old == one; })) batch.put(one.first, one.second);
    }
}

} // namespace eventloom::keys
