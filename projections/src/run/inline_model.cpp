#include "run/inline_model.hpp"

namespace eventloom {

namespace {

void put_with(const std::string& prefix, const RowBatch& changes, RowBatch& into)
{
    std::string key;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const auto change = changes[i];
        key.assign(prefix).append(change.key);
        change.removed ? into.remove(key) : into.put(key, change.stored);
    }
}

// Leaves out what the keys begin with.
class ModelCursor final : public RowCursor {
public:
    ModelCursor(std::unique_ptr<RowCursor> cursor, std::size_t left_out)
        : cursor_{std::move(cursor)}, left_out_{left_out}
    {
    }
    bool valid() const override { return cursor_->valid(); }
    void next() override { cursor_->next(); }
    std::string_view key() const override { return cursor_->key().substr(left_out_); }
    std::string_view value() const override { return cursor_->value(); }
    result<void> status() const override { return cursor_->status(); }

private:
    const std::unique_ptr<RowCursor> cursor_;
    const std::size_t left_out_;
};

} // namespace

class InlineModel::View final : public ReadModelView {
public:
    View(std::shared_ptr<const InlineModel> model, std::shared_ptr<const InlineView> moment)
        : model_{std::move(model)}, moment_{std::move(moment)}
    {
    }

    result<std::optional<std::string>> get(std::string_view key) const override
    {
        return moment_->get(model_->prefix_ + std::string{key});
    }
    std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
    {
        const auto& prefix = model_->prefix_;
        return std::make_unique<ModelCursor>(moment_->scan({prefix + span.first, prefix + span.last}, backwards),
                                             prefix.size());
    }
    const std::string& directory() const override { return model_->directory(); }

private:
    const std::shared_ptr<const InlineModel> model_;
    const std::shared_ptr<const InlineView> moment_;
};

InlineModel::InlineModel(EventStore& store, std::string_view projection, std::string prefix)
    : ReadModel{store.inline_rows()->directory() + " (inline, " + std::string{projection} + ")"}, store_{store},
      rows_{store.inline_rows()}, prefix_{std::move(prefix)}
{
}

// Looks whether it is retired when it has read: what it read before that is still what it had.
result<std::optional<std::string>> InlineModel::find(std::string_view key) const
{
    const auto at = prefix_ + std::string{key};
    auto stored   = rows_->find(at);
    if (is_retired_) return last_->get(at);
    return stored;
}

std::shared_ptr<const ReadModelView> InlineModel::view() const
{
    auto moment = rows_->view();
    if (is_retired_) moment = last_;
    return std::make_shared<View>(std::static_pointer_cast<const InlineModel>(shared_from_this()), std::move(moment));
}

void InlineModel::retire()
{
    last_       = rows_->view();
    is_retired_ = true;
}

result<void> InlineModel::commit(const ModelBatch& batch)
{
    RowBatch changes;
    put_with(prefix_, batch.changes(), changes);
    if (held_ != nullptr) return rows_->write(*held_, changes);
    BOOST_OUTCOME_TRY(const auto held, store_.hold_appends());
    return rows_->write(*held, changes);
}

RowFeed::Collected InlineModel::collect(const ModelBatch& batch, const FindStored& find) const
{
    return feed() ? feed()->collect(batch, find) : RowFeed::Collected{};
}

void InlineModel::has_been_written(Position checkpoint, std::uint64_t rows, const RowFeed::Collected& changed)
{
    has_come_to(checkpoint, rows);
    if (feed()) feed()->tell(changed, checkpoint);
}

result<void> InlineModelFold::fold(std::span<const RecordedEvent> events, const FindStored& find, RowBatch& changes)
{
    // An append that was folded and not written: its position has come again.
    std::erase_if(folded_, [&](const Folded& earlier) { return earlier.position >= events.front().position; });
    const FindStored find_in_model = [&](const std::string& key) { return find(model_->prefix() + key); };
    const auto fold                = definition_->fold(find_in_model);
    for (const RecordedEvent& event : events) {
        auto applied = fold->apply(event);
        if (applied) continue;
        Error error = std::move(applied.error());
        error.sentence += "; the inline projection " + definition_->name() + " refused the append; nothing was written";
        return error;
    }
    ModelBatch batch;
    BOOST_OUTCOME_TRY(fold->flush(batch));
    Folded folded{.position = events.back().position, .rows = 0, .changed = {}};
    BOOST_OUTCOME_TRY(folded.rows, model_->put_numbers(batch, folded.position, find_in_model));
    folded.changed = model_->collect(batch, find_in_model);
    put_with(model_->prefix(), batch.changes(), changes);
    folded_.push_back(std::move(folded));
    return done();
}

void InlineModelFold::written(Position position)
{
    for (const Folded& folded : folded_) {
        if (folded.position <= position) model_->has_been_written(folded.position, folded.rows, folded.changed);
    }
    folded_.clear();
}

} // namespace eventloom
