// Every input that the fuzzers have found worth keeping, and every one that once broke a promise, through the same functions.
#include "fuzz/targets.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace corpus_test {

using namespace eventloom;

TEST_CASE("nothing that the fuzzers have kept breaks a promise of the decoders", "[fuzz]")
{
    for (const auto& target : fuzz::targets) {
        DYNAMIC_SECTION(target.name)
        {
            std::size_t inputs = 0;
            for (const auto& file :
                 std::filesystem::directory_iterator{std::string{FUZZ_CORPUS "/"}.append(target.name)}) {
                std::ostringstream bytes;
                bytes << std::ifstream{file.path(), std::ios::binary}.rdbuf();
                INFO(file.path());
                CHECK_NOTHROW(target.run(bytes.str())); // a broken promise ends the program, and names itself
                CHECK_NOTHROW(target.run(bytes.str().substr(0, bytes.str().size() / 2)));
                ++inputs;
            }
            CHECK(inputs >= 5);
        }
    }
}

} // namespace corpus_test
