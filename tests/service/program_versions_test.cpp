// Two builds of one program over one data directory, one after the other: rows of both have another shape.
#include "service/guest_books.hpp"

namespace program_versions_test {

using namespace guest_books;

const std::string old_program = GUEST_BOOK_1;
const std::string new_program = GUEST_BOOK_4; // more columns in `guests`, and in one table of `cities`

Said with(const std::string& program, const Book& book, std::vector<std::string> words)
{
    words.insert(words.end(), {"--json", "--data", book.data()});
    return run(program, std::move(words));
}

OrderedJson rows_of(const std::string& program, const Book& book, const std::string& table)
{
    const auto said = with(program, book, {"query", table});
    INFO(said.errors);
    REQUIRE(said.exit_code == 0);
    return said.json();
}

const OrderedJson ada_of_old = OrderedJson::parse(R"({"key": "ada", "city": "York", "visits": 3})");

// Commands that look, or write events: of none of them are rows of the other program the business.
const std::vector<std::vector<std::string>> commands{
    {"query"},
    {"projections", "list"},
    {"projections", "as-of", "guests", "ada", "--position", "2"},
    {"dead-letters", "list"},
    {"events", "tail"},
    {"streams", "list"},
    {"store", "info"},
    {"sagas", "list"},
    {"sign", "zoe", "Rome"},
};

TEST_CASE("commands of a program whose rows have another shape leave those of the one before as they are",
          "[service][projections][versions]")
{
    const Book book;
    const auto guests = rows_of(old_program, book, "guests");
    const auto cities = rows_of(old_program, book, "cities.all");
    REQUIRE(guests.at(0) == ada_of_old);
    for (const auto* const table : {"guests", "cities.all", "cities.by-name"}) {
        const auto said = with(new_program, book, {"query", table});
        CHECK(said.exit_code == 1);
        REQUIRE(said.code() == "version-not-built");
        CHECK(said.sentence().find("`serve`") != std::string::npos);
    }
    const auto diff = with(new_program, book, {"projections", "diff", "guests", "--against", old_program});
    CHECK(diff.code() == "version-not-built");
    CHECK(with(new_program, book, {"projections", "verify", "--all"}).code() == "version-not-built");
    CHECK(rows_of(old_program, book, "guests") == guests);
    CHECK(rows_of(old_program, book, "cities.all") == cities);
    CHECK(with(old_program, book, {"projections", "verify", "--all"}).exit_code == 0);
    CHECK(with(old_program, book, {"projections", "diff", "guests", "--against", new_program}).json()["differences"] ==
          4);
}

TEST_CASE("programs of both versions run every command that needs no rows of the other, whichever has built its own",
          "[service][projections][versions]")
{
    const Book book;
    const auto run_all = [&](const std::string& program) {
        for (const auto& words : commands) {
            INFO(program << " " << words.front() << " " << words.back());
            const auto said = with(program, book, words);
            INFO(said.errors);
            CHECK(said.exit_code == 0);
        }
    };
    run_all(new_program);
    run_all(old_program);
    REQUIRE(with(new_program, book, {"projections", "rebuild", "--all"}).exit_code == 0);
    run_all(old_program);
    CHECK(rows_of(new_program, book, "guests").at(0)["first_city"] == "York");
    run_all(new_program);

    const auto refused = with(old_program, book, {"query", "guests"});
    CHECK(refused.code() == "newer-read-model");
    CHECK(refused.sentence().find("`projections rebuild guests`") != std::string::npos);
    const auto listed = with(old_program, book, {"projections", "list"}).json()[0];
    CHECK(listed["state"] == "failed");
    CHECK(listed["error"] == refused.sentence());
    REQUIRE(with(old_program, book, {"projections", "rebuild", "guests"}).exit_code == 0); // as it says
    CHECK(rows_of(old_program, book, "guests").at(0) == ada_of_old);
    run_all(new_program);
    REQUIRE(with(new_program, book, {"projections", "rebuild", "guests"}).exit_code == 0);
    REQUIRE(with(old_program, book, {"projections", "drop", "guests"}).exit_code == 0);
    REQUIRE(with(old_program, book, {"sign", "zoe", "Rome"}).exit_code == 0);
    CHECK(rows_of(old_program, book, "guests").at(0) == ada_of_old);
}

TEST_CASE("a service that runs builds rows of another shape beside the old ones, which go when the new ones are whole",
          "[service][projections][versions]")
{
    const Book book;
    {
        Child service{new_program, {"serve", "--data", book.data()}};
        REQUIRE(service.read_line());
        const auto is_built = [&] {
            for (const auto& status : with(new_program, book, {"projections", "list"}).json()) {
                if (status["state"] != "running" || not status["notice"].is_null()) return false;
            }
            return true;
        };
        while (not is_built()) std::this_thread::yield();
        CHECK(with(new_program, book, {"projections", "verify", "--all"}).exit_code == 0);
        service.kill();
        service.wait();
    }
    CHECK(rows_of(new_program, book, "guests").at(0)["cities"] == 3);
    CHECK(with(old_program, book, {"query", "guests"}).code() == "newer-read-model");
    // Where somebody forgot to raise the version neither is the newer one.
    CHECK(with(old_program, book, {"query", "cities.all"}).code() == "version-not-built");
}

} // namespace program_versions_test
