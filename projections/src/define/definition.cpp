#include "define/any_row.hpp"
#include "fold/row_table.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>

#include <algorithm>
#include <deque>

namespace eventloom::detail {

namespace {

bool hears(const HandlerDefinition& handler, const RecordedEvent& event)
{
    return handler.type->name == event.type && handler.category == category_of(event.stream);
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
            if (handler.type != type || handler.fact != fact) continue;
            BOOST_OUTCOME_TRY(use(handler, value));
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
            BOOST_OUTCOME_TRY(
                for_each_heard(*definition_, event, [&](const HandlerDefinition& handler, const void* fact) {
                    return handler.handle(definition_->parts.get(), *this, fact, event);
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

    const std::shared_ptr<const ProjectionDefinition> definition_;
    const FindStored find_;
    std::deque<RowTable> tables_;
};

class DefinedProjection final : public UntypedProjection {
public:
    explicit DefinedProjection(ProjectionDefinition definition)
        : definition_{std::make_shared<const ProjectionDefinition>(std::move(definition))}
    {
        for (const TableDefinition& table : definition_->tables) tables_.push_back(table.about);
        for (const HandlerDefinition& handler : definition_->handlers) {
            add_once(categories_, handler.category);
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
        const auto note_row = [&](const HandlerDefinition& handler, const void* fact) -> result<void> {
            takes_tables = takes_tables || handler.row == nullptr;
            if (handler.row != nullptr) {
                rows.insert(handler.row(definition_->parts.get(), tables_[handler.table].keys, fact, event));
            }
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

std::shared_ptr<const UntypedProjection> make_projection(ProjectionDefinition definition)
{
    ensure(row_keys::is_projection_name(definition.name), "a projection's name is letters, digits and hyphens");
    ensure(definition.version > 0, "a projection's version counts from 1");
    ensure_distinct_names(definition.tables);
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

void add_handler(ProjectionDefinition& definition, HandlerDefinition handler, const EventTypes& types,
                 std::span<const std::string> names)
{
    for (const auto& name : names) {
        handler.type = find_event_type(types, name);
        definition.handlers.push_back(handler);
    }
}

void add_index(TableDefinition& table, IndexDescription about, IndexDefinition index)
{
    for (const IndexDescription& other : table.about.indexes) {
        ensure(other.name != about.name, "two indexes of one table have one name");
    }
    index.prefix = table.about.keys.index(about.name);
    index.unique = about.unique;
    table.indexes.push_back(std::move(index));
    table.about.indexes.push_back(std::move(about));
}

std::string stored_row_as_json(const RowType& type, std::string_view stored)
{
    const AnyRow row{type, stored};
    return row ? object_as_json(*type.description, row.get(), type.name) : "\"(a row that cannot be read)\"";
}

} // namespace eventloom::detail
