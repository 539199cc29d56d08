// The importer's files: every row is taken, or refused with one clean sentence, and none is made of another's lines.
#include "targets.hpp"

#include "import/retail_row.hpp"
#include "orders/order.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/utf8.hpp>

#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace shop;
using el::ensure;

// A file that is nowhere but in memory.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view content) : descriptor_{memfd_create("rows", MFD_CLOEXEC)}
    {
        ensure(descriptor_ >= 0 && write(descriptor_, content.data(), content.size()) == ssize_t(content.size()),
               "there is no memory for a file");
    }
    ~MemoryFile() { close(descriptor_); }
    MemoryFile(const MemoryFile&)            = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

void check(const el::result<RetailRow>& read)
{
    if (not read) {
        return ensure(read.error().code == "row-refused" && el::is_clean_name(read.error().sentence),
                      "a row is refused with a sentence that cannot be shown");
    }
    const RetailRow& row = read.value();
    ensure(el::is_clean_name(row.invoice) && el::is_clean_name(row.sku.value) &&
               el::is_clean_name(row.customer.value) && el::is_clean_name(row.country) &&
               (row.description.empty() || el::is_clean_name(row.description)),
           "a row with control characters is taken");
    ensure(row.quantity != 0 && row.price.pence >= 0, "a row without goods, or below nothing, is taken");
    const auto pieces = row.quantity < 0 ? -row.quantity : row.quantity;
    ensure(pieces <= orders::most_pieces && (row.price * pieces).pence <= orders::most_worth.pence,
           "a row beyond all bounds is taken");
}

} // namespace

void eventloom::fuzz::rows(std::string_view bytes)
{
    const MemoryFile file{bytes};
    auto dialect = find_dialect(file.path(), {});
    if (not dialect && dialect.error().code.starts_with("ambiguous-")) {
        dialect = find_dialect(file.path(), {.dates = DateOrder::dmy, .decimal = DecimalMark::comma});
    }
    if (not dialect)
        ensure(el::is_clean_name(dialect.error().sentence), "a file is refused with a sentence that cannot be shown");
    auto rows = CsvRows::open(file.path(), dialect ? dialect.value().form : CsvForm{});
    ensure(rows.has_value(), "a file of any bytes cannot be opened");
    const auto ends    = std::count_if(bytes.begin(), bytes.end(), [](char c) { return c == '\n' || c == '\r'; });
    std::uint64_t line = 0;
    for (;;) {
        const auto row = rows.value().next();
        ensure(row.has_value(), "a file of any bytes cannot be read");
        if (not row.value()) break;
        ensure(row.value()->line > line && row.value()->line <= static_cast<std::uint64_t>(ends) + 1,
               "a row begins at a line that it is not at");
        line = row.value()->line;
        for (const auto& field : row.value()->fields) ensure(is_utf8(field), "a field is no UTF-8");
        if (dialect) check(read_retail_row(*row.value(), dialect.value()));
    }
    ensure(rows.value().text().bytes_read() == bytes.size(), "a file is not read to its end");
}
