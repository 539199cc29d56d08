// A cursor over nothing: what a scan gives that has met an error, or where nothing can be.
#pragma once

#include <eventloom/framework/detail/inline_rows.hpp>

#include <string_view>

namespace eventloom {

class NoRows final : public RowCursor {
public:
    explicit NoRows(result<void> status = done()) : status_{std::move(status)} {}
    bool valid() const override { return false; }
    void next() override {}
    std::string_view key() const override { return {}; }
    std::string_view value() const override { return {}; }
    result<void> status() const override { return status_; }

private:
    const result<void> status_;
};

} // namespace eventloom
