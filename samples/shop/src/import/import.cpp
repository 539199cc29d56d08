#include "import.hpp"

#include "../orders/order.hpp"
#include "../returns/order_return.hpp"
#include "../stock/stock_item.hpp"
#include "retail_row.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace shop {

namespace {

// Reads the file from its beginning; every row is either taken or refused.
template <class Take, class Refuse>
el::result<void> for_each_row(const std::string& path, const ImportProgress& progress, Take take, Refuse refuse)
{
    BOOST_OUTCOME_TRY(auto rows, CsvRows::open(path));
    BOOST_OUTCOME_TRY(const auto header, rows.next());
    BOOST_OUTCOME_TRY(const auto columns, RetailColumns::from_header(header.value_or(CsvRow{}), path));
    for (;;) {
        BOOST_OUTCOME_TRY(const auto row, rows.next());
        if (not row) return el::done();
        auto read = columns.read(*row);
        if (read) {
            BOOST_OUTCOME_TRY(take(std::move(read.value())));
        } else {
            refuse(RefusedRow{row->line, read.error().sentence});
        }
        if (progress) {
            BOOST_OUTCOME_TRY(progress(rows.bytes_read(), rows.bytes_total()));
        }
    }
}

class Import {
public:
    Import(std::string path, const ImportOptions& options, el::CommandBus& commands)
        : path_{std::move(path)}, options_{options}, commands_{commands}
    {
    }

    el::result<ImportReport> run(const ImportProgress& progress)
    {
        // First where each invoice ends, so that one whose rows do not stand together is whole when it is placed.
        BOOST_OUTCOME_TRY(for_each_row(
            path_, progress ? [&](std::uint64_t, std::uint64_t total) { return progress(0, total); } : progress,
            [&](const RetailRow& row) -> el::result<void> {
                Extent& extent = extents_[row.invoice];
                if (extent.rows == orders::most_lines) return el::done();
                extent = {extent.rows + 1, row.line};
                return el::done();
            },
            [](const RefusedRow&) {}));
        BOOST_OUTCOME_TRY(for_each_row(
            path_, progress, [&](RetailRow row) { return take(std::move(row)); },
            [&](RefusedRow row) { refuse(std::move(row)); }));
        if (not open_.empty()) return file_changed();
        report_.rows_read = report_.rows_taken + report_.rows_refused;
        return std::move(report_);
    }

private:
    void refuse(RefusedRow row)
    {
        ++report_.rows_refused;
        if (report_.refused.size() < options_.refused_listed) report_.refused.push_back(std::move(row));
    }

    // The rows of one invoice that are taken.
    struct Extent {
        std::size_t rows        = 0;
        std::uint64_t last_line = 0;
    };

    el::Error file_changed() const
    {
        return {el::Failure::storage, "file-changed",
                "read the file " + path_ + " twice and found it changed meanwhile; import it again when it rests"};
    }

    el::result<void> take(RetailRow row)
    {
        const auto extent = extents_.find(row.invoice);
        if (extent == extents_.end()) return file_changed();
        if (row.line > extent->second.last_line) {
            refuse({row.line, "the invoice has more than 5,000 rows"});
            return el::done();
        }
        ++report_.rows_taken;
        const bool last           = row.line == extent->second.last_line;
        const std::string invoice = row.invoice;
        auto& rows                = open_[invoice];
        rows.push_back(std::move(row));
        if (not last) return el::done();
        auto finished = carry_out(rows);
        if (not finished) {
            finished.error().sentence += " (while importing invoice " + invoice + ", line " +
                                         std::to_string(rows.back().line) + "; import the file again to go on)";
            return finished;
        }
        open_.erase(invoice);
        return el::done();
    }

    // All rows of one invoice are here.
    el::result<void> carry_out(const std::vector<RetailRow>& rows)
    {
        std::vector<orders::Line> lines;
        std::uint64_t write_off = 0;
        const RetailRow& first  = rows.front(); // says who and when, if the rows disagree
        bool disagree           = false;
        for (const RetailRow& row : rows) {
            disagree =
                disagree || row.customer != first.customer || row.country != first.country || row.time != first.time;
            BOOST_OUTCOME_TRY(receive_opening_stock(row.sku));
            if (row.is_write_off()) {
                BOOST_OUTCOME_TRY(this->write_off(row, write_off++));
            } else {
                lines.push_back({row.sku, row.description, row.quantity < 0 ? -row.quantity : row.quantity, row.price});
            }
        }
        report_.mixed_invoices += disagree ? 1 : 0;
        if (lines.empty()) return el::done();
        return first.is_return() ? register_return(first, std::move(lines)) : place_order(first, std::move(lines));
    }

    el::result<void> receive_opening_stock(const Sku& sku)
    {
        if (options_.opening_stock == 0 || not stocked_.insert(sku).second) return el::done();
        BOOST_OUTCOME_TRY(commands_.send(sku, stock::Receive{options_.opening_stock, "opening stock"},
                                         {.command_id = el::derived_uuid({"opening-stock", sku.value})}));
        return el::done();
    }

    // `ordinal` tells the write-offs of one invoice apart.
    el::result<void> write_off(const RetailRow& row, std::uint64_t ordinal)
    {
        const auto id            = el::derived_uuid({"write-off", row.invoice, row.sku.value, std::to_string(ordinal)});
        const std::string reason = row.description.empty() ? "invoice " + row.invoice : row.description;
        const stock::InvoiceRow source{row.invoice, row.description, row.time, row.price, row.customer, row.country};
        BOOST_OUTCOME_TRY(const auto receipt,
                          commands_.send(row.sku, stock::WriteOff{-row.quantity, reason, source}, {.command_id = id}));
        ++report_.write_offs;
        report_.known += receipt.repeated ? 1 : 0;
        return el::done();
    }

    el::result<void> place_order(const RetailRow& first, std::vector<orders::Line> lines)
    {
        const OrderId id{first.invoice};
        const Money total = orders::total_of(lines);
        auto sent = commands_.send(id, orders::Place{first.customer, first.country, first.time, std::move(lines)},
                                   {.command_id = el::derived_uuid({"place-order", id.value})});
        BOOST_OUTCOME_TRY(const bool known, was_known(std::move(sent), "already-placed"));
        ++report_.orders;
        report_.turnover += total;
        report_.known += known ? 1 : 0;
        return el::done();
    }

    el::result<void> register_return(const RetailRow& first, std::vector<orders::Line> lines)
    {
        const ReturnId id{first.invoice};
        const Money total = orders::total_of(lines);
        auto sent = commands_.send(id, returns::Register{first.customer, first.country, first.time, std::move(lines)},
                                   {.command_id = el::derived_uuid({"register-return", id.value})});
        BOOST_OUTCOME_TRY(const bool known, was_known(std::move(sent), "already-registered"));
        ++report_.returns;
        report_.returned += total;
        report_.known += known ? 1 : 0;
        return el::done();
    }

    // An order that somebody typed in before the file came is known too.
    static el::result<bool> was_known(el::result<el::Receipt> sent, std::string_view known_code)
    {
        if (sent) return sent.value().repeated;
        if (sent.error().code == known_code) return true;
        return std::move(sent.error());
    }

    const std::string path_;
    const ImportOptions options_;
    el::CommandBus& commands_;
    ImportReport report_;
    std::unordered_map<std::string, Extent> extents_; // of each invoice
    std::unordered_map<std::string, std::vector<RetailRow>> open_;
    std::set<Sku> stocked_;
};

} // namespace

el::result<void> check_readable(const std::string& path)
{
    BOOST_OUTCOME_TRY(auto rows, CsvRows::open(path));
    BOOST_OUTCOME_TRY(const auto header, rows.next());
    BOOST_OUTCOME_TRY(RetailColumns::from_header(header.value_or(CsvRow{}), path));
    return el::done();
}

el::result<ImportReport> import_file(const std::string& path, const ImportOptions& options, el::CommandBus& commands,
                                     const ImportProgress& progress)
{
    return Import{path, options, commands}.run(progress);
}

} // namespace shop
