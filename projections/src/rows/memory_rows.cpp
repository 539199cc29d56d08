#include "rows/row_places.hpp"

#include <eventloom/storage/versioned_map.hpp>

namespace eventloom {

namespace {

class MemoryView final : public ReadModelView {
public:
    MemoryView(std::shared_ptr<const ReadModel> model, const VersionedMap& rows) : model_{std::move(model)}, rows_{rows}
    {
    }

    result<std::optional<std::string>> get(std::string_view key) const override { return rows_.get(key); }
    std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
    {
        return rows_.scan(span, backwards);
    }
    const std::string& directory() const override { return model_->directory(); }

private:
    const std::shared_ptr<const ReadModel> model_; // goes last: the rows are in it
    const VersionedMap::View rows_;
};

class MemoryRows final : public ReadModel {
public:
    explicit MemoryRows(const std::string& directory) : ReadModel{directory} {}

    result<std::optional<std::string>> find(std::string_view key) const override { return rows_.get(key); }
    std::shared_ptr<const ReadModelView> view() const override
    {
        return std::make_shared<MemoryView>(shared_from_this(), rows_);
    }

private:
    result<void> commit(const ModelBatch& batch) override
    {
        rows_.write(batch.changes());
        return done();
    }

    VersionedMap rows_;
};

} // namespace

std::shared_ptr<ReadModel> open_memory_rows(const std::string& directory)
{
    return std::make_shared<MemoryRows>(directory);
}

} // namespace eventloom
