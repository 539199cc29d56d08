// Files as tills, spreadsheets and broken disks write them.
#include "import/csv_rows.hpp"
#include "support/every_store.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include <sys/stat.h>

namespace shop_csv_rows_test {

using namespace std::string_literals;
using eventloom::testing::TemporaryDirectory;
using shop::CsvRow;
using shop::CsvRows;

std::vector<CsvRow> rows_of(const std::string& bytes)
{
    const TemporaryDirectory directory;
    const auto path = directory.path() + "/file.csv";
    std::ofstream{path, std::ios::binary} << bytes;
    auto opened = CsvRows::open(path);
    REQUIRE(opened);
    std::vector<CsvRow> rows;
    for (;;) {
        auto row = opened.value().next();
        REQUIRE(row);
        if (not row.value()) break;
        rows.push_back(std::move(*row.value()));
    }
    CHECK(opened.value().text().bytes_read() == bytes.size());
    CHECK(opened.value().text().bytes_total() == bytes.size());
    return rows;
}

// The rows in short: fields between bars, or what is wrong, each after its line.
std::vector<std::string> read(const std::string& bytes)
{
    std::vector<std::string> shown;
    for (const auto& row : rows_of(bytes)) {
        std::string fields;
        for (const auto& field : row.fields) fields += (&field == &row.fields.front() ? "" : "|") + field;
        shown.push_back(std::to_string(row.line) + (row.damage.empty() ? ":" + fields : "! " + row.damage));
    }
    return shown;
}

using Shown = std::vector<std::string>;

const std::string never_closed = "a quote is opened and never closed";
const std::string misplaced    = "a quote or a carriage return stands where none may stand";

struct Case {
    std::string what;
    std::string bytes;
    Shown rows;
};

TEST_CASE("rows are read as they were written, whatever wrote them", "[shop][csv]")
{
    const auto& [what, bytes, rows] = GENERATE(values<Case>({
        {"plain", "a,b\n1,2\n", {"1:a|b", "2:1|2"}},
        {"no end of the last line", "a,b\n1,2", {"1:a|b", "2:1|2"}},
        {"a spreadsheet's line ends", "a,b\r\n1,2\r\n", {"1:a|b", "2:1|2"}},
        {"a byte-order mark",
         "\xEF\xBB\xBF"
         "a,b\n1,2\n",
         {"1:a|b", "2:1|2"}},
        {"a quoted comma", "a,b\n\"x, y\",2\n", {"1:a|b", "2:x, y|2"}},
        {"a quoted quote", "a,b\n\"6\"\" PLATE\",2\n", {"1:a|b", "2:6\" PLATE|2"}},
        {"a quoted line break", "a,b\n\"x\ny\",2\n3,4\n", {"1:a|b", "2:x\ny|2", "4:3|4"}},
        {"a quoted line break of a spreadsheet", "a,b\r\n\"x\r\ny\",2\r\n3,4", {"1:a|b", "2:x\ny|2", "4:3|4"}},
        {"quoted blank lines", "a,b\n\"x\n\n\ny\",2\n", {"1:a|b", "2:x\n\n\ny|2"}},
        {"blank lines between", "a,b\n\n  \n1,2\n\r\n3,4\n", {"1:a|b", "4:1|2", "6:3|4"}},
        {"blanks around", "a,b\n 1 , \"2\" \n", {"1:a|b", "2:1|2"}},
        {"empty fields", "a,b\n,\n\"\",2\n", {"1:a|b", "2:|", "3:|2"}},
        {"UTF-8",
         "a,b\n\xC2\xA3"
         "5,caf\xC3\xA9\n",
         {"1:a|b", "2:\xC2\xA3"
                   "5|caf\xC3\xA9"}},
        {"Latin-1",
         "a,b\n\xA3"
         "5,caf\xE9\n",
         {"1:a|b", "2:\xC2\xA3"
                   "5|caf\xC3\xA9"}},
        {"Windows-1252", "a,b\n\x80 5,\x93x\x94\n", {"1:a|b", "2:\xE2\x82\xAC 5|\xE2\x80\x9Cx\xE2\x80\x9D"}},
        {"UTF-16",
         "\xFF\xFE"
         "a\0,\0b\0\n\0\xA3\0,\0\xAC\x20\n\0"s,
         {"1:a|b", "2:\xC2\xA3|\xE2\x82\xAC"}},
        {"UTF-16, the other way round",
         "\xFE\xFF\0a\0,\0b\0\r\0\n\0"
         "1\0,\0"
         "2"s,
         {"1:a|b", "2:1|2"}},
        {"UTF-16 without a mark",
         "a\0,\0b\0\n\0"
         "1\0,\0"
         "2\0"s,
         {"1:a|b", "2:1|2"}},
        {"UTF-32", "\xFF\xFE\0\0a\0\0\0,\0\0\0b\0\0\0"s, {"1:a|b"}},
        {"line ends of an old Macintosh", "a,b\r1,2\r\"x\ny\",4", {"1:a|b", "2:1|2", "3:x\ny|4"}},
        {"line ends made twice", "a,b\r\r\n1,2\r\r\n", {"1:a|b", "2:1|2"}},
        {"a line that names the delimiter", "sep=;\r\na;b\r\n1,5;2\r\n", {"2:a|b", "3:1,5|2"}},
        {"the same in quotes", "\"sep=\t\"\na\tb\n1\t2\n", {"2:a|b", "3:1|2"}},
        {"one that only begins like it", "sep=,b\n1,2\n", {"1:sep=|b", "2:1|2"}},
        {"nothing", "", {}},
        {"a mark alone", "\xEF\xBB\xBF", {}},
        {"half a mark", "\xEF\xBB", {"1:\xC3\xAF\xC2\xBB"}},
        {"rows of other lengths", "a,b\n1\n1,2,3\n", {"1:a|b", "2:1", "3:1|2|3"}},
    }));
    INFO(what);
    CHECK(read(bytes) == rows);
}

TEST_CASE("a damaged row is named by its line and swallows no other", "[shop][csv]")
{
    const auto& [what, bytes, rows] = GENERATE(values<Case>({
        {"a quote that is never closed", "a,b\n\"1,2\n3,4\n5,6\n", {"1:a|b", "2! " + never_closed, "3:3|4", "4:5|6"}},
        {"the last one", "a,b\n1,2\n\"3,4", {"1:a|b", "2:1|2", "3! " + never_closed}},
        {"one before a quoted row", "a,b\n\"1,2\n\"3\",4\n", {"1:a|b", "2! " + never_closed, "3:3|4"}},
        {"one that a later damaged row would close",
         "a,b,c\n1,\"2,3\n4,5,6\n7,8\",9\n10,11,12\n",
         {"1:a|b|c", "2! " + never_closed, "3:4|5|6", "4! " + misplaced, "5:10|11|12"}},
        {"every row",
         "a,b\n\"1,2\n\"3,4\n\"5,6\n",
         {"1:a|b", "2! " + misplaced, "3! " + misplaced, "4! " + never_closed}},
        {"a quote within a word", "a,b\n6\" PLATE,2\n3,4\n", {"1:a|b", "2! " + misplaced, "3:3|4"}},
        {"a word after a quote", "a,b\n\"6\" PLATE,2\n3,4\n", {"1:a|b", "2! " + misplaced, "3:3|4"}},
        {"half a character of UTF-16",
         "\xFF\xFE"
         "a\0\n\0"
         "1\0\0\xD8\n\0"
         "2\0\n\0"s,
         {"1:a", "2! the row holds bytes that are no character in UTF-16LE", "3:2"}},
        {"a byte that is no character",
         "a,b\n\x81,2\n3,4\n",
         {"1:a|b", "2! the row holds bytes that are no character, neither in UTF-8 nor in Windows-1252", "3:3|4"}},
        {"a carriage return within", "a,b\n1,2\r3,4\n5,6\n", {"1:a|b", "2! " + misplaced, "3:5|6"}},
    }));
    INFO(what);
    CHECK(read(bytes) == rows);
}

TEST_CASE("a row longer than a megabyte is refused, and the next is read", "[shop][csv]")
{
    const std::string long_row = "1," + std::string(3u << 20, 'x');
    const auto rows            = rows_of("a,b\n" + long_row + "\n3,4\n" + long_row);
    REQUIRE(rows.size() == 4);
    CHECK(rows[1].line == 2);
    CHECK(rows[1].damage == "the row is longer than a megabyte");
    CHECK(rows[2].fields == Shown{"3", "4"});
    CHECK(rows[3].line == 4);
    CHECK(rows[3].damage == "the row is longer than a megabyte");
}

TEST_CASE("a quoted field may go on over a hundred lines, and not for ever", "[shop][csv]")
{
    const auto with_breaks = [](std::size_t count) {
        std::string text = "a,b\n\"x";
        for (std::size_t i = 0; i < count; ++i) text += "\ny";
        return text + "\",2\n3,4\n";
    };
    const auto whole = rows_of(with_breaks(100));
    REQUIRE(whole.size() == 3);
    CHECK(whole[1].damage.empty());
    CHECK(whole[2].line == 103);
    const auto endless = rows_of(with_breaks(101));
    CHECK(endless[1].damage == never_closed);
    CHECK(endless.size() == 1 + 102 + 1);
    CHECK(endless.back().fields == Shown{"3", "4"});
}

TEST_CASE("a file that cannot be read is one clear sentence", "[shop][csv]")
{
    const TemporaryDirectory directory;
    const auto missing = CsvRows::open(directory.path() + "/none.csv");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == "cannot-read-file");
    CHECK(missing.error().kind == eventloom::Failure::storage);
    CHECK(missing.error().sentence.find("No such file") != std::string::npos);

    const auto a_directory = CsvRows::open(directory.path());
    REQUIRE_FALSE(a_directory);
    CHECK(a_directory.error().code == "cannot-read-file");

    // A pipe can be read once only, and opening one could wait for ever.
    REQUIRE(mkfifo((directory.path() + "/pipe").c_str(), 0600) == 0);
    const auto pipe = CsvRows::open(directory.path() + "/pipe");
    REQUIRE_FALSE(pipe);
    CHECK(pipe.error().code == "cannot-read-file");
}

TEST_CASE("whatever bytes a file holds, reading it ends and each row is on a line of its own", "[shop][csv][fuzz]")
{
    const auto seed = GENERATE(range(1u, 60u));
    INFO("seed " << seed);
    std::mt19937 random{seed};
    // The bytes that mean something come often.
    const std::string loved = "\"\",,\n\n\r\0 \xA3\xEF\xBB\xBFx1"s;
    std::string bytes;
    for (auto size = random() % 4'000; size > 0; --size) {
        bytes.push_back(random() % 4 == 0 ? static_cast<char>(random()) : loved[random() % loved.size()]);
    }
    std::uint64_t line = 0;
    for (const auto& row : rows_of(bytes)) {
        CHECK(row.line > line);
        line = row.line;
    }
    const auto ends = std::count_if(bytes.begin(), bytes.end(), [](char c) { return c == '\n' || c == '\r'; });
    CHECK(line <= static_cast<std::uint64_t>(ends) + 1);
}

TEST_CASE("of good rows among damaged ones none is lost", "[shop][csv][fuzz]")
{
    const auto seed = GENERATE(range(1u, 60u));
    INFO("seed " << seed);
    std::mt19937 random{seed};
    std::string bytes = "number,text,rest\n";
    std::vector<std::uint64_t> good;
    for (std::uint64_t line = 2; line < 200; ++line) {
        const auto number = std::to_string(line);
        switch (random() % 8) {
        case 0:
            bytes += number + ",\"open,rest\n";
            break;
        case 1:
            bytes += number + ",close\",rest\n";
            break;
        case 2:
            bytes += "\"" + number + ",x,rest\n";
            break;
        case 3:
            bytes += number + ",in\"side,rest\n";
            break;
        default:
            good.push_back(line);
            bytes += number + (random() % 2 == 0 ? ",\"x, y\",rest\n" : ",x,rest\n");
        }
    }
    std::map<std::uint64_t, CsvRow> by_line;
    for (auto& row : rows_of(bytes)) by_line.emplace(row.line, std::move(row));
    // An opening quote and, in the very next row, a closing one are a quoted line break: bad rows may become one.
    CHECK(by_line.size() <= 199);
    for (const auto line : good) {
        INFO("line " << line);
        CHECK(by_line[line].damage.empty());
        CHECK(by_line[line].fields.front() == std::to_string(line));
    }
}

} // namespace shop_csv_rows_test
