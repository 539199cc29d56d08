#include <eventloom/storage/row_scan.hpp>

namespace eventloom {

namespace {

class DatabaseRowCursor final : public RowCursor {
public:
    DatabaseRowCursor(DatabaseCursor cursor, const KeySpan& span, const RowScan& how)
        : cursor_{std::move(cursor)}, bound_{how.backwards ? span.first : span.last}, backwards_{how.backwards},
          left_out_{how.left_out}
    {
        if (not backwards_) {
            cursor_.seek(span.first);
            return;
        }
        cursor_.seek_at_or_before(span.last);
        if (cursor_.valid() && cursor_.key() >= span.last) cursor_.previous();
    }

    bool valid() const override
    {
        return cursor_.valid() && (backwards_ ? cursor_.key() >= bound_ : cursor_.key() < bound_);
    }
    void next() override { backwards_ ? cursor_.previous() : cursor_.next(); }
    std::string_view key() const override { return cursor_.key().substr(left_out_); }
    std::string_view value() const override { return cursor_.value(); }
    result<void> status() const override { return cursor_.status(); }

private:
    DatabaseCursor cursor_;
    const std::string bound_; // of the span, where it ends
    const bool backwards_;
    const std::size_t left_out_;
};

} // namespace

std::unique_ptr<RowCursor> scan_rows(const Database& database, const KeySpan& span, const RowScan& how)
{
    return std::make_unique<DatabaseRowCursor>(how.is_of_all ? database.scan_cursor(how.at) : database.cursor(how.at),
                                               span, how);
}

} // namespace eventloom
