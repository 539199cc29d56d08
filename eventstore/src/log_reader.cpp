#include "log_reader.hpp"

#include "key_spaces.hpp"

namespace eventloom {

namespace {

constexpr std::size_t page_events = 256;
constexpr std::size_t page_bytes  = 1u << 20;

// What the database says of damaged blocks, as an error of the event that could not be read.
Error at_position(const Error& error, Position position)
{
    if (error.kind != Failure::corrupt) return error;
    return damaged_record(position, "the block that holds it is damaged (" + error.sentence + ")");
}

// A walk over one key space (the log itself, or one index of it), a page at a time. Between pages it keeps the next key
// and nothing else, so that a slow reader pins no old file.
class PagedCursor final : public EventCursor {
public:
    PagedCursor(const Database& database, const LogReader& log, const ReadRequest& request)
        : database_{database}, log_{log}, kind_{request.scope.kind()},
          direction_{request.direction}, left_{request.limit}, head_{log.head()}
    {
        prefix_             = kind_ == Scope::Kind::everything ? std::string{key_spaces::event}
                              : kind_ == Scope::Kind::stream   ? key_spaces::of_stream(request.scope.name())
                                                               : key_spaces::of_category(request.scope.name());
        const bool forwards = direction_ == Direction::forwards;
        next_number_        = request.from.value_or(forwards ? 0 : std::numeric_limits<std::uint64_t>::max());
        if (kind_ == Scope::Kind::everything) {
            next_number_ = forwards ? std::max<Position>(next_number_, 1) : std::min(next_number_, head_);
        }
    }

    result<const RecordedEvent*> next() override
    {
        if (error_) return *error_;
        if (at_ == page_.size() && not ended_) {
            if (auto filled = fill_page(); not filled) {
                error_ = std::move(filled.error());
                return *error_;
            }
        }
        if (at_ == page_.size()) return nullptr;
        return &page_[at_++];
    }

private:
    result<void> fill_page()
    {
        page_.clear();
        at_               = 0;
        std::size_t bytes = 0;
        auto cursor       = database_.cursor();
        const auto key    = key_spaces::with_number(prefix_, next_number_);
        direction_ == Direction::forwards ? cursor.seek(key) : cursor.seek_at_or_before(key);
        if (direction_ == Direction::backwards && kind_ != Scope::Kind::everything) skip_newer(cursor);
        while (left_ > 0 && page_.size() < page_events && bytes < page_bytes) {
            BOOST_OUTCOME_TRY(const bool more, take(cursor));
            if (not more) {
                ended_ = true;
                return done();
            }
            bytes += page_.back().data.size();
        }
        if (left_ == 0) ended_ = true;
        return done();
    }

    // The event under the cursor; false at the end.
    result<bool> take(DatabaseCursor& cursor)
    {
        if (kind_ == Scope::Kind::everything) {
            if (next_number_ == 0 || next_number_ > head_) return false;
            if (auto status = cursor.status(); not status) return at_position(status.error(), next_number_);
            if (not is_entry(cursor) || key_spaces::last_number(cursor.key()) != next_number_) {
                return missing_record(next_number_);
            }
        } else {
            BOOST_OUTCOME_TRY(cursor.status());
            if (not is_entry(cursor)) return false;
        }
        BOOST_OUTCOME_TRY(const bool known, take_record(cursor));
        if (not known) return false;
        --left_;
        return move_on(cursor);
    }

    result<bool> take_record(DatabaseCursor& cursor)
    {
        RecordedEvent event;
        const auto number = key_spaces::last_number(cursor.key());
        if (kind_ == Scope::Kind::everything) {
            BOOST_OUTCOME_TRY(decode_record(cursor.value(), number, event));
        } else {
            const Position position = position_of(cursor);
            if (position == 0) {
                return fail(Failure::corrupt, "damaged-index",
                            "read version " + std::to_string(number) +
                                " of a stream and found a damaged index entry; run store verify");
            }
            if (position > head_) return false; // appended after the reading began
            BOOST_OUTCOME_TRY(log_.record_at(position, event));
        }
        next_number_ = number;
        page_.push_back(std::move(event));
        return true;
    }

    // Backwards, an index begins with what was appended after the reading began.
    void skip_newer(DatabaseCursor& cursor) const
    {
        while (is_entry(cursor) && position_of(cursor) > head_) cursor.previous();
    }

    bool is_entry(const DatabaseCursor& cursor) const
    {
        return cursor.valid() && cursor.key().starts_with(prefix_) && cursor.key().size() == prefix_.size() + 8;
    }

    Position position_of(const DatabaseCursor& cursor) const
    {
        if (kind_ != Scope::Kind::stream) return key_spaces::last_number(cursor.key());
        return cursor.value().size() == 8 ? key_spaces::last_number(cursor.value()) : 0;
    }

    result<bool> move_on(DatabaseCursor& cursor)
    {
        if (direction_ == Direction::forwards) {
            cursor.next();
            ++next_number_;
        } else if (next_number_ == 0) {
            ended_ = true;
            left_  = 0; // version 0 was the oldest
        } else {
            cursor.previous();
            --next_number_;
        }
        return true;
    }

    const Database& database_;
    const LogReader& log_;
    const Scope::Kind kind_;
    const Direction direction_;
    std::uint64_t left_;
    const Position head_; // what is appended later is not read
    std::string prefix_;
    std::uint64_t next_number_ = 0;
    std::vector<RecordedEvent> page_;
    std::size_t at_ = 0;
    bool ended_     = false;
    std::optional<Error> error_;
};

} // namespace

result<std::optional<std::uint64_t>> LogReader::number_at(const std::string& key) const
{
    BOOST_OUTCOME_TRY(const auto value, database_.get(key));
    if (not value) return std::optional<std::uint64_t>{};
    if (value->size() != 8) {
        return fail(Failure::corrupt, "damaged-index", "read an index entry and found damage; run store verify");
    }
    return std::optional{read_big_endian(*value)};
}

result<std::uint64_t> LogReader::length_of(const std::string& stream) const
{
    BOOST_OUTCOME_TRY(const auto length, number_at(key_spaces::of_length(stream)));
    return length.value_or(0);
}

result<std::optional<Position>> LogReader::position_of(const Uuid& event_id) const
{
    return number_at(key_spaces::of_id(key_spaces::event_id, event_id));
}

result<RecordedEvent> LogReader::event_at(Position position) const
{
    RecordedEvent event;
    BOOST_OUTCOME_TRY(record_at(position, event));
    return event;
}

result<Chain> LogReader::record_at(Position position, RecordedEvent& event) const
{
    const auto bytes = database_.get(key_spaces::of_event(position));
    if (not bytes) return at_position(bytes.error(), position);
    if (not bytes.value()) return missing_record(position);
    return decode_record(*bytes.value(), position, event);
}

result<std::optional<CommandRecord>> LogReader::command(const Uuid& id) const
{
    BOOST_OUTCOME_TRY(const auto bytes, database_.get(key_spaces::of_id(key_spaces::command, id)));
    if (not bytes) return std::optional<CommandRecord>{};
    BOOST_OUTCOME_TRY(auto record, decode_command(*bytes, id));
    return std::optional{std::move(record)};
}

std::unique_ptr<EventCursor> LogReader::read(const ReadRequest& request) const
{
    return std::make_unique<PagedCursor>(database_, *this, request);
}

} // namespace eventloom
