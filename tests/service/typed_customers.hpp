// Customers in every kind of file that a service has, and what is typed about them.
#pragma once

#include "personal/cards.hpp"
#include "service/kept_console.hpp"
#include "support/every_store.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace typed_customers {

using namespace eventloom;
using namespace eventloom::testing;
using namespace customers;
using Json   = nlohmann::json;
namespace fs = std::filesystem;

inline const std::string canary_name   = "Ada-Canary-Lovelace";
inline const std::string canary_street = "Canary-Square-12";
inline const std::string canary_town   = "Canary-upon-Thames";
inline const std::string kept_name     = "Grace-Kept-Hopper";
inline const std::vector<std::string> canaries{canary_name, canary_street, canary_town};

// A projection that goes on without what it cannot handle, and says in the dead letter what it was.
inline Projected<CustomerId, Card> picky()
{
    return projection<CustomerId, Card>("picky", 1, [](Card& row, const Registered& event) -> result<void> {
        row.name = event.name;
        if (event.name.is_erased()) return done();
        return fail(Failure::invalid, "unwanted", "I do not take " + event.name.value_or("") + ".");
    });
}

class Shop final : public OpenService {
public:
    explicit Shop(std::unique_ptr<Service> service) : service_{std::move(service)} {}
    Service& service() override { return *service_; }

private:
    std::unique_ptr<Service> service_;
};

inline result<std::unique_ptr<OpenService>> open_shop(const Runtime& runtime, const std::string& directory, bool)
{
    BOOST_OUTCOME_TRY(auto service, Service::open(runtime, {.directory = directory}));
    auto& projections = service->projections();
    BOOST_OUTCOME_TRY(projections.add(cards(), {.copies = {.every = 1}}));
    BOOST_OUTCOME_TRY(projections.add(cards("cards-in-sql"), {.kept_in = RowPlace::sqlite}));
    BOOST_OUTCOME_TRY(projections.add(cards("cards-in-memory"), {.kept_in = RowPlace::memory}));
    BOOST_OUTCOME_TRY(projections.add(picky(), {.on_failure = OnFailure::park}));
    return std::unique_ptr<OpenService>{std::make_unique<Shop>(std::move(service))};
}

// Files whose bytes have one of the texts, by their path within the directory.
inline std::vector<std::string> files_with(const std::string& directory, const std::vector<std::string>& texts)
{
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
        if (not entry.is_regular_file()) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
        for (const auto& text : texts) {
            if (bytes.find(text) == std::string::npos) continue;
            found.push_back(fs::relative(entry.path(), directory).string());
            break;
        }
    }
    return found;
}

inline bool any_beneath(const std::vector<std::string>& files, const std::string& directory)
{
    return std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.starts_with(directory); });
}

struct Typed {
    const Program program{"customers", "Customers.", [](CommandLine& line) {
                              line.opens(open_shop);
                              line.knows(event_types<Customer>());
                          }};
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const TemporaryDirectory directory;
    KeptConsole console{{.err_is_terminal = false, .width = 100}};

    template <class Work>
    void with_service(const Work& work)
    {
        const auto open = open_shop(runtime, directory.path(), true);
        REQUIRE(open);
        auto& service = open.value()->service();
        REQUIRE(service.start());
        const auto catch_up = [&] {
            const auto deadline = runtime.clock.now() + std::chrono::hours{1};
            REQUIRE(service.wait_for(service.store().head(), deadline, [] { return done(); }));
        };
        catch_up();
        work(service);
        catch_up();
        simulated.run_until_idle(); // copies of rows, too
    }

    void fill()
    {
        with_service([](Service& service) {
            const auto send = [&](const std::string& who, const auto& command) {
                REQUIRE(service.commands().send(CustomerId{who}, command));
            };
            send("1", Register{CustomerId{"1"}, canary_name, {canary_street, canary_town}});
            send("2", Register{CustomerId{"2"}, kept_name, {"Kept-Street", "Kept-Town"}});
            for (const int cents : {100, 250, 75}) {
                send("1", Buy{cents});
                send("2", Buy{cents});
            }
        });
    }

    int type(std::vector<std::string> words) { return type_in(directory.path(), std::move(words)); }
    int type_in(const std::string& data, std::vector<std::string> words)
    {
        console.said_out.clear();
        console.said_err.clear();
        words.insert(words.end(), {"--data", data, "--json"});
        CommandLine line{program, {console, runtime, directory.path(), {}}};
        REQUIRE_FALSE(line.read(std::move(words)));
        return line.carry_out();
    }
    Json answer() const { return Json::parse(console.said_out); }
    std::string error_code() const { return Json::parse(console.said_err).at("error").at("code"); }

    std::vector<std::string> names_in(const std::string& projection)
    {
        std::vector<std::string> names;
        with_service([&](Service& service) {
            const auto rows = service.projections().rows_now(projection);
            REQUIRE(rows);
            for (const std::string who : {"1", "2"}) {
                const auto row = rows.value().row({.table = "", .key = who});
                REQUIRE(row);
                names.push_back(Json::parse(row.value().value()).at("row").at("name").dump());
            }
        });
        return names;
    }
};

} // namespace typed_customers
