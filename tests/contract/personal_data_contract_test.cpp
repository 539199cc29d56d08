// A store without keys is no place for a person's data.
#include "support/personal_events.hpp"
#include "support/simulated_secrets.hpp"

#include <eventloom/privacy/detail/personal_keys.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace personal_data_contract_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("every event store refuses personal data in the open, and takes them sealed", "[contract][personal]")
{
    const auto& kind = GENERATE(from_range(std::begin(every_store()), std::end(every_store())));
    DYNAMIC_SECTION(kind.name)
    {
        SimulatedExecutor simulated{1};
        const Runtime runtime{simulated, simulated, simulated, system_files()};
        const TemporaryDirectory directory;
        SimulatedSecrets secrets{runtime, 1};
        auto test        = kind.open(runtime);
        const auto event = personal_event(runtime, "customer-1", {"Ada", "Lovelace"});
        const auto open  = test->append(to("customer-1", ExpectedVersion::any(), {event}));
        REQUIRE_FALSE(open);
        CHECK(open.error().code == "personal-data-open");
        CHECK(test->head() == 0);

        PersonalKeys keys{runtime, {.directory = directory.path() + "/keys", .secrets = &secrets}};
        const auto sealed = seal_personal_data(*test.store, keys);
        REQUIRE(sealed->append(to("customer-1", ExpectedVersion::any(), {event})));
        const auto events = read_all(*sealed);
        REQUIRE(events.size() == 1);
        CHECK(reads_as(events.front(), event));
        const auto lying = read_all(*test.store);
        CHECK(lying.front().data.find("Lovelace") == std::string::npos);
    }
}

} // namespace personal_data_contract_test
