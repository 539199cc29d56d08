#include <eventloom/projections/row_keys.hpp>

#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>

namespace eventloom::row_keys {

std::string of_row(std::string_view ordered_key)
{
    return std::string{row}.append(ordered_key);
}

std::string of_index(std::string_view index_name, std::string_view ordered_value)
{
    std::string key{entry};
    append_ordered_text(key, index_name);
    return key.append(ordered_value);
}

std::string of_index_entry(std::string_view index_name, std::string_view ordered_value, std::string_view ordered_key)
{
    return of_index(index_name, ordered_value).append(ordered_key);
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

bool is_projection_name(std::string_view name)
{
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    return not name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), fits);
}

} // namespace eventloom::row_keys
