#include <eventloom/projections/table.hpp>

namespace eventloom::detail {

namespace {

// The stored row that a key or an index entry leads to.
result<void> visit_entry(const ModelView& view, const row_keys::OfTable& keys, const DatabaseCursor& cursor,
                         const VisitRow& visit)
{
    if (row_keys::parts_of(cursor.key()).kind == row_keys::row) return visit(cursor.value());
    BOOST_OUTCOME_TRY(const auto stored, view.model->database().get(keys.row(cursor.value()), view.snapshot));
    if (stored) return visit(*stored);
    return fail(Failure::corrupt, "damaged-read-model",
                "followed an index of the read model in " + view.model->directory() +
                    " and found no row; rebuild the projection");
}

void begin(DatabaseCursor& cursor, const KeySpan& span, const PageRequest& request)
{
    const auto& [first, last] = span;
    if (not request.backwards) {
        cursor.seek(request.after.empty() ? first : std::max(first, request.after));
        if (not request.after.empty() && cursor.valid() && cursor.key() == request.after) cursor.next();
        return;
    }
    const std::string end = request.after.empty() ? last : std::min(last, request.after);
    cursor.seek_at_or_before(end);
    if (cursor.valid() && cursor.key() >= end) cursor.previous();
}

} // namespace

result<std::string> visit_rows(const ModelView& view, const row_keys::OfTable& keys, const KeySpan& span,
                               const PageRequest& request, const VisitRow& visit)
{
    auto cursor = view.model->database().cursor(view.snapshot);
    std::string seen;
    std::size_t left = request.limit;
    for (begin(cursor, span, request); cursor.valid() && cursor.key() >= span.first && cursor.key() < span.last;
         request.backwards ? cursor.previous() : cursor.next()) {
        if (left-- == 0) return seen;
        BOOST_OUTCOME_TRY(visit_entry(view, keys, cursor, visit));
        seen = cursor.key();
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return std::string{};
}

result<std::uint64_t> count_keys(const ModelView& view, const KeySpan& span)
{
    auto cursor         = view.model->database().cursor(view.snapshot);
    std::uint64_t count = 0;
    for (cursor.seek(span.first); cursor.valid() && cursor.key() < span.last; cursor.next()) ++count;
    BOOST_OUTCOME_TRY(cursor.status());
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
