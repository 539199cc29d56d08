// A shop without a disk: its log in memory, virtual time, and files to import from.
#pragma once

#include "import/import.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <fstream>

namespace shop::testing {

struct ShopInMemory {
    explicit ShopInMemory(std::uint64_t seed = 1) : simulated{seed} {}

    // Puts `bytes` into a file and imports it.
    el::result<ImportReport> try_import(const std::string& bytes, const ImportOptions& options = {})
    {
        const auto path = directory.path() + "/invoices.csv";
        std::ofstream{path, std::ios::binary} << bytes;
        return import_file(path, options, commands, simulated);
    }

    ImportReport import(const std::string& bytes, const ImportOptions& options = {})
    {
        auto report = try_import(bytes, options);
        REQUIRE(report);
        CHECK(report.value().rows_read == report.value().rows_taken + report.value().rows_refused);
        return std::move(report.value());
    }

    // The aggregate as the log has it.
    template <class State>
    State load(const el::id<State>& id)
    {
        auto loaded = commands.load(id);
        REQUIRE(loaded);
        return std::move(loaded.value());
    }

    el::SimulatedExecutor simulated;
    el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    std::unique_ptr<el::EventStore> store = el::open_memory_store(runtime);
    el::CommandBus commands{runtime, *store};
    eventloom::testing::TemporaryDirectory directory;
};

inline const std::string header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

} // namespace shop::testing
