// What any SQLite tool sees of a file.
//
//     Sql file{path};
//     CHECK(file.ask("SELECT key, city FROM people") == Lines{"ada|York"});
//
// Threads: one.
#pragma once

#include "projections/people.hpp"

#include <sqlite3.h>

namespace sql {

using Lines = std::vector<std::string>; // a row each, with | between the columns

class Sql {
public:
    explicit Sql(const std::string& file)
    {
        REQUIRE(sqlite3_open_v2(file.c_str(), &database_, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
        sqlite3_busy_timeout(database_, 10'000);
    }
    ~Sql() { sqlite3_close_v2(database_); }
    Sql(const Sql&)            = delete;
    Sql& operator=(const Sql&) = delete;

    Lines ask(const std::string& question)
    {
        Lines lines;
        const auto take = [](void* all, int columns, char** cells, char**) {
            std::string line;
            for (int i = 0; i < columns; ++i) line += (i == 0 ? "" : "|") + std::string{cells[i] ? cells[i] : "NULL"};
            static_cast<Lines*>(all)->push_back(line);
            return 0;
        };
        INFO(question);
        const int code = sqlite3_exec(database_, question.c_str(), take, &lines, nullptr);
        INFO(sqlite3_errmsg(database_));
        REQUIRE(code == SQLITE_OK);
        return lines;
    }

private:
    sqlite3* database_ = nullptr;
};

} // namespace sql
