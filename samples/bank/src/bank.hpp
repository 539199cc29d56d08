// The bank, open: the service with its accounts, its nightly work and its printer.
#pragma once

#include "nightly.hpp"
#include "read_models.hpp"

#include <eventloom/projections/table.hpp>
#include <eventloom/service/command_line.hpp>

#include <memory>
#include <optional>

namespace bank {

struct BankOptions {
    std::uint32_t workers     = 8;
    std::uint32_t printing_ms = 5; // for one statement
};

class Bank final : public el::OpenService {
public:
    static el::result<std::unique_ptr<Bank>> open(const el::Runtime& runtime, const std::string& directory,
                                                  const BankOptions& options, bool create_if_missing);

    el::Service& service() override { return *service_; }
    Printer& printer() { return *printer_; }
    const el::Table<AccountId, AccountRow>& accounts() const { return *accounts_; }
    const el::Table<NightId, NightRow>& nights() const { return *nights_; }

private:
    std::unique_ptr<Printer> printer_; // outlives the service that calls it
    std::unique_ptr<el::Service> service_;
    std::optional<el::Table<AccountId, AccountRow>> accounts_;
    std::optional<el::Table<NightId, NightRow>> nights_;
};

} // namespace bank
