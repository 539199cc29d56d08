#include "group_reader.hpp"

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t seen_max = 512;

// Up to this far the next open event is reached sooner by reading on than by looking it up.
constexpr Position near = 32;

// Every event of some types: over the index of types, and not through the whole log.
Scope narrowed(const ConsumerGroupOptions& options)
{
    if (options.scope.kind() != Scope::Kind::everything || options.types.empty()) return options.scope;
    return Scope::matching({{{.types = options.types}}});
}

} // namespace

GroupReader::GroupReader(const EventStore& store, const ConsumerGroupOptions& options,
                         const GroupCheckpoint& checkpoint)
    : store_{store}, scope_{narrowed(options)}, types_{options.types},
      again_{checkpoint.open.rbegin(), checkpoint.open.rend()}, read_{checkpoint.read}
{
    std::sort(types_.begin(), types_.end());
}

result<GroupReader::Piece> GroupReader::read(std::size_t events_max, std::size_t bytes_max)
{
    Piece piece;
    if (again_.empty()) {
        BOOST_OUTCOME_TRY(read_on(piece, events_max, bytes_max));
    } else {
        BOOST_OUTCOME_TRY(read_again(piece, events_max, bytes_max));
        if (again_.empty()) cursor_.reset(); // it reads everything; from here on the scope is read
    }
    piece.read = read_;
    return piece;
}

void GroupReader::pause()
{
    cursor_.reset();
}

bool GroupReader::wants(const RecordedEvent& event) const
{
    return scope_.contains(event) && (types_.empty() || std::binary_search(types_.begin(), types_.end(), event.type));
}

result<void> GroupReader::read_again(Piece& piece, std::size_t events_max, std::size_t bytes_max)
{
    std::size_t bytes = 0;
    for (std::size_t seen = 0; seen < seen_max && not again_.empty(); ++seen) {
        if (piece.events.size() >= events_max || bytes >= bytes_max) break;
        const Position position = again_.back();
        BOOST_OUTCOME_TRY(const RecordedEvent* event, event_at(position));
        again_.pop_back();
        if (event == nullptr) {
            piece.not_wanted.push_back(position); // it cannot be handled any more
            continue;
        }
        if (wants(*event)) {
            bytes += event->data.size();
            piece.events.push_back(std::make_shared<RecordedEvent>(*event));
        } else {
            piece.not_wanted.push_back(event->position);
        }
    }
    return done();
}

// nullptr: a scavenge has taken it out since it was read first.
result<const RecordedEvent*> GroupReader::event_at(Position position)
{
    if (not cursor_ || position - cursor_at_ > near) cursor_ = store_.read({.from = position});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor_->next());
        if (event == nullptr || event->position > position) {
            cursor_.reset();
            return nullptr;
        }
        cursor_at_ = event->position;
        if (event->position == position) return event;
    }
}

result<void> GroupReader::read_on(Piece& piece, std::size_t events_max, std::size_t bytes_max)
{
    if (not cursor_) {
        // The head is asked first: everything up to it is in the cursor.
        cursor_reaches_ = store_.head();
        piece.at_end    = cursor_reaches_ <= read_;
        if (piece.at_end) return done();
        const bool by_version = scope_.kind() == Scope::Kind::stream;
        cursor_ = store_.read({.scope = scope_, .from = by_version ? next_version_ : std::optional{read_ + 1}});
    }
    std::size_t bytes = 0;
    for (std::size_t seen = 0; seen < seen_max; ++seen) {
        if (piece.events.size() >= events_max || bytes >= bytes_max) return done();
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor_->next());
        if (event == nullptr) {
            read_ = std::max(read_, cursor_reaches_);
            cursor_.reset();
            piece.at_end = store_.head() <= read_;
            return done();
        }
        next_version_ = event->version + 1;
        if (event->position <= read_) continue;
        read_ = event->position;
        if (not wants(*event)) continue;
        bytes += event->data.size();
        piece.events.push_back(std::make_shared<RecordedEvent>(*event));
    }
    return done();
}

} // namespace eventloom
