#include <eventloom/projections/table.hpp>

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

result<std::uint64_t> count_keys(const ReadModelView& view, const KeySpan& span)
{
    const auto cursor   = view.scan(span);
    std::uint64_t count = 0;
    for (; cursor->valid(); cursor->next()) ++count;
    BOOST_OUTCOME_TRY(cursor->status());
    return count;
}

const IndexDescription& known_index(const TableDescription& table, std::string_view index, std::string_view shape)
{
    const auto known = std::find_if(table.indexes.begin(), table.indexes.end(),
                                    [&](const IndexDescription& one) { return one.name == index; });
    ensure(known != table.indexes.end(), "a query names an index that is not there");
    ensure(known->shape.starts_with(shape), "a query asks an index for values of another type");
    return *known;
}

} // namespace eventloom::detail
