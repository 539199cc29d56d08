// A read model in the log's database: one generation of an inline projection.
//
// It is written in two ways: by write() while it is built, and by appends, each of which calls an InlineModelFold. Threads: as
// every ReadModel.
#pragma once

#include "rows/row_feed.hpp"

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/event_store.hpp>

namespace eventloom {

class InlineModel final : public ReadModel {
public:
    // `prefix`: of its keys.
    InlineModel(EventStore& store, std::string_view projection, std::string prefix);

    result<std::optional<std::string>> find(std::string_view key) const override;
    std::shared_ptr<const ReadModelView> view() const override;

    // Tells it that the caller holds the appends already, until nullptr is given.
    void write_through(HeldAppends* held) { held_ = held; }

    // Queries see another one now, and these rows will be removed: remaining readers get a snapshot of now.
    void retire();

    const std::string& prefix() const { return prefix_; }

    // For an append: the first before it is written, the second after.
    RowFeed::Collected collect(const ModelBatch& batch, const FindStored& find) const;
    void has_been_written(Position checkpoint, std::uint64_t rows, const RowFeed::Collected& changed);

private:
    class View;

    result<void> commit(const ModelBatch& batch) override;

    EventStore& store_;
    const std::shared_ptr<InlineRows> rows_;
    const std::string prefix_;
    HeldAppends* held_ = nullptr;
    std::shared_ptr<const InlineView> last_; // set before the next
    std::atomic<bool> is_retired_{false};
};

// Folds the events of an append into a read model.
class InlineModelFold final : public InlineFold {
public:
    InlineModelFold(std::shared_ptr<const UntypedProjection> definition, std::shared_ptr<InlineModel> model)
        : definition_{std::move(definition)}, model_{std::move(model)}
    {
    }

    result<void> fold(std::span<const RecordedEvent> events, const FindStored& find, RowBatch& changes) override;
    void written(Position position) override;

private:
    // The changes of an append, until it is known whether it was written.
    struct Folded {
        Position position  = 0; // of its last event
        std::uint64_t rows = 0; // in all
        RowFeed::Collected changed;
    };

    const std::shared_ptr<const UntypedProjection> definition_;
    const std::shared_ptr<InlineModel> model_;
    std::vector<Folded> folded_;
};

} // namespace eventloom
