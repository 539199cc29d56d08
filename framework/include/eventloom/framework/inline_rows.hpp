// Rows that an event store keeps beside its events and changes in the same atomic write: what inline projections stand on.
//
//     BOOST_OUTCOME_TRY(const auto held, store.hold_appends());
//     held->folds().push_back(orders);                              // asked from the next append on
//     BOOST_OUTCOME_TRY(const auto stored, store.inline_rows()->find(key));
//
// To the store they are bytes at keys, in the order of the keys; what they mean, and how far they have come, their owner
// writes into them. Threads: InlineRows and its views from any thread; a fold is called by one thread at a time.
#pragma once

#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// Keys: at least `first`, and less than `last`.
struct KeySpan {
    std::string first;
    std::string last;
};

// A place among the keys of a span. Key and value live until it moves; it must not outlive its view. Threads: one.
class RowCursor {
public:
    virtual ~RowCursor()                   = default;
    virtual bool valid() const             = 0; // false after the last key, and after an error
    virtual void next()                    = 0;
    virtual std::string_view key() const   = 0;
    virtual std::string_view value() const = 0;
    // Ask when valid() turns false: the end, or a fault?
    virtual result<void> status() const = 0;
};

// Changes in the order in which they were made. Later changes of a key count.
class RowBatch {
public:
    struct Change {
        std::string_view key;
        std::string_view stored; // of no meaning when the key goes
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

// What stands at a key; nothing when the key is not there.
using FindStored = std::function<result<std::optional<std::string>>(const std::string& key)>;

// A snapshot of the rows, up to the head of the log. Release it soon: it pins storage.
class InlineView {
public:
    virtual ~InlineView() = default;

    virtual result<std::optional<std::string>> get(std::string_view key) const                 = 0;
    virtual std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards = false) const = 0;
};

class InlineRows {
public:
    virtual ~InlineRows() = default;

    // What was written last at a key; nothing when the key is not there.
    virtual result<std::optional<std::string>> find(std::string_view key) const = 0;
    virtual std::shared_ptr<const InlineView> view() const                      = 0;
    // Where they lie, for messages.
    virtual const std::string& directory() const = 0;
};

// Has a say in each append, before it is written.
class InlineFold {
public:
    virtual ~InlineFold() = default;

    // Adds to `changes` what the events of one append change. They are as they will stand in the log; `find` gives the rows
    // as the append before has left them. An error refuses the append, and is its answer: nothing of it is written.
    virtual result<void> fold(std::span<const RecordedEvent> events, const FindStored& find, RowBatch& changes) = 0;

    // What was folded up to here is written, and can be seen. What was not written (another fold has refused the append, or
    // the write has failed) is never told: its position comes again, or the store takes nothing more.
    virtual void written(Position position) = 0;
};

using InlineFolds = std::vector<std::shared_ptr<InlineFold>>;

// While it lives nothing is appended: the log ends where it ends. Not to be asked for from within a fold, an observer or a
// completion. Threads: one.
class HeldAppends {
public:
    virtual ~HeldAppends() = default;

    // Who is asked at each append, in this order; empty when a store was opened.
    virtual InlineFolds& folds() = 0;
    // Writes all of it, or nothing; as durable as an append.
    virtual result<void> write(const RowBatch& changes) = 0;
};

} // namespace eventloom
