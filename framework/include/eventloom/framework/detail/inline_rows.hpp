// Rows that an event store keeps with its events and changes in the same atomic write. Inline projections are built on them.
//
//     BOOST_OUTCOME_TRY(const auto held, store.hold_appends());
//     store.inline_rows()->folds(*held).push_back(orders);          // asked from the next append on
//     BOOST_OUTCOME_TRY(const auto stored, store.inline_rows()->find(key));
//
// For the store they are bytes at keys, in the order of the keys. Their owner gives them a meaning, and stores its
// checkpoint in them. Threads: InlineRows and its views from any thread; a fold is called by one thread at a time.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

class HeldAppends;

// Keys: at least `first`, and less than `last`.
struct KeySpan {
    std::string first;
    std::string last;
};

// A cursor over the keys of a span. Key and value live until it moves; the view must outlive it. Threads: one.
class RowCursor {
public:
    virtual ~RowCursor()                   = default;
    virtual bool valid() const             = 0; // false after the last key, and after an error
    virtual void next()                    = 0;
    virtual std::string_view key() const   = 0;
    virtual std::string_view value() const = 0;
    // Call it when valid() has become false: the error, if it was not the end.
    virtual result<void> status() const = 0;
};

// Changes in the order in which they were made. The last change of a key counts.
class RowBatch {
public:
    struct Change {
        std::string_view key;
        std::string_view stored; // without meaning when the key is removed
        bool removed = false;
    };

    void put(std::string_view key, std::string_view stored) { add(key, stored, false); }
    void remove(std::string_view key) { add(key, {}, true); }

    std::size_t size() const { return changes_.size(); }
    std::size_t bytes() const { return bytes_.size(); }
    Change operator[](std::size_t place) const
    {
        const Place& at = changes_[place];
        const auto key  = std::string_view{bytes_}.substr(at.begin);
        return {key.substr(0, at.key), key.substr(at.key, at.value), at.removed};
    }

private:
    struct Place {
        std::size_t begin = 0;
        std::size_t key   = 0; // bytes of it
        std::size_t value = 0;
        bool removed      = false;
    };

    void add(std::string_view key, std::string_view stored, bool removed)
    {
        changes_.push_back({bytes_.size(), key.size(), stored.size(), removed});
        bytes_.append(key).append(stored);
    }

    std::string bytes_;
    std::vector<Place> changes_;
};

// The value at a key; nothing when the key is not there.
using FindStored = std::function<result<std::optional<std::string>>(const std::string& key)>;

// A snapshot of the rows, up to the head of the log. Release it soon: it pins storage.
class InlineView {
public:
    virtual ~InlineView() = default;

    virtual result<std::optional<std::string>> get(std::string_view key) const                 = 0;
    virtual std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards = false) const = 0;
};

// Is called for each append before it is written; it adds changes of rows, or refuses the append.
class InlineFold {
public:
    virtual ~InlineFold() = default;

    // Adds to `changes` what the events of one append change. The events have their later positions; `find` gives the rows
    // as the previous append has left them. An error refuses the append: the caller gets it, and nothing is written.
    virtual result<void> fold(std::span<const RecordedEvent> events, const FindStored& find, RowBatch& changes) = 0;

    // Everything that was folded up to here is written, and readers can see it. It is not called for what was not written
    // (another fold has refused the append, or the write has failed): then the position comes again, or the store is closed.
    virtual void written(Position position) = 0;
};

using InlineFolds = std::vector<std::shared_ptr<InlineFold>>;

class InlineRows {
public:
    virtual ~InlineRows() = default;

    // The value that was last written at a key; nothing when the key is not there.
    virtual result<std::optional<std::string>> find(std::string_view key) const = 0;
    virtual std::shared_ptr<const InlineView> view() const                      = 0;
    // The directory of the rows, for messages.
    virtual const std::string& directory() const = 0;

    // The folds that are called at each append, in this order; none after a store was opened. `held` is of the same store.
    virtual InlineFolds& folds(const HeldAppends& held) = 0;
    // Writes all of it or nothing, as durably as an append.
    virtual result<void> write(const HeldAppends& held, const RowBatch& changes) = 0;
};

} // namespace eventloom
