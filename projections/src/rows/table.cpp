#include <eventloom/projections/table.hpp>

#include <eventloom/projections/detail/definition.hpp>

namespace eventloom::detail {

namespace {

// The stored row that a key or an index entry leads to.
result<void> visit_entry(const ReadModelView& view, const row_keys::OfTable& keys, const RowCursor& cursor,
                         const VisitRow& visit)
{
    if (row_keys::parts_of(cursor.key()).kind == row_keys::row) return visit(cursor.value());
    BOOST_OUTCOME_TRY(const auto stored, view.get(keys.row(cursor.value())));
    if (stored) return visit(*stored);
    return fail(Failure::corrupt, "damaged-read-model",
                "followed an index of the read model in " + view.directory() +
                    " and found no row; rebuild the projection");
}

// What is left of the span after the page that ended with `request.after`.
KeySpan still_asked(KeySpan span, const PageRequest& request)
{
    if (request.after.empty()) return span;
    if (request.backwards) {
        span.last = std::min(span.last, request.after);
    } else {
        span.first = std::max(span.first, request.after + '\0'); // the next key there can be
    }
    return span;
}

} // namespace

result<std::string> visit_rows(const ReadModelView& view, const row_keys::OfTable& keys, const KeySpan& span,
                               const PageRequest& request, const VisitRow& visit)
{
    const auto cursor = view.scan(still_asked(span, request), request.backwards);
    std::string seen;
    for (std::size_t left = request.limit; cursor->valid(); cursor->next()) {
        if (left-- == 0) return seen;
        BOOST_OUTCOME_TRY(visit_entry(view, keys, *cursor, visit));
        seen = cursor->key();
    }
    BOOST_OUTCOME_TRY(cursor->status());
    return std::string{};
}

result<std::string> read_page(const ReadModelView& view, const TableDescription& table, const KeySpan& span,
                              const PageRequest& request, AddRow add, void* rows)
{
    return visit_rows(view, table.keys, span, request,
                      [&](std::string_view stored) { return table.decode(stored, add(rows)); });
}

result<std::uint64_t> count_keys(const ReadModelView& view, const KeySpan& span)
{
    const auto cursor   = view.scan(span);
    std::uint64_t count = 0;
    for (; cursor->valid(); cursor->next()) ++count;
    BOOST_OUTCOME_TRY(cursor->status());
    return count;
}

namespace {

std::string names_of_indexes(const TableDescription& table)
{
    std::string names;
    for (const auto& index : table.indexes) names += (names.empty() ? "" : ", ") + index.name;
    return names.empty() ? "has none" : "has only: " + names;
}

// `whole` is of the index, or of the key when that has no name; `part` is of the values that a query gives.
void check_ids(const IdTypes& whole, const IdTypes& part, const std::string& index)
{
    for (std::size_t i = 0; i < std::min(whole.count, part.count); ++i) {
        const auto has   = whole.of[i];
        const auto asked = part.of[i];
        if (has.empty() || asked.empty() || has == asked) continue;
        ensure(false, "a query asks " + (index.empty() ? "a table" : "the index \"" + index + "\"") + " for an id of " +
                          std::string{asked} + ", and it has ids of " + std::string{has});
    }
}

} // namespace

const IndexDescription& known_index(const TableDescription& table, std::string_view index, std::string_view shape,
                                    const IdTypes& ids)
{
    const auto known = std::find_if(table.indexes.begin(), table.indexes.end(),
                                    [&](const IndexDescription& one) { return one.name == index; });
    if (known == table.indexes.end()) {
        ensure(false,
               "a query names the index \"" + std::string{index} + "\", and the table " + names_of_indexes(table));
    }
    if (not known->shape.starts_with(shape)) {
        ensure(false, "a query asks the index \"" + known->name + "\" for values of another type");
    }
    if (known->ids != nullptr) check_ids(*known->ids, ids, known->name);
    return *known;
}

void check_key(const TableDescription& table, std::string_view shape, const IdTypes& ids)
{
    ensure(table.key_shape.starts_with(shape), "a query asks for keys of another type");
    check_ids(*table.type->ids, ids, {});
}

} // namespace eventloom::detail
