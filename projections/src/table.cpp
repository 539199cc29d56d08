#include <eventloom/projections/table.hpp>

namespace eventloom::detail {

namespace {

// The stored row that a key or an index entry leads to.
result<void> visit_entry(const ModelView& view, const DatabaseCursor& cursor, const VisitRow& visit)
{
    if (cursor.key().front() == row_keys::row) return visit(cursor.value());
    BOOST_OUTCOME_TRY(const auto stored, find_row(view, cursor.value()));
    if (stored) return visit(*stored);
    return fail(Failure::corrupt, "damaged-read-model",
                "followed an index of the read model in " + view.model->directory() +
                    " and found no row; rebuild the projection");
}

void begin(DatabaseCursor& cursor, const std::string& first, const std::string& last, const PageRequest& request)
{
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

result<std::optional<std::string>> find_row(const ModelView& view, std::string_view ordered_key)
{
    return view.model->database().get(row_keys::of_row(ordered_key), view.snapshot);
}

result<std::string> visit_rows(const ModelView& view, const std::string& first, const std::string& last,
                               const PageRequest& request, const VisitRow& visit)
{
    auto cursor = view.model->database().cursor(view.snapshot);
    std::string seen;
    std::size_t left = request.limit;
    for (begin(cursor, first, last, request); cursor.valid() && cursor.key() >= first && cursor.key() < last;
         request.backwards ? cursor.previous() : cursor.next()) {
        if (left-- == 0) return seen;
        BOOST_OUTCOME_TRY(visit_entry(view, cursor, visit));
        seen = cursor.key();
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return std::string{};
}

result<std::uint64_t> count_entries(const ModelView& view, const std::string& first, const std::string& last)
{
    auto cursor         = view.model->database().cursor(view.snapshot);
    std::uint64_t count = 0;
    for (cursor.seek(first); cursor.valid() && cursor.key() < last; cursor.next()) ++count;
    BOOST_OUTCOME_TRY(cursor.status());
    return count;
}

} // namespace eventloom::detail
