#include <eventloom/projections/detail/rows_as_json.hpp>

#include "rows/dead_letters.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/storage/ordered_key.hpp>

namespace eventloom {

result<std::size_t> find_table(const UntypedProjection& definition, std::string_view table)
{
    const auto& tables = definition.tables();
    if (table.empty() && tables.size() == 1) return std::size_t{0};
    std::string names;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        if (not table.empty() && tables[i].name == table) return i;
        names += (i == 0 ? "" : ", ") + tables[i].name;
    }
    if (table.empty()) {
        return fail(Failure::invalid, "no-such-table",
                    "asked for a row or a table of the projection " + definition.name() +
                        " and found no name of a table, but several tables; name one of them: " + names);
    }
    if (tables.size() == 1) names = "one, which needs no name";
    return fail(Failure::invalid, "no-such-table",
                "asked for the table \"" + printable(table) + "\" of the projection " + definition.name() +
                    " and found only: " + names);
}

RowJsonCursor::RowJsonCursor(const ReadModelView& view, const TableDescription& table)
    : table_{table}, at_{view.scan({table.keys.row(), after_prefix(table.keys.row())})}
{
}

RowsAsJson::RowsAsJson(std::shared_ptr<const UntypedProjection> definition, const ReadModel& model)
    : definition_{std::move(definition)}, view_{model.view()}
{
}

result<Position> RowsAsJson::position() const
{
    return view_->number(row_keys::of_checkpoint());
}

result<std::uint32_t> RowsAsJson::version() const
{
    BOOST_OUTCOME_TRY(const auto version, view_->number(row_keys::of_version()));
    return static_cast<std::uint32_t>(version);
}

result<std::vector<Position>> RowsAsJson::left_out() const
{
    BOOST_OUTCOME_TRY(const auto positions, left_out_in(*view_));
    return std::vector<Position>{positions.begin(), positions.end()};
}

result<RowJsonCursor> RowsAsJson::walk(std::string_view table) const
{
    BOOST_OUTCOME_TRY(const auto place, find_table(*definition_, table));
    return RowJsonCursor{*view_, definition_->tables()[place]};
}

result<std::optional<std::string>> RowsAsJson::row(const RowName& name) const
{
    BOOST_OUTCOME_TRY(const auto place, find_table(*definition_, name.table));
    const TableDescription& table = definition_->tables()[place];
    BOOST_OUTCOME_TRY(const auto key, table.ordered_key(name.key));
    BOOST_OUTCOME_TRY(const auto stored, view_->get(table.keys.row(key)));
    return stored ? std::optional{table.row_to_json(*stored)} : std::nullopt;
}

result<RowsAsJson::RowPage> RowsAsJson::all(std::string_view table_name, const PageRequest& request) const
{
    BOOST_OUTCOME_TRY(const auto place, find_table(*definition_, table_name));
    const TableDescription& table = definition_->tables()[place];
    return within(table, detail::keys_beginning_with(table.keys.row()), request);
}

result<RowsAsJson::RowPage> RowsAsJson::within(const TableDescription& table, const KeySpan& span,
                                               const PageRequest& request) const
{
    RowPage page;
    const auto keep = [&](std::string_view stored) -> result<void> {
        page.rows.push_back(table.row_to_json(stored));
        return done();
    };
    BOOST_OUTCOME_TRY(page.next, detail::visit_rows(*view_, table.keys, span, request, keep));
    return page;
}

} // namespace eventloom
