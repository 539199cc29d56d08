// The shop, open: the service with its read models, its sagas and its payment provider.
#pragma once

#include "payment_provider.hpp"
#include "read_models/read_models.hpp"

#include <eventloom/projections/table.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <memory>
#include <string>

namespace shop {

struct ShopOptions {
    double decline_rate = 0;
    double fail_rate    = 0;
    el::Duration answer_delay{0};
    std::uint64_t seed     = 1;
    el::EngineKind* engine = nullptr; // what keeps the log; nullptr: as every service
};

class Shop final : public el::OpenService {
public:
    static el::result<std::unique_ptr<Shop>> open(const el::Runtime& runtime, const std::string& directory,
                                                  const ShopOptions& options, bool create_if_missing);

    el::Service& service() override { return *service_; }
    SamplePaymentProvider& provider() { return *provider_; }
    const SamplePaymentProvider& provider() const { return *provider_; }

    const el::Table<OrderId, OrderSummary>& orders() const { return *orders_; }
    const el::Table<Sku, StockLevel>& stock() const { return *stock_; }
    const el::Table<CustomerId, CustomerAccount>& customers() const { return *customers_; }
    const el::Table<LineKey, InvoiceLine>& lines() const { return *lines_; }
    const el::Table<TimelineKey, TimelineEntry>& timeline() const { return *timeline_; }

    const ProjectedSales::Tables& sales() const { return *sales_; }
    const ProjectedPayments::Tables& payments() const { return *payments_; }

    // Blocks until every saga has ended or is stuck and the read models show it, retries included. `go_on` is asked now and
    // then, and ends it with the error that it answers.
    el::result<void> finish_everything(const std::function<el::result<void>()>& go_on = el::done);

private:
    std::unique_ptr<SamplePaymentProvider> provider_; // outlives the service that calls it
    std::unique_ptr<el::Service> service_;
    std::optional<el::Table<OrderId, OrderSummary>> orders_;
    std::optional<el::Table<Sku, StockLevel>> stock_;
    std::optional<el::Table<CustomerId, CustomerAccount>> customers_;
    std::optional<el::Table<LineKey, InvoiceLine>> lines_;
    std::optional<el::Table<TimelineKey, TimelineEntry>> timeline_;
    std::optional<ProjectedSales::Tables> sales_;
    std::optional<ProjectedPayments::Tables> payments_;
};

} // namespace shop
