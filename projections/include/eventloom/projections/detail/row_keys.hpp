// The keys of rows, index entries and the checkpoint in a read model's database. See docs/format.md, "Read models".
//
//     const row_keys::OfTable keys{"by-article"};
//     database.get(keys.row(ordered_key(sku)));
//
// Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace eventloom::row_keys {

inline constexpr char row   = 'r'; // ordered key                                     -> stored row
inline constexpr char entry = 'x'; // index name (text), ordered value, ordered key   -> ordered key
inline constexpr char about = 'm'; // "checkpoint", "rows", "version"                 -> number
inline constexpr char dead_letter =
    'd'; // position, eight bytes                      -> an event that could not be handled
inline constexpr char left_out =
    's'; // position, eight bytes                      -> nothing: that event is not handled
inline constexpr char held =
    'h'; // position, eight bytes                      -> the rows or the stream whose later events wait for it
inline constexpr char table = 't'; // name of a table (text), then one of the above: when there are several tables

// The keys of one table. The only table of a projection has no name, and its keys are the short ones.
class OfTable {
public:
    explicit OfTable(std::string_view table_name = {});

    std::string row(std::string_view ordered_key = {}) const;
    // The prefix of an index, or of one value in it. The row's ordered key follows, but not in a unique index.
    std::string index(std::string_view index_name, std::string_view ordered_value = {}) const;
    std::string row_count() const;

private:
    std::string prefix_;
};

std::string of_checkpoint();
std::string of_row_count(); // of all tables together
std::string of_version();
std::string of_dead_letter(std::uint64_t position);
std::string of_left_out(std::uint64_t position);
std::string of_held(std::uint64_t position);

// The parts of a key.
struct Parts {
    std::string_view table; // empty: the only one, or none
    char kind = about;
    std::string_view rest; // after the byte of its kind
};
Parts parts_of(std::string_view key);

// Letters, digits and hyphens: of projections and of tables.
bool is_projection_name(std::string_view name);

} // namespace eventloom::row_keys
