// Services side by side in one process.
#include "support/every_store.hpp"
#include "support/travel.hpp"

#include "host/tenants.hpp"
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

namespace tenants_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Agency final : public OpenService {
public:
    Agency(std::unique_ptr<Service> service, Card& card) : service_{std::move(service)}
    {
        add_booking(service_->sagas(), card);
    }
    Service& service() override { return *service_; }

private:
    std::unique_ptr<Service> service_;
};

using Notes = std::vector<std::string>;

// Virtual time, the machine's files.
struct House {
    explicit House(TenantsOptions options = {.open_while_idle = 60s}) : options{options} { open(); }

    void open()
    {
        tenants = std::make_unique<Tenants>(
            runtime, directory.path(),
            [this](const Runtime& with, const std::string& in,
                   bool create_if_missing) -> result<std::unique_ptr<OpenService>> {
                ++opened;
                BOOST_OUTCOME_TRY(auto service,
                                  Service::open(with, {.directory = in, .create_if_missing = create_if_missing}));
                return std::unique_ptr<OpenService>{std::make_unique<Agency>(std::move(service), card)};
            },
            options);
    }

    Tenants::Use use(const std::string& name)
    {
        auto used = tenants->use(name, true);
        REQUIRE(used);
        return std::move(used.value());
    }
    void note(const std::string& name, const std::string& text)
    {
        const auto used = use(name);
        const auto appended =
            used->service().store().append(to("note-1", ExpectedVersion::any(), {note_of(runtime, text)}));
        REQUIRE(appended);
    }
    std::vector<std::string> notes(const std::string& name)
    {
        std::vector<std::string> notes;
        const auto used = use(name);
        for (const auto& event : read_all(used->service().store())) notes.push_back(event.data);
        return notes;
    }
    void pass(Duration span)
    {
        simulated.advance(span);
        tenants->close_idle();
    }
    std::string state() const
    {
        std::string text;
        const auto listed = tenants->list().value();
        for (const auto& tenant : listed) text += tenant.name + (tenant.is_open ? " open, " : " closed, ");
        return text;
    }
    // Every file beneath the tenant's directory, with its bytes.
    std::map<std::string, std::string> bytes_of(const std::string& name) const
    {
        std::map<std::string, std::string> bytes;
        for (const auto& entry : fs::recursive_directory_iterator{directory.path() + "/tenants/" + name}) {
            if (not entry.is_regular_file()) continue;
            std::ifstream in{entry.path(), std::ios::binary};
            bytes[entry.path()] = {std::istreambuf_iterator<char>{in}, {}};
        }
        return bytes;
    }

    const TenantsOptions options;
    SimulatedExecutor simulated{7};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    TemporaryDirectory directory;
    Card card;
    int opened = 0;
    std::unique_ptr<Tenants> tenants;
};

TEST_CASE("tenants have a directory each, and nothing in common", "[tenants]")
{
    House house;
    house.note("acme", "5");
    house.note("bolt", "7");
    CHECK(house.notes("acme") == Notes{"5"});
    CHECK(house.notes("bolt") == Notes{"7"});
    CHECK(house.opened == 2);
    CHECK(house.state() == "acme open, bolt open, ");
    CHECK(fs::exists(house.directory.path() + "/tenants/acme/log"));
}

TEST_CASE("a tenant is closed when nobody has used it for a while, and opened by the next who does", "[tenants]")
{
    House house;
    house.note("acme", "5");
    house.pass(59s);
    CHECK(house.state() == "acme open, ");
    const auto in_use = house.use("bolt");
    house.pass(1s);
    CHECK(house.state() == "acme closed, bolt open, ");
    house.pass(1h);
    CHECK(house.state() == "acme closed, bolt open, ");
    CHECK(house.notes("acme") == Notes{"5"});
    CHECK(house.opened == 3);
}

TEST_CASE("a tenant stays open while one of its sagas is at work", "[tenants]")
{
    House house;
    house.card.silent = true;
    REQUIRE(house.use("acme")->service().commands().send(id<Trip>{"1"}, Book{}));
    house.pass(1h);
    CHECK(house.state() == "acme open, ");
    house.card.silent = false;
    house.card.answer_late();
    house.pass(1h);
    CHECK(house.state() == "acme closed, ");
    CHECK(house.use("acme")->service().store().stream_length("trip-1").value() == 2); // booked and confirmed
}

TEST_CASE("not more than so many tenants are open at once", "[tenants]")
{
    House house{{.open_while_idle = 60s, .open_at_once = 2}};
    house.note("acme", "5");
    house.pass(1s);
    house.note("bolt", "7");
    house.note("cord", "9");
    CHECK(house.state() == "acme closed, bolt open, cord open, ");

    const auto bolt    = house.use("bolt");
    const auto cord    = house.use("cord");
    const auto refused = house.tenants->use("acme", true);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "too-many-tenants");
}

TEST_CASE("many who need one tenant at once open it once, also when another has to make room", "[tenants]")
{
    const TemporaryDirectory directory;
    SystemExecutor executor;
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    Card card;
    std::atomic<int> opened = 0;
    Tenants tenants{runtime,
                    directory.path(),
                    [&](const Runtime& with, const std::string& in,
                        bool create_if_missing) -> result<std::unique_ptr<OpenService>> {
                        ++opened;
                        BOOST_OUTCOME_TRY(auto service, Service::open(with, {.directory         = in,
                                                                             .create_if_missing = create_if_missing}));
                        return std::unique_ptr<OpenService>{std::make_unique<Agency>(std::move(service), card)};
                    },
                    {.open_while_idle = 1h, .open_at_once = 1}};
    REQUIRE(tenants.use("bolt", true));
    std::array<Tenants::Use, 8> uses;
    {
        std::vector<std::thread> users;
        for (auto& use : uses) {
            users.emplace_back([&] {
                if (auto used = tenants.use("acme", true)) use = std::move(used.value());
            });
        }
        for (auto& user : users) user.join();
    }
    REQUIRE(uses.front() != nullptr);
    for (const auto& use : uses) CHECK(use.get() == uses.front().get());
    CHECK(opened == 2);
}

TEST_CASE("a tenant that is removed leaves the others' bytes alone", "[tenants]")
{
    House house;
    house.note("acme", "5");
    house.note("bolt", "7");
    house.pass(1h);
    const auto before = house.bytes_of("bolt");
    REQUIRE_FALSE(before.empty());
    SECTION("closed") {}
    SECTION("open")
    {
        house.note("acme", "6");
    }
    REQUIRE(house.tenants->remove("acme"));
    CHECK(house.state() == "bolt closed, ");
    CHECK(house.bytes_of("bolt") == before);
    CHECK_FALSE(house.tenants->use("acme", false));
    CHECK(house.notes("acme").empty()); // of a new one
}

TEST_CASE("a removal that was interrupted goes on when it is asked for again, and when a service starts", "[tenants]")
{
    House house;
    house.note("acme", "gone");
    house.note("bolt", "kept");
    house.pass(1h);
    const auto all = house.directory.path() + "/tenants/";
    fs::rename(all + "acme", all + ".removed-acme");
    SECTION("asked for again")
    {
        REQUIRE(house.tenants->remove("acme"));
        CHECK(house.tenants->remove("acme").error().code == "no-such-tenant");
    }
    SECTION("asked for again when there is a new tenant of the name")
    {
        house.note("acme", "new");
        REQUIRE(house.tenants->remove("acme"));
    }
    SECTION("when a service starts")
    {
        house.tenants->finish_removals();
    }
    CHECK_FALSE(fs::exists(all + "acme"));
    CHECK_FALSE(fs::exists(all + ".removed-acme"));
    CHECK(house.notes("bolt") == Notes{"kept"});
}

TEST_CASE("a tenant that is a link to another place is not removed", "[tenants]")
{
    House house;
    const TemporaryDirectory elsewhere;
    house.note("acme", "kept");
    house.pass(1h);
    const auto link = house.directory.path() + "/tenants/acme";
    fs::rename(link, elsewhere.path() + "/acme");
    fs::create_directory_symlink(elsewhere.path() + "/acme", link);
    CHECK(house.tenants->remove("acme").error().code == "tenant-is-a-link");
    CHECK(house.notes("acme") == Notes{"kept"});
}

TEST_CASE("a tenant in use is not removed, here or in another process", "[tenants]")
{
    House house;
    house.note("acme", "5");
    {
        const auto in_use  = house.use("acme");
        const auto refused = house.tenants->remove("acme");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "tenant-in-use");
    }
    Tenants others{house.runtime, house.directory.path(), {}};
    const auto refused = others.remove("acme");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "held-by-another-process");
    CHECK(house.notes("acme") == Notes{"5"});
}

TEST_CASE("only what can be a tenant's name is one", "[tenants]")
{
    House house;
    for (const std::string name : {"", ".", "..", "../acme", "acme/log", "Acme", "a b", "ä", ".removed", "\x1b[2J"}) {
        CAPTURE(name);
        const auto used = house.tenants->use(name, true);
        REQUIRE_FALSE(used);
        CHECK(used.error().code == "invalid-tenant-name");
        CHECK(house.tenants->remove(name).error().code == "invalid-tenant-name");
    }
    CHECK(house.tenants->use(std::string(65, 'a'), true).error().code == "invalid-tenant-name");
    CHECK(house.tenants->use(std::string(64, 'a'), true));
    CHECK(house.tenants->use("acme", false).error().code == "no-such-tenant");
    CHECK(house.tenants->remove("acme").error().code == "no-such-tenant");
}

TEST_CASE("a tenant that cannot be opened is told so to each who asks, and harms no other", "[tenants]")
{
    House house;
    fs::create_directories(house.directory.path() + "/tenants/acme/log");
    std::ofstream{house.directory.path() + "/tenants/acme/log/CURRENT"} << "nothing";
    for (int i = 0; i < 2; ++i) CHECK_FALSE(house.tenants->use("acme", false));
    house.note("bolt", "7");
    CHECK(house.state() == "acme closed, bolt open, ");
    CHECK(house.tenants->remove("acme"));
}

TEST_CASE("a file among the tenants is none of them, and hides none", "[tenants]")
{
    House house;
    house.use("acme");
    std::ofstream{house.directory.path() + "/tenants/readme"} << "not a tenant";
    const auto listed = house.tenants->list();
    REQUIRE(listed);
    REQUIRE(listed.value().size() == 1);
    CHECK(listed.value()[0].name == "acme");
}

} // namespace tenants_test
