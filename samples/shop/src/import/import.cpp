#include "import.hpp"

#include "../orders/order.hpp"
#include "../returns/order_return.hpp"
#include "../stock/stock_item.hpp"
#include "retail_row.hpp"

#include <eventloom/framework/in_flight.hpp>

#include <fmt/core.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace shop {

namespace {

// Reads the file from its beginning; every row is either taken or refused.
template <class Take, class Refuse>
el::result<void> for_each_row(const std::string& path, const Dialect& dialect, const ImportProgress& progress,
                              Take take, Refuse refuse)
{
    BOOST_OUTCOME_TRY(auto rows, CsvRows::open(path, dialect.form));
    BOOST_OUTCOME_TRY(rows.next()); // the header
    for (;;) {
        BOOST_OUTCOME_TRY(const auto row, rows.next());
        if (not row) return el::done();
        if (is_empty_row(*row)) continue;
        auto read = read_retail_row(*row, dialect);
        if (read) {
            BOOST_OUTCOME_TRY(take(std::move(read.value())));
        } else {
            refuse(RefusedRow{row->line, read.error().sentence});
        }
        if (progress) {
            BOOST_OUTCOME_TRY(progress(rows.text().bytes_read(), rows.text().bytes_total()));
        }
    }
}

// Sent at once: as many, or those of so many rows.
constexpr std::size_t commands_together = 256;
constexpr std::size_t rows_together     = 4'096;
constexpr std::size_t sends_a_task      = 16;

using Sends = std::vector<std::function<void()>>;

// How a command is recognised that was carried out before.
struct Known {
    bool counts = false;
    std::string_view code; // of the refusal, if somebody else may have done it
};

class Import {
public:
    Import(ImportPlan plan, el::CommandBus& commands, el::Executor& executor)
        : plan_{std::move(plan)}, commands_{commands}, executor_{executor}, flight_{executor}
    {
    }

    el::result<ImportReport> run(const ImportProgress& progress)
    {
        report_.dialect = plan_.dialect.found;
        BOOST_OUTCOME_TRY(for_each_row(
            plan_.path, plan_.dialect, progress, [&](RetailRow row) { return take(std::move(row)); },
            [&](RefusedRow row) { refuse(std::move(row)); }));
        if (not open_.empty()) return file_changed();
        BOOST_OUTCOME_TRY(send_gathered());
        BOOST_OUTCOME_TRY(flight_.wait_for_all());
        report_.known     = *known_;
        report_.rows_read = report_.rows_taken + report_.rows_refused;
        return std::move(report_);
    }

private:
    // For the answer to a command of this row.
    el::CommandDone answer_to(const std::string& invoice, std::uint64_t line, Known known)
    {
        return flight_.answer<el::Receipt>([counted = known_, invoice, line,
                                            known](const el::result<el::Receipt>& answer) -> el::result<void> {
            const bool is_known = answer ? answer.value().repeated : answer.error().code == known.code;
            if (is_known && known.counts) ++*counted;
            if (answer || is_known) return el::done();
            auto error = answer.error();
            error.sentence +=
                fmt::format(" (while importing invoice {}, line {}; import the file again to continue)", invoice, line);
            return error;
        });
    }

    void refuse(RefusedRow row)
    {
        ++report_.rows_refused;
        if (report_.refused.size() < plan_.options.refused_listed) report_.refused.push_back(std::move(row));
    }

    el::Error file_changed() const
    {
        return {el::Failure::storage, "file-changed",
                "read the file " + plan_.path +
                    " more than once and found it changed in between; import it again when it no longer changes"};
    }

    el::result<void> take(RetailRow row)
    {
        const auto extent = plan_.invoices.find(row.invoice);
        if (extent == plan_.invoices.end()) return file_changed();
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
        carry_out(rows);
        rows_gathered_ += rows.size();
        open_.erase(invoice);
        const bool is_full =
            receipts_.size() + gathered_.size() >= commands_together || rows_gathered_ >= rows_together;
        return is_full ? send_gathered() : el::done();
    }

    // An article has its opening stock before anybody takes from it. All else may be sent in any order.
    el::result<void> send_gathered()
    {
        BOOST_OUTCOME_TRY(flight_.wait_for_room());
        send_all(receipts_);
        send_all(gathered_);
        rows_gathered_ = 0;
        return el::done();
    }

    // By tasks, so that all threads decide, and that the write of the disk, which is a task that comes after them, has them all.
    void send_all(Sends& sends)
    {
        std::atomic<std::size_t> left{sends.size()};
        for (std::size_t first = 0; first < sends.size(); first += sends_a_task) {
            const auto last = std::min(first + sends_a_task, sends.size());
            executor_.post([&, first, last] {
                for (std::size_t i = first; i < last; ++i) sends[i]();
                left -= last - first;
            });
        }
        executor_.wait_until([&] { return left == 0; }, el::Time::max());
        sends.clear();
    }

    template <class Id, class Command>
    void gather(Sends& sends, const Id& to, Command command, const el::Uuid& command_id, const RetailRow& row,
                Known known)
    {
        sends.push_back(
            [this, to, command = std::move(command), command_id, known, invoice = row.invoice, line = row.line] {
                commands_.send(to, command, {.command_id = command_id}, answer_to(invoice, line, known));
            });
    }

    // All rows of one invoice are here.
    void carry_out(const std::vector<RetailRow>& rows)
    {
        std::vector<orders::Line> lines;
        std::uint64_t write_off = 0;
        const RetailRow& first  = rows.front(); // says who and when, if the rows disagree
        bool disagree           = false;
        for (const RetailRow& row : rows) {
            disagree =
                disagree || row.customer != first.customer || row.country != first.country || row.time != first.time;
            receive_opening_stock(row);
            if (row.is_write_off()) {
                this->write_off(row, write_off++);
            } else {
                lines.push_back({row.sku, row.description, row.quantity < 0 ? -row.quantity : row.quantity, row.price});
            }
        }
        report_.mixed_invoices += disagree ? 1 : 0;
        if (lines.empty()) return;
        if (first.is_return()) {
            register_return(first, std::move(lines));
        } else {
            place_order(first, std::move(lines));
        }
    }

    void receive_opening_stock(const RetailRow& row)
    {
        const Sku& sku = row.sku;
        if (plan_.options.opening_stock == 0 || not stocked_.insert(sku).second) return;
        gather(receipts_, sku, stock::Receive{plan_.options.opening_stock, "opening stock"},
               el::derived_uuid({"opening-stock", sku.value}), row, {});
    }

    // `ordinal` tells the write-offs of one invoice apart.
    void write_off(const RetailRow& row, std::uint64_t ordinal)
    {
        const auto id            = el::derived_uuid({"write-off", row.invoice, row.sku.value, std::to_string(ordinal)});
        const std::string reason = row.description.empty() ? "invoice " + row.invoice : row.description;
        const stock::InvoiceRow source{row.invoice, row.description, row.time, row.price, row.customer, row.country};
        gather(gathered_, row.sku, stock::WriteOff{-row.quantity, reason, source}, id, row,
               {.counts = true, .code = {}});
        ++report_.write_offs;
    }

    void place_order(const RetailRow& first, std::vector<orders::Line> lines)
    {
        const OrderId id{first.invoice};
        const Money total = orders::total_of(lines);
        // One that somebody typed in before the file came is known, too.
        gather(gathered_, id, orders::Place{first.customer, first.country, first.time, std::move(lines)},
               el::derived_uuid({"place-order", id.value}), first, {.counts = true, .code = "already-placed"});
        ++report_.orders;
        report_.turnover += total;
    }

    void register_return(const RetailRow& first, std::vector<orders::Line> lines)
    {
        const ReturnId id{first.invoice};
        const Money total = orders::total_of(lines);
        gather(gathered_, id, returns::Register{first.customer, first.country, first.time, std::move(lines)},
               el::derived_uuid({"register-return", id.value}), first, {.counts = true, .code = "already-registered"});
        ++report_.returns;
        report_.returned += total;
    }

    const ImportPlan plan_;
    el::CommandBus& commands_;
    el::Executor& executor_;
    el::InFlight flight_;
    // Commands that are not sent yet: opening stock, and all else.
    Sends receipts_;
    Sends gathered_;
    std::size_t rows_gathered_ = 0;
    // Answers may come after an import that has ended with an error.
    const std::shared_ptr<std::atomic<std::uint64_t>> known_ = std::make_shared<std::atomic<std::uint64_t>>(0);
    ImportReport report_;
    std::unordered_map<std::string, std::vector<RetailRow>> open_;
    std::set<Sku> stocked_;
};

// More than damage explains. Of a few rows half may be damaged.
bool are_too_many(std::uint64_t refused, std::uint64_t rows)
{
    constexpr std::uint64_t few = 20;
    return refused > std::max(rows / 10, std::min(rows / 2, few));
}

} // namespace

el::result<ImportPlan> plan_import(const std::string& path, const ImportOptions& options,
                                   const ImportProgress& progress)
{
    ImportPlan plan{.path = path, .options = options, .dialect = {}, .invoices = {}};
    const auto goes_on = [&](std::uint64_t total) { return progress ? progress(0, total) : el::done(); };
    BOOST_OUTCOME_TRY(plan.dialect, find_dialect(path, options.dialect,
                                                 [&](const TextLines& text) { return goes_on(text.bytes_total()); }));
    std::uint64_t taken   = 0;
    std::uint64_t refused = 0;
    RefusedRow first;
    // Where each invoice ends, so that one whose rows do not stand together is whole when it is placed.
    BOOST_OUTCOME_TRY(for_each_row(
        path, plan.dialect, [&](std::uint64_t, std::uint64_t total) { return goes_on(total); },
        [&](const RetailRow& row) -> el::result<void> {
            ++taken;
            InvoiceExtent& extent = plan.invoices[row.invoice];
            if (extent.rows < orders::most_lines) extent = {extent.rows + 1, row.line};
            return el::done();
        },
        [&](RefusedRow row) {
            if (++refused == 1) first = std::move(row);
        }));
    const auto why = fmt::format("the first that cannot is line {}: {}", first.line, first.reason);
    if (taken == 0) {
        return el::fail(el::Failure::invalid, "no-row-taken",
                        "read the file " + path + " and found " +
                            (refused == 0 ? std::string{"no row after its header; there is nothing to import"}
                                          : fmt::format("that none of its {} rows can be read; {}", refused, why)));
    }
    if (are_too_many(refused, taken + refused) && not options.skip_unreadable) {
        return el::fail(el::Failure::invalid, "too-many-rows-refused",
                        fmt::format("read the file {} and found that {} of its {} rows cannot be read; {}; nothing was "
                                    "imported: correct the file, or import the rest with --skip-unreadable",
                                    path, refused, taken + refused, why));
    }
    return plan;
}

el::result<ImportReport> import_file(ImportPlan plan, el::CommandBus& commands, el::Executor& executor,
                                     const ImportProgress& progress)
{
    return Import{std::move(plan), commands, executor}.run(progress);
}

el::result<ImportReport> import_file(const std::string& path, const ImportOptions& options, el::CommandBus& commands,
                                     el::Executor& executor, const ImportProgress& progress)
{
    BOOST_OUTCOME_TRY(auto plan, plan_import(path, options, progress));
    return import_file(std::move(plan), commands, executor, progress);
}

} // namespace shop
