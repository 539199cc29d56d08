// Bytes of a read model's files that became others by themselves, or by hand.
#include "projections/people.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace damage_test {

using namespace people;

// Changes the first byte of each place in the file where `text` stands; gives how many there are.
std::size_t damage(const std::string& path, const std::string& text)
{
    std::stringstream read;
    read << std::ifstream{path, std::ios::binary}.rdbuf();
    auto bytes       = read.str();
    std::size_t many = 0;
    for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
        bytes[at] ^= 1;
        ++many;
    }
    std::ofstream{path, std::ios::binary} << bytes;
    return many;
}

std::size_t damage_files(const std::string& directory, const std::string& text)
{
    std::size_t many = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator{directory}) {
        const auto name = file.path().extension();
        if (name == ".ldb" || name == ".sqlite") many += damage(file.path(), text);
    }
    return many;
}

TEST_CASE("verify names the rows of a block that is damaged, and a rebuild makes them anew",
          "[projections][verify][failure]")
{
    Machine machine{GENERATE(el::RowPlace::leveldb, el::RowPlace::sqlite)};
    REQUIRE(machine.add(directory()));
    // Rows of a kilobyte: few of them share a block.
    const std::string wide(1'000, '-');
    for (int i = 0; i < 100; ++i) {
        machine.record({std::to_string(100 + i)}, Joined{{}, "city" + std::to_string(i) + "!" + wide, {i}, day(i)});
    }
    REQUIRE(machine.catch_up());
    machine.reopen(); // what stood in LevelDB's log file goes into a table
    REQUIRE(machine.add(directory()));
    machine.reopen();
    REQUIRE(damage_files(machine.directory.path(), "city42!") > 0);

    const auto rows     = machine.add(directory()).value();
    const auto verified = machine.projections->verify("directory");
    REQUIRE(verified);
    const auto& found    = verified.value().differences;
    const auto names_row = [](const auto& difference) {
        return difference.sentence.find("\"key\": \"142\"") != std::string::npos;
    };
    CHECK(std::any_of(found.begin(), found.end(), names_row));
    CHECK(verified.value().differences_total <= 16); // what shares its block, and no more

    const auto asked = rows.get({"142"});
    if (machine.place == el::RowPlace::leveldb) {
        CHECK(asked.error().kind == el::Failure::corrupt);
        CHECK(asked.error().sentence.find("rebuild it") != std::string::npos);
        CHECK(rows.get({"199"})); // others answer
    }
    REQUIRE(machine.projections->rebuild("directory"));
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
    CHECK(rows.get({"142"}).value()->city == "city42!" + wide);
}

} // namespace damage_test
