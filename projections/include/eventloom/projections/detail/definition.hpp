// What el::projection makes of its parts: a definition that compiled code runs. It knows keys, rows and events by their
// descriptions and by function pointers, so that less has to be compiled in each source with projections.
//
//     const auto definition = begin_projection("orders", 1);
//     add_table(*definition, row_type<Stored>, {});
//     add_handlers(*definition, handlers);
//     std::shared_ptr<const UntypedProjection> projection = make_projection(definition);
//
// Include projection.hpp instead. Threads: values.
#pragma once

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/projections/detail/columns.hpp>
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

// A row with its key, a StoredRow<Key, Row>, as code handles it that does not know its type.
struct RowType {
    const Description* description;
    const Description* key;
    const IdTypes* ids; // in the key
    NumberForms forms;  // of the types in it
    std::string_view name;
    std::size_t size;
    // Makes one in memory of that size, with a new row. `key` is copied; nullptr: a new key.
    void (*make)(void* memory, const void* key);
    void (*destroy)(void* stored);
    void (*clear)(void* stored); // makes its row a new one
    void* (*row)(void* stored);
    std::string (*ordered_key)(const void* key);
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

// Gets the key of a row.
class UseKey {
public:
    template <class Use>
    UseKey(const Use& use)
        : use_{&use}, call_{[](const void* held, const void* key) { (*static_cast<const Use*>(held))(key); }}
    {
    }
    void operator()(const void* key) const { call_(use_, key); }

private:
    const void* use_;
    void (*call_)(const void* held, const void* key);
};

// A handler. Only the functions know the types to which `parts`, `fact`, `row` and keys point.
struct HandlerType {
    using Handle       = result<void>(const void* parts, void* row, const void* fact, const RecordedEvent& event);
    using HandleTables = result<void>(const void* parts, FoldTables& tables, const void* fact,
                                      const RecordedEvent& event);
    using WithKey      = void(const void* parts, const void* fact, const RecordedEvent& event, const UseKey& use);

    std::string_view category;
    const EventTypes& (*types)();
    std::span<const std::string_view> names; // stored ones, of the events that may stand for its event
    std::size_t fact         = 0;            // the place of its event in the list of events
    bool keeps_to_its_stream = false;        // it changes only the row that has the id of its event's stream

    HandleTables* handle_tables = nullptr; // of a handler that takes tables; or else:
    Handle* handle              = nullptr;
    WithKey* with_key           = nullptr; // of the row that it gets
    std::size_t table           = 0;       // of that row
    bool drops_row              = false;   // when it has run
};

// A handler, once for each stored name of its event.
struct HandlerDefinition {
    const HandlerType* of;
    const EventType* type;
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

std::shared_ptr<ProjectionDefinition> begin_projection(std::string name, std::uint32_t version);
std::shared_ptr<const UntypedProjection> make_projection(std::shared_ptr<ProjectionDefinition> definition);

// Adds an aggregate whose events are heard: the events that it knows, and the stored names that it ignores.
void know(ProjectionDefinition& definition, std::string_view category, const EventTypes& types,
          std::span<const std::string_view> ignored);

void add_handlers(ProjectionDefinition& definition, std::span<const HandlerType> handlers);

TableDefinition& add_table(ProjectionDefinition& definition, const RowType& type, const std::string& name);

// How an index makes its values of rows.
struct IndexType {
    const Description* type; // of its values
    const IdTypes* ids;
    NumberForms forms;
    std::size_t members; // of which it is made; 0: a function makes its values
    // Where these are in a row.
    void (*places)(const void* of, const void* row, const void** members);
};
void add_index(TableDefinition& table, const std::string& name, bool unique, const IndexType& type, const void* of,
               std::function<IndexValue(const void* row)> value);

std::string key_text_of(const RowType& type, const void* stored);

} // namespace eventloom::detail
