// A disk that fails while keys are made, destroyed, and wrapped anew under another master key.
#include "crash/keys_machine.hpp"
#include "subject_key.hpp"

namespace personal_keys_fault_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr int rekeyed = 600; // some batches

bool opens_all(KeysMachine& machine, const std::string& master)
{
    return machine.with_keys(master, [](PersonalKeys& keys) {
        const auto info = keys.info(true);
        return info && info.value().keys == rekeyed && info.value().damaged.empty();
    });
}

// Lets each operation of the disk fail, once and for good, that `work` does in a process of its own, and shows what is left to
// `check`, with what `work` said.
template <class Work, class Check>
std::size_t fail_each_operation(const DiskImage& image, const Work& work, const Check& check)
{
    std::size_t faults = 0;
    for (std::size_t kind = 0; kind < operation_kinds; ++kind) {
        const auto operation = static_cast<Operation>(kind);
        for (std::uint64_t number = 1, happened = 1; happened > 0; ++number) {
            happened = 0;
            for (const bool for_good : {false, true}) {
                INFO("operation " << kind << ", number " << number << (for_good ? " and all after it" : ""));
                KeysMachine machine{300 + number, image};
                machine.disk().fail({operation, number, for_good, number % 3 == 0 && operation == Operation::write});
                const bool is_done = machine.with_keys(old_master, work);
                happened += machine.disk().fault_happened() ? 1 : 0;
                machine.disk().power_cut(number % 2 == 0 ? Tail::dropped : Tail::torn);
                check(machine, is_done);
            }
            faults += happened;
        }
    }
    return faults;
}

TEST_CASE("keys that are made on a failing disk are there when they were given out, and together or not at all",
          "[crash][personal][fault]")
{
    const std::vector<std::string> wanted{subject_of(0), subject_of(3), subject_of(4)};
    std::vector<std::shared_ptr<const SubjectKey>> given;
    const auto make = [&](PersonalKeys& keys) {
        auto made = keys.keys_to_seal(wanted);
        given     = made ? std::move(made.value()) : std::vector<std::shared_ptr<const SubjectKey>>{};
        return not given.empty();
    };
    std::size_t refused = 0;
    const auto faults   = fail_each_operation(keys_of(3), make, [&](KeysMachine& machine, bool is_done) {
        refused += is_done ? 0 : 1;
        machine.with_keys(old_master, [&](PersonalKeys& keys) {
            for (const int who : {0, 1, 2}) REQUIRE(look(keys, who) == Found::opens);
            const auto third  = keys.status(subject_of(3));
            const auto fourth = keys.status(subject_of(4));
            REQUIRE((third && fourth));
            REQUIRE(third.value().key_version == fourth.value().key_version);
            const auto again = keys.keys_to_seal(wanted);
            REQUIRE(again);
            for (std::size_t i = 0; i < given.size(); ++i) {
                REQUIRE(again.value()[i]->version == given[i]->version);
                REQUIRE(again.value()[i]->key.text() == given[i]->key.text());
            }
        });
    });
    CHECK(faults > 20);
    CHECK(refused > 10);
}

TEST_CASE("whoever is forgotten on a failing disk is forgotten when that was answered, and nobody else is",
          "[crash][personal][fault]")
{
    const auto image    = keys_of(3);
    const auto gone     = KeysMachine{2, image}.key_bytes(subject_of(1));
    std::size_t refused = 0;
    const auto forget   = [](PersonalKeys& keys) { return keys.forget(subject_of(1)).has_value(); };
    const auto faults   = fail_each_operation(image, forget, [&](KeysMachine& machine, bool is_done) {
        refused += is_done ? 0 : 1;
        if (is_done) REQUIRE(machine.files_with(gone).empty());
        machine.with_keys(old_master, [&](PersonalKeys& keys) {
            const auto found = look(keys, 1);
            REQUIRE(found != Found::wrong);
            if (is_done) REQUIRE(found == Found::erased);
            REQUIRE(forget(keys));
            REQUIRE(look(keys, 1) == Found::erased);
            REQUIRE(look(keys, 0) == Found::opens);
            REQUIRE(look(keys, 2) == Found::opens);
        });
        REQUIRE(machine.files_with(gone).empty());
    });
    CHECK(faults > 20);
    CHECK(refused > 10);
}

TEST_CASE("a rekey on a failing disk leaves every key to one of the two masters, and goes on",
          "[crash][personal][fault]")
{
    const auto rekey    = [](PersonalKeys& keys) { return keys.rekey(new_master).has_value(); };
    std::size_t refused = 0;
    const auto faults   = fail_each_operation(keys_of(rekeyed), rekey, [&](KeysMachine& machine, bool is_done) {
        refused += is_done ? 0 : 1;
        const bool by_new = machine.disk().FileExists(new_master) && opens_all(machine, new_master);
        const bool by_old = not by_new && opens_all(machine, old_master);
        REQUIRE((by_old || by_new));
        if (is_done) REQUIRE(by_new);
        REQUIRE(machine.with_keys(by_new ? new_master : old_master, rekey));
        REQUIRE(opens_all(machine, new_master));
        REQUIRE_FALSE(opens_all(machine, old_master));
    });
    CHECK(faults > 20);
    CHECK(refused > 10);
}

} // namespace personal_keys_fault_test
