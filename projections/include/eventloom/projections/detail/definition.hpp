// What el::projection makes of its parts: a definition that compiled code runs. It knows keys, rows and events by their
// descriptions and by function pointers, so that less has to be compiled in each source with projections.
//
//     ProjectionDefinition definition{.name = "orders", .version = 1};
//     definition.tables.push_back(...);
//     definition.handlers.push_back(...);
//     std::shared_ptr<const UntypedProjection> projection = make_projection(std::move(definition));
//
// Include projection.hpp instead. Threads: values.
#pragma once

#include <eventloom/framework/event.hpp>
#include <eventloom/projections/projected.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom::detail {

struct Description;

// A row with its key, a StoredRow<Key, Row>, as code handles it that does not know its type.
struct RowType {
    const Description* description;
    std::string_view name;
    std::size_t size;
    // Makes one in memory of that size, with a new row. `key` is copied; nullptr: a new key.
    void (*make)(void* memory, const void* key);
    void (*destroy)(void* stored);
    void (*clear)(void* stored); // makes its row a new one
    void* (*row)(void* stored);
    std::string (*key_text)(const void* stored);
};

// What an index's function makes of a row.
struct IndexValue {
    std::string ordered;
    bool nothing = false; // an empty std::optional: in a unique index it stands for no value
};

struct IndexDefinition {
    std::function<IndexValue(const void* row)> value;
    std::string prefix = {}; // of its entries' keys
    bool unique        = false;
};

struct TableDefinition {
    TableDescription about;
    const RowType* type = nullptr;
    std::vector<IndexDefinition> indexes; // beside about.indexes
};

class RowTable;

// The row of a key; makes it if there is none. `key` points to a Key.
void* update_row(RowTable& table, std::string ordered_key, const void* key);
// The row, or nullptr.
const void* find_row(RowTable& table, std::string ordered_key, const void* key);
void erase_row(RowTable& table, std::string ordered_key, const void* key);

// The tables of a fold, in the order of the definition.
class FoldTables {
public:
    virtual RowTable& operator[](std::size_t place) = 0;

protected:
    ~FoldTables() = default;
};

// A handler, once for each stored name of its event. Only the handler knows the types to which `parts` and `fact` point.
struct HandlerDefinition {
    using Handle   = result<void>(const void* parts, FoldTables& tables, const void* fact, const RecordedEvent& event);
    using KeyOfRow = std::string(const void* parts, const row_keys::OfTable& keys, const void* fact,
                                 const RecordedEvent& event);

    std::string_view category;
    const EventType* type = nullptr;
    std::size_t fact      = 0; // its place in the list of events
    Handle* handle        = nullptr;
    KeyOfRow* row     = nullptr; // the key in the read model of the row that it gets; nullptr: it takes whole tables
    std::size_t table = 0;       // of that row
};

struct ProjectionDefinition {
    std::string name;
    std::uint32_t version                   = 1;
    std::vector<TableDefinition> tables     = {};
    std::shared_ptr<const void> parts       = {}; // that el::projection was given
    std::vector<HandlerDefinition> handlers = {};
    std::vector<KnownEvents> known          = {};
    bool keeps_to_streams = true; // each handler changes only the row that has the id of its event's stream
};

std::shared_ptr<const UntypedProjection> make_projection(ProjectionDefinition definition);

// Adds an aggregate whose events are heard: the events that it knows, and the stored names that it ignores.
void know(ProjectionDefinition& definition, std::string_view category, const EventTypes& types,
          std::span<const std::string_view> ignored);

// Adds a handler for each of the stored names.
void add_handler(ProjectionDefinition& definition, HandlerDefinition handler, const EventTypes& types,
                 std::span<const std::string> names);

void add_index(TableDefinition& table, IndexDescription about, IndexDefinition index);

// What TableDescription::row_to_json says of a stored row.
std::string stored_row_as_json(const RowType& type, std::string_view stored);

} // namespace eventloom::detail
