#include "guarded_store.hpp"

#include "record/out_of_memory.hpp"

#include <eventloom/framework/inline_rows.hpp>

namespace eventloom {

namespace {

constexpr std::string_view asked_to_read = "read events";

class GuardedCursor final : public EventCursor {
public:
    explicit GuardedCursor(std::unique_ptr<EventCursor> cursor) : cursor_{std::move(cursor)} {}

    // A page that found no memory may be half read: the cursor ends there.
    result<const RecordedEvent*> next() override
    {
        if (not cursor_) return out_of_memory(asked_to_read);
        try {
            return cursor_->next();
        } catch (const std::bad_alloc&) {
            cursor_.reset();
            return out_of_memory(asked_to_read);
        }
    }

private:
    std::unique_ptr<EventCursor> cursor_;
};

class GuardedStore final : public LevelDbStore {
public:
    explicit GuardedStore(std::unique_ptr<LevelDbStore> store) : store_{std::move(store)} {}

    result<Appended> append(const AppendRequest& request) override
    {
        return within_memory("append to the event store", [&] { return store_->append(request); });
    }
    void append(AppendRequest request, AppendCompletion completion) override
    {
        store_->append(std::move(request), std::move(completion)); // tells the completion itself
    }
    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override
    {
        try {
            return std::make_unique<GuardedCursor>(store_->read(request));
        } catch (const std::bad_alloc&) {
            return std::make_unique<GuardedCursor>(nullptr);
        }
    }
    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override
    {
        return within_memory("find an event", [&] { return store_->find_event(id); });
    }
    result<std::uint64_t> stream_length(std::string_view stream) const override
    {
        return within_memory("find the length of a stream", [&] { return store_->stream_length(stream); });
    }
    result<std::vector<std::string>> stored_types() const override
    {
        return within_memory("list the types of events", [&] { return store_->stored_types(); });
    }
    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override
    {
        return within_memory("find a command", [&] { return store_->find_command(id); });
    }
    Position head() const override { return store_->head(); }
    Observation observe(CommitObserver observer) override { return store_->observe(std::move(observer)); }
    std::shared_ptr<const InlineRows> inline_rows() const override { return store_->inline_rows(); }
    result<std::unique_ptr<HeldAppends>> hold_appends() override
    {
        return within_memory("hold the appends of the event store", [&] { return store_->hold_appends(); });
    }
    result<StoreInfo> info() const override
    {
        return within_memory("look at the event store", [&] { return store_->info(); });
    }
    std::optional<Error> fault() const override { return store_->fault(); }
    result<void> cluster() override
    {
        return within_memory("cluster the event store", [&] { return store_->cluster(); });
    }
    result<ScavengeReport> scavenge(const ScavengeOptions& options,
                                    const std::function<result<void>(Position)>& progress) override
    {
        return within_memory("scavenge the event store", [&] { return store_->scavenge(options, progress); });
    }
    result<void> sync() override
    {
        return within_memory("sync the event store", [&] { return store_->sync(); });
    }
    result<StoreCapture> capture() override
    {
        return within_memory("capture the files of the event store", [&] { return store_->capture(); });
    }
    result<void> visit_streams(const VisitStream& visit) const override
    {
        return within_memory("visit the streams", [&] { return store_->visit_streams(visit); });
    }
    result<void> visit_history(Position from, const HistoryVisitor& visitor) const override
    {
        return within_memory("visit the history", [&] { return store_->visit_history(from, visitor); });
    }
    result<void> take_out(const std::vector<Position>& positions) override
    {
        return within_memory("take events out of the event store", [&] { return store_->take_out(positions); });
    }
    result<VerifyReport> verify(const std::function<result<void>(Position)>& progress) const override
    {
        return within_memory("verify the event store", [&] { return store_->verify(progress); });
    }

private:
    const std::unique_ptr<LevelDbStore> store_;
};

} // namespace

std::unique_ptr<LevelDbStore> guarded(std::unique_ptr<LevelDbStore> store)
{
    return std::make_unique<GuardedStore>(std::move(store));
}

} // namespace eventloom
