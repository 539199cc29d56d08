// An event store in front of another that counts what it is asked for, and lets a test do something before an append.
#pragma once

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/event_store.hpp>

#include <functional>
#include <memory>

namespace eventloom::testing {

class CountingStore final : public EventStore {
public:
    struct Counts {
        unsigned reads       = 0;
        unsigned events_read = 0;
        unsigned appends     = 0;
    };

    explicit CountingStore(EventStore& store) : store_{store} {}

    Counts counts;
    std::function<void()> before_append;

    result<Appended> append(const AppendRequest& request) override
    {
        ++counts.appends;
        if (before_append) before_append();
        return store_.append(request);
    }
    void append(AppendRequest request, AppendCompletion completion) override
    {
        ++counts.appends;
        store_.append(std::move(request), std::move(completion));
    }
    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override
    {
        ++shared_->reads;
        return std::make_unique<CountingCursor>(store_.read(request), *shared_);
    }
    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override { return store_.find_event(id); }
    result<std::uint64_t> stream_length(std::string_view stream) const override { return store_.stream_length(stream); }
    result<std::vector<std::string>> stored_types() const override { return store_.stored_types(); }
    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override { return store_.find_command(id); }
    Position head() const override { return store_.head(); }
    Observation observe(CommitObserver observer) override { return store_.observe(std::move(observer)); }
    std::shared_ptr<InlineRows> inline_rows() const override { return store_.inline_rows(); }
    result<std::unique_ptr<HeldAppends>> hold_appends() override { return store_.hold_appends(); }

private:
    class CountingCursor final : public EventCursor {
    public:
        CountingCursor(std::unique_ptr<EventCursor> cursor, Counts& counts)
            : cursor_{std::move(cursor)}, counts_{counts}
        {
        }
        result<const RecordedEvent*> next() override
        {
            auto event = cursor_->next();
            if (event && event.value() != nullptr) ++counts_.events_read;
            return event;
        }

    private:
        std::unique_ptr<EventCursor> cursor_;
        Counts& counts_;
    };

    EventStore& store_;
    Counts* const shared_ = &counts; // reading is const, counting is not
};

} // namespace eventloom::testing
