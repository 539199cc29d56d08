// Plain files on the files of a Runtime.
#include "support/machine_with_real_files.hpp"

#include <eventloom/storage/database_files.hpp>
#include <eventloom/storage/plain_files.hpp>

#include <catch2/catch.hpp>
#include <unistd.h>

namespace plain_files_test {

using namespace eventloom;
using namespace eventloom::testing;

struct FilesMachine : SimulatedMachine {
    TemporaryDirectory directory;

    std::string path(const std::string& name) const { return directory.path() + "/" + name; }
    void append(const std::string& name, const std::string& text)
    {
        const auto file = AppendedFile::open(runtime, path(name));
        REQUIRE(file);
        REQUIRE(file.value()->append(text));
        REQUIRE(file.value()->close());
    }
};

TEST_CASE("a plain file is written at its end, renamed, and read from its beginning", "[storage][files]")
{
    FilesMachine machine;
    machine.append("part", "one");
    machine.append("part", " two");
    REQUIRE(rename_file(machine.runtime, machine.path("part"), machine.path("whole")));
    CHECK_FALSE(file_exists(machine.runtime, machine.path("part")));
    CHECK(file_size(machine.runtime, machine.path("whole")).value() == 7);

    const auto reader = SequentialReader::open(machine.runtime, machine.path("whole"));
    REQUIRE(reader);
    std::string read(5, ' ');
    REQUIRE(reader.value()->read(read.data(), read.size()).value() == 5);
    CHECK(read == "one t");
    CHECK(reader.value()->read(read.data(), read.size()).value() == 2);
    CHECK(reader.value()->read(read.data(), read.size()).value() == 0);

    REQUIRE(delete_file(machine.runtime, machine.path("whole")));
    CHECK_FALSE(file_exists(machine.runtime, machine.path("whole")));
}

TEST_CASE("what a plain file cannot do is said as it was found", "[storage][files]")
{
    FilesMachine machine;
    const auto missing = SequentialReader::open(machine.runtime, machine.path("none"));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == "file-fault");
    CHECK_THAT(missing.error().sentence, Catch::Contains("No such file"));
    CHECK_FALSE(file_size(machine.runtime, machine.path("none")));
    CHECK_FALSE(AppendedFile::open(machine.runtime, machine.path("no/such/directory")));
}

TEST_CASE("a file is held by one at a time", "[storage][files]")
{
    FilesMachine machine;
    {
        const auto held = HeldFile::hold(machine.runtime, machine.path("LOCK"));
        REQUIRE(held);
        CHECK_FALSE(HeldFile::hold(machine.runtime, machine.path("LOCK")));
        CHECK(process_that_holds(machine.path("LOCK")) == ::getpid());
    }
    CHECK(process_that_holds(machine.path("LOCK")) == std::nullopt);
    CHECK(process_that_holds(machine.path("none")) == std::nullopt);
    CHECK(HeldFile::hold(machine.runtime, machine.path("LOCK")));
}

TEST_CASE("of a database's files tables never change, and locks are of its process", "[storage][files]")
{
    CHECK(use_of_file("000005.ldb") == FileUse::never_changes);
    for (const auto* name : {"LOCK", "OWNER.LOCK", "LOG", "LOG.old"}) CHECK(use_of_file(name) == FileUse::of_a_process);
    for (const auto* name : {"CURRENT", "MANIFEST-000004", "000006.log", "witness"})
        CHECK(use_of_file(name) == FileUse::changes);
}

} // namespace plain_files_test
