// Power cuts while a whole service forgets a person.
#include "crash/sealing_machine.hpp"
#include "personal/customers.hpp"

#include <eventloom/service/service.hpp>

#include <catch2/catch.hpp>

namespace forget_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace customers;

const std::string canary = "Ada-Canary-Lovelace";
const std::string kept   = "Grace-Kept-Hopper";

class Machine : public SealingMachine {
public:
    using SealingMachine::SealingMachine;

    // A life of the service; nothing of it runs when this returns.
    template <class Work>
    void live(const Work& work)
    {
        {
            const auto service = Service::open(runtime(), {.directory = "/shop", .secrets = &secrets()});
            REQUIRE(service);
            work(*service.value());
        }
        simulated().drop_everything();
        run_background_work();
    }
};

void enter(Service& service, const std::string& who, const std::string& name)
{
    REQUIRE(service.commands().send(CustomerId{who}, Register{CustomerId{who}, name, {"Street", "Town"}}));
    for (const int cents : {1, 2, 3}) REQUIRE(service.commands().send(CustomerId{who}, Buy{cents}));
}

std::string name_of(Service& service, const std::string& who)
{
    const auto state = service.commands().load(CustomerId{who});
    REQUIRE(state);
    return state.value().name.value_or("(erased)");
}

TEST_CASE("a service that dies at any change of the disk while it forgets a person goes on, and leaves nothing behind",
          "[crash][personal]")
{
    Machine first{1};
    first.live([](Service& service) {
        enter(service, "1", canary);
        enter(service, "2", kept);
    });
    first.disk().power_cut(Tail::kept);
    const auto filled = first.disk().image();
    CHECK(first.files_with(canary).size() == 1); // the snapshots

    std::vector<DiskImage> images;
    Machine whole{2, filled};
    whole.live([&](Service& service) { images = whole.images_of([&] { REQUIRE(service.forget("customer-1")); }); });
    CHECK(whole.files_with(canary).empty());
    CHECK(images.size() > 20);
    std::size_t readmitted = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        for (const auto tail : {Tail::dropped, Tail::torn, Tail::kept}) {
            INFO("before change " << i + 1 << " of " << images.size() << ", tail " << static_cast<int>(tail));
            Machine machine{100 + i, images[i]};
            machine.disk().power_cut(tail);
            machine.live([&](Service& service) {
                // Who comes back gets a key only when nothing is left of what was to go.
                if (service.personal_keys().readmit("customer-1")) {
                    ++readmitted;
                    CHECK(machine.files_with(canary).empty());
                }
                REQUIRE(service.forget("customer-1"));
                CHECK_FALSE(service.forget("customer-1").value().changed_something);
                CHECK(name_of(service, "1") == "(erased)");
                CHECK(name_of(service, "2") == kept);
            });
            REQUIRE(machine.files_with(canary).empty());
        }
    }
    CHECK(readmitted > 0);
}

} // namespace forget_crash_test
