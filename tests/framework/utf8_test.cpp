#include <eventloom/framework/utf8.hpp>

#include <catch2/catch.hpp>

namespace utf8_test {

using namespace eventloom;

TEST_CASE("text from outside is shown without what steers a terminal", "[framework][utf8]")
{
    CHECK(is_utf8("caf\xc3\xa9"));
    CHECK_FALSE(is_utf8("\xc0\xaf"));
    CHECK_FALSE(is_utf8("\xed\xa0\x80"));
    CHECK_FALSE(is_clean_name("a\x1b[2J"));
    CHECK(printable("a\x1b[2J\xe2\x80\xae") == "a\xEF\xBF\xBD[2J\xEF\xBF\xBD");
    CHECK(repaired_utf8("a\xff\n") == "a\xEF\xBF\xBD\n");
}

} // namespace utf8_test
