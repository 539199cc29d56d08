#include "define/any_row.hpp"
#include "define/cells.hpp"
#include "define/leaf.hpp"
#include "fold/row_table.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/projections/detail/key_text.hpp>

#include <algorithm>
#include <deque>

namespace eventloom::detail {

namespace {

bool hears(const HandlerDefinition& handler, const RecordedEvent& event)
{
    return handler.type->name == event.type && handler.of->category == category_of(event.stream);
}

// The type of an event that some handler hears; nullptr when none does.
const EventType* heard_type(const ProjectionDefinition& definition, const RecordedEvent& event)
{
    for (const HandlerDefinition& handler : definition.handlers) {
        if (hears(handler, event)) return handler.type;
    }
    return nullptr;
}

// Calls `use` with each handler of each fact that the event stands for. Handlers, keys, indexes and functions for cereal are
// the user's.
template <class Use>
result<void> for_each_heard(const ProjectionDefinition& definition, const RecordedEvent& event, const Use& use)
{
    const EventType* const type = heard_type(definition, event);
    if (type == nullptr) return done();
    const auto take = [&](std::size_t fact, const void* value) -> result<void> {
        for (const HandlerDefinition& handler : definition.handlers) {
            if (handler.type != type || handler.of->fact != fact) continue;
            BOOST_OUTCOME_TRY(use(*handler.of, value));
        }
        return done();
    };
    return type->decode(event.schema_version, event.data, take);
}

class DefinedFold final : public Fold, private FoldTables {
public:
    DefinedFold(std::shared_ptr<const ProjectionDefinition> definition, FindStored find)
        : definition_{std::move(definition)}, find_{std::move(find)}
    {
        for (const TableDefinition& table : definition_->tables) tables_.emplace_back(table, find_);
    }

private:
    template <class Call>
    auto in_definition(const Call& call) const
    {
        return call_user_code("the projection", definition_->name, call);
    }

public:
    result<void> apply(const RecordedEvent& event) override
    {
        auto handled = in_definition([&]() -> result<void> {
            BOOST_OUTCOME_TRY(for_each_heard(*definition_, event, [&](const HandlerType& handler, const void* fact) {
                return handle(handler, fact, event);
            }));
            for (RowTable& table : tables_) {
                BOOST_OUTCOME_TRY(table.settle());
            }
            return done();
        });
        if (not handled) return at_event(std::move(handled.error()), event);
        return done();
    }

    result<void> flush(Changes& changes) override
    {
        return in_definition([&] {
            for (RowTable& table : tables_) table.flush(changes);
        });
    }

    result<std::optional<std::string>> row(std::size_t table, std::string_view ordered_key) override
    {
        return in_definition([&] { return tables_.at(table).row(ordered_key); });
    }

    std::size_t bytes_cached() const override
    {
        std::size_t bytes = 0;
        for (const RowTable& table : tables_) bytes += table.bytes_cached();
        return bytes;
    }

    void forget_rows() override
    {
        for (RowTable& table : tables_) table.forget_rows();
    }

private:
    RowTable& operator[](std::size_t place) override { return tables_[place]; }

    result<void> handle(const HandlerType& handler, const void* fact, const RecordedEvent& event)
    {
        const void* const parts = definition_->parts.get();
        if (handler.handle == nullptr) return handler.handle_tables(parts, *this, fact, event);
        RowTable& table      = tables_[handler.table];
        result<void> handled = done();
        handler.with_key(parts, fact, event, [&](const void* key) {
            const auto ordered = definition_->tables[handler.table].about.type->ordered_key(key);
            void* const row    = table.update(ordered, key);
            handled            = handler.handle(parts, row, fact, event);
            if (handled && handler.drops_row) table.erase(ordered, key);
        });
        return handled;
    }

    const std::shared_ptr<const ProjectionDefinition> definition_;
    const FindStored find_;
    std::deque<RowTable> tables_;
};

class DefinedProjection final : public UntypedProjection {
public:
    explicit DefinedProjection(std::shared_ptr<const ProjectionDefinition> definition)
        : definition_{std::move(definition)}
    {
        for (const TableDefinition& table : definition_->tables) tables_.push_back(table.about);
        for (const HandlerDefinition& handler : definition_->handlers) {
            add_once(categories_, handler.of->category);
            add_once(types_, handler.type->name);
            hears_personal_data_ = hears_personal_data_ || handler.type->is_personal;
        }
        has_unique_index_ = std::any_of(tables_.begin(), tables_.end(), [](const TableDescription& table) {
            return std::any_of(table.indexes.begin(), table.indexes.end(),
                               [](const IndexDescription& index) { return index.unique; });
        });
    }

    const std::string& name() const override { return definition_->name; }
    std::uint32_t version() const override { return definition_->version; }
    const std::vector<std::string>& categories() const override { return categories_; }
    const std::vector<std::string>& types() const override { return types_; }
    const std::vector<TableDescription>& tables() const override { return tables_; }
    const std::vector<KnownEvents>& known() const override { return definition_->known; }
    bool hears_personal_data() const override { return hears_personal_data_; }
    bool has_a_stream_for_each_row() const override
    {
        return tables_.size() == 1 && definition_->keeps_to_streams && not has_unique_index_ &&
               not definition_->handlers.empty();
    }

    result<std::set<std::string>> rows_of(const RecordedEvent& event) const override
    {
        std::set<std::string> rows;
        bool takes_tables   = false;
        const auto note_row = [&](const HandlerType& handler, const void* fact) -> result<void> {
            takes_tables = takes_tables || handler.with_key == nullptr;
            if (handler.with_key == nullptr) return done();
            const TableDescription& table = tables_[handler.table];
            handler.with_key(definition_->parts.get(), fact, event,
                             [&](const void* key) { rows.insert(table.keys.row(table.type->ordered_key(key))); });
            return done();
        };
        BOOST_OUTCOME_TRY(call_user_code("the projection", definition_->name,
                                         [&] { return for_each_heard(*definition_, event, note_row); }));
        return takes_tables ? std::set<std::string>{} : std::move(rows);
    }

    std::unique_ptr<Fold> fold(FindStored find) const override
    {
        return std::make_unique<DefinedFold>(definition_, std::move(find));
    }

private:
    static void add_once(std::vector<std::string>& names, std::string_view name)
    {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    }

    const std::shared_ptr<const ProjectionDefinition> definition_;
    std::vector<TableDescription> tables_;
    std::vector<std::string> categories_;
    std::vector<std::string> types_;
    bool hears_personal_data_ = false;
    bool has_unique_index_    = false;
};

void ensure_distinct_names(const std::vector<TableDefinition>& tables)
{
    for (const TableDefinition& table : tables) {
        const auto same_name = [&](const TableDefinition& other) { return other.about.name == table.about.name; };
        ensure(std::count_if(tables.begin(), tables.end(), same_name) == 1,
               "two tables of one projection have one name");
    }
}

} // namespace

std::shared_ptr<ProjectionDefinition> begin_projection(std::string name, std::uint32_t version)
{
    auto definition     = std::make_shared<ProjectionDefinition>();
    definition->name    = std::move(name);
    definition->version = version;
    return definition;
}

std::shared_ptr<const UntypedProjection> make_projection(std::shared_ptr<ProjectionDefinition> definition)
{
    ensure(row_keys::is_projection_name(definition->name), "a projection's name is letters, digits and hyphens");
    ensure(definition->version > 0, "a projection's version counts from 1");
    ensure_distinct_names(definition->tables);
    return std::make_shared<const DefinedProjection>(std::move(definition));
}

void know(ProjectionDefinition& definition, std::string_view category, const EventTypes& types,
          std::span<const std::string_view> ignored)
{
    KnownEvents known{std::string{category}, {}};
    for (const EventType& type : types) known.types.emplace_back(type.name);
    known.types.insert(known.types.end(), ignored.begin(), ignored.end());
    std::sort(known.types.begin(), known.types.end());
    definition.known.push_back(std::move(known));
}

void add_handlers(ProjectionDefinition& definition, std::span<const HandlerType> handlers)
{
    for (const HandlerType& handler : handlers) {
        for (const auto name : handler.names) {
            definition.handlers.push_back({&handler, find_event_type(handler.types(), name)});
        }
        definition.keeps_to_streams = definition.keeps_to_streams && handler.keeps_to_its_stream;
    }
}

std::string id_in_stream(const std::string& stream)
{
    const auto hyphen = stream.find('-');
    return hyphen == std::string::npos ? std::string{} : stream.substr(hyphen + 1);
}

TableDefinition& add_table(ProjectionDefinition& definition, const RowType& type, const std::string& name)
{
    ensure(name.empty() || row_keys::is_projection_name(name), "a table's name is letters, digits and hyphens");
    const Description& row  = *type.description->parts[1];
    TableDefinition& table  = definition.tables.emplace_back();
    TableDescription& about = table.about;
    about.name              = name;
    about.keys              = row_keys::OfTable{name};
    about.key_shape         = ordered_shape(*type.key);
    about.row_shape         = shape_of(*type.description).text;
    about.columns           = columns_of(*type.description->parts[0], row, type.forms);
    append_columns(about.sql_columns, *type.description->parts[0], "key");
    append_columns(about.sql_columns, row, "row");
    about.sql_columns = with_distinct_names(std::move(about.sql_columns));
    about.type        = &type;
    return table;
}

void add_index(TableDefinition& table, const std::string& name, bool unique, const IndexType& type, const void* of,
               std::function<IndexValue(const void* row)> value)
{
    TableDescription& about = table.about;
    for (const IndexDescription& other : about.indexes) {
        ensure(other.name != name, "two indexes of one table have one name");
    }
    std::vector<const void*> members(type.members);
    const AnyRow row{*about.type};
    const void* const inner = about.type->row(row.get());
    if (type.members > 0) type.places(of, inner, members.data());
    about.indexes.push_back(
        {.name    = name,
         .unique  = unique,
         .shape   = ordered_shape(*type.type),
         .ids     = type.ids,
         .columns = columns_of_members(*about.type->description->parts[1], inner, members, about.columns),
         .ordered = [&type](std::string_view text) { return ordered_of_text(*type.type, type.forms, text); }});
    table.indexes.push_back({std::move(value), about.keys.index(name), unique});
}

std::string key_text_of(const RowType& type, const void* stored)
{
    return key_text(*type.key, places_of_parts(*type.description, stored).front());
}

} // namespace eventloom::detail

namespace eventloom {

result<void> TableDescription::decode(std::string_view stored, void* into) const
{
    return detail::decode_value(*type->description, into, stored, type->name);
}

std::string TableDescription::row_to_json(std::string_view stored) const
{
    const detail::AnyRow row{*type, stored};
    if (not row) return "\"(a row that cannot be read)\"";
    return detail::object_as_json(*type->description, row.get(), type->name);
}

result<std::string> TableDescription::ordered_key(std::string_view text) const
{
    const detail::AnyRow row{*type};
    void* const parsed = detail::places_of_parts(*type->description, row.get()).front();
    BOOST_OUTCOME_TRY(detail::parse_key(*type->key, text, parsed));
    std::string key;
    detail::each_leaf(*type->key, parsed, [&](const detail::Description& leaf, const void* at) {
        detail::append_ordered_leaf(key, leaf, at);
    });
    return key;
}

result<void> TableDescription::read_cells(std::string_view stored, CellVisitor& visitor) const
{
    const detail::AnyRow row{*type, stored};
    BOOST_OUTCOME_TRY(row.read());
    const auto places = detail::places_of_parts(*type->description, row.get());
    detail::visit_cells(*type->description->parts[0], places[0], visitor);
    detail::visit_cells(*type->description->parts[1], places[1], visitor);
    return done();
}

} // namespace eventloom
