#include "rows/sheltered_rows.hpp"

#include "rows/no_rows.hpp"

#include <eventloom/storage/database.hpp>

namespace eventloom {

namespace {

bool is_of_any_shape(std::string_view key)
{
    return key.starts_with(row_keys::dead_letter) || key.starts_with(row_keys::held) ||
           key.starts_with(row_keys::left_out);
}

class ShelteredView final : public ReadModelView {
public:
    ShelteredView(std::shared_ptr<const ReadModel> rows, std::shared_ptr<const ReadModelView> opened, Error why)
        : rows_{std::move(rows)}, opened_{std::move(opened)}, why_{std::move(why)}
    {
    }

    result<std::optional<std::string>> get(std::string_view key) const override
    {
        if (not is_of_any_shape(key)) return why_;
        return opened_ ? opened_->get(key) : std::optional<std::string>{};
    }
    std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
    {
        if (not is_of_any_shape(span.first)) return std::make_unique<NoRows>(why_);
        return opened_ ? opened_->scan(span, backwards) : std::make_unique<NoRows>();
    }
    const std::string& directory() const override { return rows_->directory(); }

private:
    const std::shared_ptr<const ReadModel> rows_;
    const std::shared_ptr<const ReadModelView> opened_;
    const Error why_;
};

class ShelteredRows final : public ReadModel {
public:
    ShelteredRows(const Runtime& runtime, const std::string& directory, std::shared_ptr<ReadModel> opened, Error why)
        : ReadModel{directory}, runtime_{runtime}, opened_{std::move(opened)}, why_{std::move(why)}
    {
        if (opened_) has_come_to(opened_->checkpoint(), opened_->rows());
    }

    ~ShelteredRows() override
    {
        if (not is_removed_when_done()) return;
        if (opened_) {
            opened_->remove_when_done();
        } else if (not directory().empty()) {
            static_cast<void>(remove_database(runtime_, directory())); // what stays goes at the next start
        }
    }

    result<std::optional<std::string>> find(std::string_view) const override { return why_; }
    std::shared_ptr<const ReadModelView> view() const override
    {
        return std::make_shared<ShelteredView>(shared_from_this(), opened_ ? opened_->view() : nullptr, why_);
    }

private:
    result<void> commit(const ModelBatch&) override { return why_; }

    const Runtime runtime_;
    const std::shared_ptr<ReadModel> opened_;
    const Error why_;
};

} // namespace

std::shared_ptr<ReadModel> shelter_rows(const Runtime& runtime, const std::string& directory,
                                        std::shared_ptr<ReadModel> opened, Error why)
{
    return std::make_shared<ShelteredRows>(runtime, directory, std::move(opened), std::move(why));
}

} // namespace eventloom
