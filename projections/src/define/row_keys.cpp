#include <eventloom/projections/detail/row_keys.hpp>

#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>

namespace eventloom::row_keys {

OfTable::OfTable(std::string_view table_name)
{
    if (table_name.empty()) return;
    prefix_.push_back(table);
    append_ordered_text(prefix_, table_name);
}

std::string OfTable::row(std::string_view ordered_key) const
{
    std::string key = prefix_;
    key.push_back(row_keys::row);
    return key.append(ordered_key);
}

std::string OfTable::index(std::string_view index_name, std::string_view ordered_value) const
{
    std::string key = prefix_;
    key.push_back(entry);
    append_ordered_text(key, index_name);
    return key.append(ordered_value);
}

std::string OfTable::row_count() const
{
    return prefix_ + of_row_count();
}

std::string of_checkpoint()
{
    return std::string{about}.append("checkpoint");
}

std::string of_row_count()
{
    return std::string{about}.append("rows");
}

std::string of_version()
{
    return std::string{about}.append("version");
}

std::string of_dead_letter(std::uint64_t position)
{
    std::string key{dead_letter};
    append_big_endian(key, position);
    return key;
}

std::string of_left_out(std::uint64_t position)
{
    std::string key{left_out};
    append_big_endian(key, position);
    return key;
}

std::string of_held(std::uint64_t position)
{
    std::string key{held};
    append_big_endian(key, position);
    return key;
}

Parts parts_of(std::string_view key)
{
    Parts parts;
    if (key.starts_with(table)) {
        // A table's name holds no zero byte, so the first one begins the end of the ordered text.
        const auto end = std::min(key.find('\0'), key.size());
        parts.table    = key.substr(1, end - 1);
        key.remove_prefix(std::min(end + 2, key.size()));
    }
    if (key.empty()) return parts;
    parts.kind = key.front();
    parts.rest = key.substr(1);
    return parts;
}

bool is_projection_name(std::string_view name)
{
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    return not name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), fits);
}

} // namespace eventloom::row_keys
