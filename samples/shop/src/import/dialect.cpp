#include "dialect.hpp"

#include "readings.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <map>

namespace shop {

namespace {

constexpr std::array<DateOrder, 3> orders{DateOrder::dmy, DateOrder::mdy, DateOrder::ymd};
constexpr std::array<std::string_view, 3> order_names{"dmy", "mdy", "ymd"};
constexpr std::array<std::string_view, 3> order_sentences{"day first", "month first", "year first"};
constexpr std::array<DecimalMark, 2> marks{DecimalMark::point, DecimalMark::comma};
constexpr std::array<std::string_view, 2> mark_names{"point", "comma"};

struct Delimiter {
    char character;
    std::string_view name;
};
constexpr Delimiter delimiters[]{{',', "comma"}, {';', "semicolon"}, {'\t', "tab"}, {'|', "|"}};

std::string name_of(char delimiter)
{
    const auto found = std::find_if(std::begin(delimiters), std::end(delimiters),
                                    [&](const Delimiter& one) { return one.character == delimiter; });
    return found == std::end(delimiters) ? in_quotes({&delimiter, 1}) : std::string{found->name};
}

// "2010-12-01 08:26"
std::string shown(BusinessTime time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
    return text;
}

// The kind of a file that is not text, by its first bytes.
std::optional<std::string_view> other_form_of(const std::string& path)
{
    using namespace std::string_view_literals;
    struct Form {
        std::string_view begins;
        std::string_view name;
    };
    constexpr Form forms[]{{"PK\x03\x04"sv, "a workbook (XLSX, ODS) or another ZIP archive"},
                           {"\xD0\xCF\x11\xE0"sv, "an old workbook (XLS)"},
                           {"\x1F\x8B"sv, "a file compressed by gzip"},
                           {"%PDF"sv, "a PDF document"},
                           {"<"sv, "HTML or XML"},
                           {"{"sv, "JSON"},
                           {"["sv, "JSON"}};
    std::string begin(8, '\0');
    std::ifstream{path, std::ios::binary}.read(begin.data(), static_cast<std::streamsize>(begin.size()));
    for (const auto& form : forms) {
        if (begin.starts_with(form.begins)) return form.name;
    }
    return std::nullopt;
}

// The form in which the first row names most columns.
el::result<CsvForm> find_form(const std::string& path)
{
    CsvForm best;
    std::size_t most = 0;
    for (const auto& delimiter : delimiters) {
        BOOST_OUTCOME_TRY(auto rows, CsvRows::open(path, {.delimiter = delimiter.character}));
        BOOST_OUTCOME_TRY(const auto header, rows.next());
        const auto named = header ? RetailColumns::named_in(*header) : 0;
        if (named <= most) continue;
        most              = named;
        best              = rows.form();
        const auto& first = header->fields.front();
        if (first.size() > 2 && first.starts_with('\'') && first.ends_with('\'')) best.quote = '\'';
    }
    return best;
}

// What the rows of a file say about the way in which it is written.
class Survey {
public:
    explicit Survey(const RetailColumns& columns) : columns_{columns} {}

    void add(const CsvRow& row)
    {
        if (not row.damage.empty()) return;
        ++widths_[std::min(row.fields.size(), columns_.width() + 100)];
        const auto beyond =
            row.fields.begin() + static_cast<std::ptrdiff_t>(std::min(columns_.width(), row.fields.size()));
        const bool fits = std::all_of(beyond, row.fields.end(), [](const auto& field) { return field.empty(); });
        if (not fits || row.fields.size() < columns_.width_at_least()) return;
        add_date(row.line, columns_.field(row, RetailColumns::date));
        add_number(row.line, columns_.field(row, RetailColumns::quantity));
        add_number(row.line, columns_.field(row, RetailColumns::price));
    }

    el::result<void> decide(const std::string& path, const DialectAsked& asked, Dialect& dialect) const
    {
        BOOST_OUTCOME_TRY(decide_dates(path, asked, dialect));
        BOOST_OUTCOME_TRY(decide_decimal(path, asked, dialect));
        dialect.width = width();
        return el::done();
    }

private:
    struct Range {
        BusinessTime first = BusinessTime::max();
        BusinessTime last  = BusinessTime::min();
    };

    void add_date(std::uint64_t line, std::string_view text)
    {
        Readings<BusinessTime, 3>::Values values;
        for (std::size_t i = 0; i < orders.size(); ++i) {
            values[i] = parse_date(text, orders[i]).time;
            if (values[i]) ranges_[i] = {std::min(ranges_[i].first, *values[i]), std::max(ranges_[i].last, *values[i])};
        }
        dates_.add(line, text, values);
        add_day_before_month(line, text, values[2].has_value());
    }

    // 2010/13/12 is either damaged or says that the day stands before the month in all rows. With hyphens it is damaged: nobody
    // writes that. Where another row can only be year, month and day, it is damaged, too.
    void add_day_before_month(std::uint64_t line, std::string_view text, bool is_year_month_day)
    {
        if (text.find('-') != std::string_view::npos) return;
        const bool is_year_day_month = parse_date(text, DateOrder::ydm).time.has_value();
        if (is_year_month_day && not is_year_day_month) is_proven_ymd_ = true;
        const bool no_other = not parse_date(text, DateOrder::dmy).time && not parse_date(text, DateOrder::mdy).time;
        if (is_year_day_month && not is_year_month_day && no_other && not day_before_month_) {
            day_before_month_ = Witness{line, std::string{text}};
        }
    }

    void add_number(std::uint64_t line, std::string_view text)
    {
        Readings<Number, 2>::Values values;
        for (std::size_t i = 0; i < marks.size(); ++i) values[i] = parse_number(text, marks[i]);
        numbers_.add(line, text, values);
    }

    el::result<void> decide_dates(const std::string& path, const DialectAsked& asked, Dialect& dialect) const
    {
        std::string found;
        if (day_before_month_ && not is_proven_ymd_ && not asked.dates) {
            return el::fail(el::Failure::invalid, "contradictory-dates",
                            "read the file " + path + " and found the day before the month, with the year first: " +
                                day_before_month_->shown() +
                                "; write the dates as year, month and day, or use --dates ymd to read them in this "
                                "order and to refuse the rows that do not fit");
        }
        if (asked.dates) {
            dialect.dates = *asked.dates;
            found         = std::string{order_sentences[static_cast<std::size_t>(dialect.dates)]} + ", as asked for; ";
        } else {
            BOOST_OUTCOME_TRY(const auto order, dates_.decide(path, {"dates", "--dates"}, shown));
            if (order) {
                dialect.dates = orders[*order];
                found         = std::string{order_sentences[*order]} + ", as " + dates_.proof()->shown() + " says; ";
            }
        }
        const auto way = static_cast<std::size_t>(dialect.dates);
        if (const auto example = dates_.example(way, shown); not example.empty()) found += example + "; ";
        const auto& range = ranges_[way];
        if (range.first > range.last) return el::done();
        dialect.found.emplace_back("dates", found + "from " + shown(range.first) + " to " + shown(range.last));
        return el::done();
    }

    el::result<void> decide_decimal(const std::string& path, const DialectAsked& asked, Dialect& dialect) const
    {
        if (asked.decimal) {
            dialect.decimal = *asked.decimal;
            dialect.found.emplace_back("decimal", std::string{mark_names[static_cast<std::size_t>(*asked.decimal)]} +
                                                      ", as asked for");
            return el::done();
        }
        const auto show = [](const Number& number) { return to_string(number); };
        BOOST_OUTCOME_TRY(const auto mark, numbers_.decide(path, {"numbers", "--decimal"}, show));
        if (not mark) return el::done(); // there are whole numbers only
        dialect.decimal = marks[*mark];
        dialect.found.emplace_back("decimal",
                                   std::string{mark_names[*mark]} + ", as " + numbers_.proof()->shown() + " says");
        return el::done();
    }

    // As most rows have: a file may end each of them in a delimiter, or the header alone.
    std::size_t width() const
    {
        const auto most = std::max_element(widths_.begin(), widths_.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
        return most == widths_.end() || most->first < columns_.width_at_least() ? columns_.width() : most->first;
    }

    const RetailColumns& columns_;
    std::optional<Witness> day_before_month_; // the first date that nothing else explains
    bool is_proven_ymd_ = false;
    Readings<BusinessTime, 3> dates_{order_names};
    Readings<Number, 2> numbers_{mark_names};
    std::array<Range, 3> ranges_;
    std::map<std::size_t, std::uint64_t> widths_; // how many rows have so many fields
};

void say_text(const CsvRows& rows, Dialect& dialect)
{
    std::string encoding{rows.text().encoding()};
    if (const auto lines = rows.text().lines_in_windows_1252(); lines > 0) {
        encoding = fmt::format("Windows-1252 in {} lines, UTF-8 in the others", lines);
    }
    dialect.found.emplace_back("encoding", std::move(encoding));
    dialect.found.emplace_back("delimiter", name_of(dialect.form.delimiter));
    if (dialect.form.quote != '"') dialect.found.emplace_back("quotes", std::string{dialect.form.quote});
    std::string columns;
    for (const auto& [name, in_file] : dialect.columns.renamed()) {
        columns += (columns.empty() ? "" : ", ") + name + " from " + in_quotes(in_file);
    }
    if (not columns.empty()) dialect.found.emplace_back("columns", std::move(columns));
}

} // namespace

el::result<Dialect> find_dialect(const std::string& path, const DialectAsked& asked, const DialectProgress& progress)
{
    Dialect dialect;
    BOOST_OUTCOME_TRY(dialect.form, find_form(path));
    BOOST_OUTCOME_TRY(auto rows, CsvRows::open(path, dialect.form));
    BOOST_OUTCOME_TRY(const auto header, rows.next());
    auto columns = RetailColumns::from_header(header.value_or(CsvRow{}), path);
    if (not columns) {
        const auto form = other_form_of(path);
        if (not form) return std::move(columns.error());
        return el::fail(el::Failure::invalid, "not-a-text-file",
                        "read the file " + path + " and found " + std::string{*form} +
                            "; save it as CSV and import that");
    }
    dialect.columns = std::move(columns.value());
    Survey survey{dialect.columns};
    for (;;) {
        BOOST_OUTCOME_TRY(const auto row, rows.next());
        if (not row) break;
        survey.add(*row);
        if (progress) {
            BOOST_OUTCOME_TRY(progress(rows.text()));
        }
    }
    say_text(rows, dialect);
    BOOST_OUTCOME_TRY(survey.decide(path, asked, dialect));
    return dialect;
}

} // namespace shop
