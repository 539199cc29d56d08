// Power cuts while keys are made, destroyed, and wrapped anew under another master key.
#include "crash/keys_machine.hpp"
#include "support/personal_events.hpp"
#include "support/sweep.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/privacy/detail/personal_keys.hpp>

#include <catch2/catch.hpp>

namespace personal_keys_crash_test {

using namespace eventloom;
using namespace eventloom::testing;

constexpr std::array tails{Tail::dropped, Tail::shortened, Tail::torn, Tail::kept};

TEST_CASE(
    "forgetting that is cut off at any change of the disk is done or not, loses no other key, and can be done again",
    "[crash][personal]")
{
    const auto image = keys_of(3);
    KeysMachine whole{2, image};
    const auto gone = whole.key_bytes(subject_of(1));
    REQUIRE_FALSE(whole.files_with(gone).empty());
    const auto forget = [](PersonalKeys& keys) { return keys.forget(subject_of(1)).has_value(); };
    const auto images = whole.images_of([&] { REQUIRE(whole.with_keys(old_master, forget)); });
    CHECK(whole.files_with(gone).empty());
    CHECK(images.size() > 10);
    std::size_t before = 0;
    std::size_t after  = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        for (const auto tail : tails) {
            INFO("before change " << i + 1 << " of " << images.size() << ", tail " << static_cast<int>(tail));
            KeysMachine machine{100 + i, images[i]};
            machine.disk().power_cut(tail);
            machine.with_keys(old_master, [&](PersonalKeys& keys) {
                REQUIRE(look(keys, 0) == Found::opens);
                REQUIRE(look(keys, 2) == Found::opens);
                const auto found = look(keys, 1);
                REQUIRE(found != Found::wrong);
                (found == Found::opens ? before : after) += 1;
                const auto again = keys.forget(subject_of(1));
                REQUIRE(again);
                CHECK(again.value().erased_versions == 1);
                CHECK(look(keys, 1) == Found::erased);
                CHECK(look(keys, 0) == Found::opens);
                CHECK(look(keys, 2) == Found::opens);
            });
            REQUIRE(machine.files_with(gone).empty());
        }
    }
    CHECK(before > 0);
    CHECK(after > 0);
}

TEST_CASE("a rekey that is cut off at any change of the disk leaves every key to one of the two masters, and goes on",
          "[crash][personal]")
{
    constexpr int subjects = 600; // some batches
    const auto image       = keys_of(subjects);
    KeysMachine whole{3, image};
    const std::vector<std::string> old_bytes{whole.key_bytes(subject_of(0)), whole.key_bytes(subject_of(599))};
    const auto rekey  = [](PersonalKeys& keys) { return keys.rekey(new_master).has_value(); };
    const auto images = whole.images_of([&] { REQUIRE(whole.with_keys(old_master, rekey)); });
    for (const auto& bytes : old_bytes) CHECK(whole.files_with(bytes).empty());
    CHECK(images.size() > 20);
    const auto opens_all = [](KeysMachine& machine, const std::string& master) {
        return machine.with_keys(master, [](PersonalKeys& keys) {
            const auto info = keys.info(true);
            return info && info.value().keys == subjects && info.value().damaged.empty();
        });
    };
    std::size_t old_ones = 0;
    std::size_t new_ones = 0;
    Sweep sweep{tails.size()}; // each change, with one of the tails
    for (std::size_t i = 0; i < images.size(); ++i) {
        for (const auto tail : tails) {
            if (not sweep.tries_next()) continue;
            INFO(sweep << "before change " << i + 1 << " of " << images.size() << ", tail " << static_cast<int>(tail));
            KeysMachine machine{200 + i, images[i]};
            machine.disk().power_cut(tail);
            const bool by_old = opens_all(machine, old_master);
            const bool by_new = machine.disk().FileExists(new_master) && opens_all(machine, new_master);
            REQUIRE((by_old || by_new));
            old_ones += by_old ? 1 : 0;
            new_ones += by_new ? 1 : 0;
            REQUIRE(machine.with_keys(by_old ? old_master : new_master, rekey));
            REQUIRE(opens_all(machine, new_master));
            REQUIRE_FALSE(opens_all(machine, old_master));
            for (const auto& bytes : old_bytes) REQUIRE(machine.files_with(bytes).empty());
        }
    }
    CHECK(old_ones > 0);
    CHECK(new_ones > 0);
}

TEST_CASE("a power cut at any change of an append leaves no event whose key is not there", "[crash][personal]")
{
    const auto append = [](KeysMachine& machine, int events) {
        std::vector<NewEvent> acknowledged;
        machine.with_keys(old_master, [&](PersonalKeys& keys) {
            const auto log = LevelDbStore::open(machine.runtime(), {.directory = "/log"});
            if (not log) return;
            const auto store = seal_personal_data(*log.value(), keys);
            for (int who = 0; who < events; ++who) {
                const auto event = personal_event(machine.runtime(), subject_of(who / 2), {"canary"});
                if (store->append(to("customer", ExpectedVersion::any(), {event}))) acknowledged.push_back(event);
            }
        });
        return acknowledged;
    };
    KeysMachine whole{4};
    REQUIRE(append(whole, 6).size() == 6);
    const auto points = whole.disk().operations();
    for (std::uint64_t point = 1; point <= points; ++point) {
        for (const auto tail : {Tail::dropped, Tail::torn}) {
            INFO("point " << point << " of " << points << ", tail " << static_cast<int>(tail));
            KeysMachine machine{4};
            machine.disk().crash_at(point);
            const auto acknowledged = append(machine, 6);
            machine.disk().power_cut(tail);
            machine.with_keys(old_master, [&](PersonalKeys& keys) {
                const auto log = LevelDbStore::open(machine.runtime(), {.directory = "/log"});
                REQUIRE(log);
                const auto store  = seal_personal_data(*log.value(), keys);
                const auto events = read_all(*store); // which fails on an event that does not open
                REQUIRE(events.size() >= acknowledged.size());
                for (std::size_t i = 0; i < acknowledged.size(); ++i) REQUIRE(reads_as(events[i], acknowledged[i]));
            });
        }
    }
}

} // namespace personal_keys_crash_test
