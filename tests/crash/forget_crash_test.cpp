// Power cuts while a whole service forgets a person.
#include "personal/customers.hpp"
#include "simulated/simulated_disk.hpp"
#include "support/simulated_secrets.hpp"

#include <eventloom/service/service.hpp>
#include <eventloom/storage/syncing_env.hpp>

#include <catch2/catch.hpp>

namespace forget_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace customers;

const std::string canary = "Ada-Canary-Lovelace";
const std::string kept   = "Grace-Kept-Hopper";

class Machine {
public:
    explicit Machine(std::uint64_t seed)
        : simulated_{seed}, disk_{seed, DirectoryModel::strict}, secrets_{runtime_, seed}
    {
    }
    Machine(std::uint64_t seed, const DiskImage& image) : simulated_{seed}, disk_{seed, image}, secrets_{runtime_, seed}
    {
    }

    SimulatedDisk& disk() { return disk_; }

    // A life of the service; nothing of it runs when this returns.
    template <class Work>
    void live(const Work& work)
    {
        {
            const auto service = Service::open(runtime_, {.directory = "/shop", .secrets = &secrets_});
            INFO((service ? "" : service.error().sentence));
            REQUIRE(service);
            work(*service.value());
        }
        simulated_.drop_everything();
        run_background_work();
    }

    std::vector<std::string> files_with(std::string_view text) const
    {
        std::vector<std::string> found;
        for (const auto& [path, content] : disk_.files()) {
            if (content.find(text) != std::string::npos) found.push_back(path);
        }
        return found;
    }

private:
    SimulatedExecutor simulated_;
    SimulatedDisk disk_;
    SyncingEnv files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }};
    Runtime runtime_{simulated_, simulated_, simulated_, files_};
    SimulatedSecrets secrets_;
};

void enter(Service& service, const std::string& who, const std::string& name)
{
    REQUIRE(service.commands().send(CustomerId{who}, Register{CustomerId{who}, name, {"Street", "Town"}}));
    for (const int cents : {1, 2, 3}) REQUIRE(service.commands().send(CustomerId{who}, Buy{cents}));
}

std::string name_of(Service& service, const std::string& who)
{
    const auto state = service.commands().load(CustomerId{who});
    INFO((state ? "" : state.error().sentence));
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
    whole.live([&](Service& service) {
        whole.disk().before_each_change([&] { images.push_back(whole.disk().image()); });
        REQUIRE(service.forget("customer-1"));
        whole.disk().before_each_change({});
    });
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
