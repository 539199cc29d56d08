#include "columns.hpp"

#include "cell.hpp"

#include <algorithm>

namespace shop {

namespace {

// A column's name, and the other names that exports of tills, shops and the data set's second edition have for it: lower-case
// letters and digits only, with a blank on both sides.
struct Names {
    std::string_view name;
    std::string_view others;
};
constexpr Names known[]{
    {"InvoiceNo",
     " invoice invoicenumber invoicenum invoicenr invoiceid invoicecode orderno ordernumber orderid order "},
    {"StockCode", " sku stockid stockno itemcode itemno itemnumber itemid productcode productid productno articleno "
                  "articlenumber articleid articlecode "},
    {"Description", " desc itemdescription itemname productdescription productname articlename product item article "},
    {"Quantity", " qty quantities units pieces orderquantity quantityordered "},
    {"InvoiceDate", " date datetime invoicedatetime orderdate orderdatetime timestamp transactiondate "},
    {"UnitPrice", " price priceperunit priceeach itemprice pricegbp unitpricegbp productprice "},
    {"CustomerID", " customer customerno customernumber customercode custid clientid client accountno "},
    {"Country", " countryname customercountry shippingcountry billingcountry shiptocountry "},
};

// "Unit_Price (GBP)" as "unitprice".
std::string bare(std::string_view name)
{
    std::string letters;
    for (const char c : name.substr(0, name.find_first_of("(["))) {
        if (c >= 'A' && c <= 'Z') letters.push_back(static_cast<char>(c - 'A' + 'a'));
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) letters.push_back(c);
    }
    return letters;
}

std::vector<std::size_t> places_named(const CsvRow& header, const Names& column)
{
    std::vector<std::size_t> own;
    std::vector<std::size_t> others;
    for (std::size_t place = 0; place < header.fields.size(); ++place) {
        const auto name = bare(header.fields[place]);
        if (name == bare(column.name)) own.push_back(place);
        if (not name.empty() && column.others.find(" " + name + " ") != std::string_view::npos) others.push_back(place);
    }
    return own.empty() ? others : own;
}

std::string joined(const std::vector<std::string>& names)
{
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    return all;
}

// The first row in short.
std::string header_text(const CsvRow& header)
{
    constexpr std::size_t most = 12;
    if (not header.damage.empty()) return "cannot be read, because " + header.damage;
    if (header.fields.empty()) return "is empty";
    std::vector<std::string> names;
    for (const auto& field : header.fields) {
        if (names.size() == most) {
            names.emplace_back("...");
            break;
        }
        names.push_back(in_quotes(field));
    }
    return "is " + joined(names);
}

} // namespace

std::size_t RetailColumns::named_in(const CsvRow& header)
{
    return static_cast<std::size_t>(std::count_if(std::begin(known), std::end(known), [&](const Names& column) {
        return header.damage.empty() && not places_named(header, column).empty();
    }));
}

el::result<RetailColumns> RetailColumns::from_header(const CsvRow& header, const std::string& path)
{
    RetailColumns columns;
    columns.width_ = header.fields.size();
    std::vector<std::string> missing;
    for (std::size_t column = 0; column < column_count; ++column) {
        const auto& names = known[column];
        const auto places = header.damage.empty() ? places_named(header, names) : std::vector<std::size_t>{};
        if (places.size() > 1) {
            return el::fail(el::Failure::invalid, "ambiguous-columns",
                            "read the file " + path + " and found that " + in_quotes(header.fields[places[0]]) +
                                " and " + in_quotes(header.fields[places[1]]) + " in its first row may both be " +
                                std::string{names.name} + "; give only the right one this name");
        }
        if (places.empty()) {
            missing.emplace_back(names.name);
            continue;
        }
        columns.places_[column] = places[0];
        const std::string found{trimmed(header.fields[places[0]])};
        if (found != names.name) columns.renamed_.emplace_back(names.name, found);
    }
    if (missing.empty()) return columns;
    return el::fail(el::Failure::invalid, "not-online-retail",
                    "read the file " + path + " and found no column " + joined(missing) + " in its first row, which " +
                        header_text(header) +
                        "; give a text file in the form of Online Retail, with the names of its columns in the " +
                        "first row and commas, semicolons, tabs or | between them");
}

std::size_t RetailColumns::width_at_least() const
{
    return *std::max_element(places_.begin(), places_.end()) + 1;
}

} // namespace shop
