#include "query/query_writers.hpp"

namespace eventloom {

namespace {

// What has a text form is that; all other cells stay as they are.
Json for_people(const ColumnDescription& column, const Json& cell)
{
    if (column.write == nullptr || not cell.is_whole()) return cell;
    return column.write(cell.whole());
}

std::string json_line(const Json& value)
{
    return value.dump();
}

class TableWriter final : public QueryWriter {
public:
    TableWriter(Console& console, const QueryColumns& columns)
        : console_{console}, columns_{columns}, table_{headings(columns), console.shape().table_width}
    {
    }

    void page(const TableRows& rows) override
    {
        TableRows shown = rows;
        for (auto& row : shown) {
            for (std::size_t i = 0; i < columns_.size(); ++i) row[i] = for_people(*columns_[i], row[i]);
        }
        print(shown);
    }

    void finish() override { print({}); }

private:
    void print(const TableRows& rows)
    {
        for (const auto& line : table_.lines(rows)) console_.out(line + "\n");
    }

    static std::vector<Column> headings(const QueryColumns& columns)
    {
        std::vector<Column> headings;
        for (const auto* const column : columns) {
            const bool right = column->kind == ColumnKind::whole_number || column->kind == ColumnKind::number;
            headings.push_back({column->name, right ? Align::right : Align::left});
        }
        return headings;
    }

    Console& console_;
    const QueryColumns columns_;
    TextTable table_;
};

class JsonWriter final : public QueryWriter {
public:
    JsonWriter(Console& console, const QueryColumns& columns) : console_{console}, columns_{columns} {}

    void page(const TableRows& rows) override
    {
        for (const auto& row : rows) {
            auto object = Json::object();
            for (std::size_t i = 0; i < columns_.size(); ++i) object[columns_[i]->name] = row[i];
            console_.out(std::exchange(before_, ",\n") + json_line(object));
        }
    }

    void finish() override { console_.out(before_.front() == '[' ? "[]\n" : "\n]\n"); }

private:
    Console& console_;
    const QueryColumns columns_;
    std::string before_ = "[\n";
};

class CsvWriter final : public QueryWriter {
public:
    CsvWriter(Console& console, const QueryColumns& columns) : console_{console}, columns_{columns} {}

    void page(const TableRows& rows) override
    {
        print_header();
        for (const auto& row : rows) {
            std::string line;
            for (std::size_t i = 0; i < columns_.size(); ++i) {
                line += (i == 0 ? "" : ",") + field(for_people(*columns_[i], row[i]));
            }
            console_.out(line + "\r\n");
        }
    }

    void finish() override { print_header(); }

private:
    void print_header()
    {
        if (std::exchange(headed_, true)) return;
        std::string line;
        for (const auto* const column : columns_) line += (line.empty() ? "" : ",") + field(column->name);
        console_.out(line + "\r\n");
    }

    static std::string field(const Json& cell)
    {
        if (cell.is_null()) return "";
        const std::string text = cell.is_text() ? cell.text() : json_line(cell);
        if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
        std::string quoted = "\"";
        for (const char c : text) quoted += c == '"' ? std::string(2, '"') : std::string(1, c);
        return quoted + "\"";
    }

    Console& console_;
    const QueryColumns columns_;
    bool headed_ = false;
};

} // namespace

std::unique_ptr<QueryWriter> write_table(Console& console, const QueryColumns& columns)
{
    return std::make_unique<TableWriter>(console, columns);
}

std::unique_ptr<QueryWriter> write_json(Console& console, const QueryColumns& columns)
{
    return std::make_unique<JsonWriter>(console, columns);
}

std::unique_ptr<QueryWriter> write_csv(Console& console, const QueryColumns& columns)
{
    return std::make_unique<CsvWriter>(console, columns);
}

} // namespace eventloom
