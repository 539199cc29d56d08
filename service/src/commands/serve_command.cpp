#include "commands/projection_status.hpp"

#include <eventloom/framework/time_text.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/admin_door.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/tenants.hpp>

#include <nlohmann/json.hpp>

#include <set>
#include <unistd.h>

namespace eventloom {

namespace {

using Json = nlohmann::ordered_json;

constexpr Duration between_looks = std::chrono::milliseconds{500};

std::string text_of(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string status_of(Service& service, const std::string& name, Time since)
{
    auto projections = Json::array();
    for (const auto& status : service.projections().status()) {
        auto whole = json_of(service.projections(), status);
        projections.push_back(whole ? std::move(whole.value()) : json_of(status));
    }
    auto sagas        = Json::object();
    const auto counts = service.sagas().count();
    if (counts) {
        for (const auto& [status, number] : counts.value()) sagas[std::string{to_string(status)}] = number;
    }
    const auto fault = counts ? service.sagas().error() : std::optional{counts.error()};
    return text_of({{"service", name},
                    {"process", getpid()},
                    {"since", to_string(since)},
                    {"directory", service.directory()},
                    {"position", service.store().head()},
                    {"projections", projections},
                    {"sagas", sagas},
                    {"sagas_error", fault ? Json(fault->sentence) : Json(nullptr)},
                    {"notices", service.commands().notices()}});
}

} // namespace

void CommandLine::add_serve_command()
{
    on(
        app_.add_subcommand("serve", "Run the service, until Ctrl-C or SIGTERM"),
        [this](Output& out) { return serve(out); }, DirectoryUse::alone);
}

result<void> CommandLine::serve(Output& out)
{
    if (not tenant_.empty()) {
        return fail(Failure::invalid, "serve-with-a-tenant",
                    "asked to serve the tenant " + tenant_ + " alone; serve all of " + root_directory() +
                        " without --tenant: each is opened when somebody needs it");
    }
    out.console().ends_well_when_stopped();
    serves_ = true;
    BOOST_OUTCOME_TRY(auto* const open_service, open(true));
    Service& service = open_service->service();
    BOOST_OUTCOME_TRY(service.start());
    Tenants tenants{runtime(), data_directory(), open_};
    const AdminAnswers answers{
        .health = [this, &service]() -> result<std::string> {
            if (auto faults = service.faults(); not faults.empty()) return std::move(faults.front());
            return text_of({{"status", "ok"}, {"service", program_.name}, {"process", getpid()}});
        },
        .status = [this, &service, since = runtime().clock.now()] { return status_of(service, program_.name, since); },
        .carry_out =
            [this, open_service, &tenants](const AdminCommand& command, Console& console) {
                CommandLine line{program_,
                                 {.console           = console,
                                  .runtime           = runtime(),
                                  .working_directory = command.working_directory,
                                  .data_directory    = command.data_directory,
                                  .running           = open_service,
                                  .tenants           = &tenants,
                                  .client_process_id = command.client_process_id}};
                const auto ended = line.read(command.arguments);
                return ended ? *ended : line.carry_out();
            }};
    BOOST_OUTCOME_TRY(const auto door, AdminDoor::open(data_directory(), answers));
    out.say(program_.name + " serves " + data_directory() + " as process " + std::to_string(getpid()) +
            "; Ctrl-C stops it.");
    if (out.json()) out.line({{"ready", true}, {"process", getpid()}, {"directory", data_directory()}});
    std::vector<std::string> names;
    for (const auto& status : service.projections().status()) {
        names.push_back(status.name);
        if (status.error) out.say(status.name + ": " + printable(status.error->sentence) + ".");
        say_what_is_built(out, status);
    }
    const auto said = say_what_is_unknown(out, service.projections(), names);
    if (not said) report(out.console(), said.error(), json_);
    serve_until_stopped(out, service, tenants);
    if (out.console().shape().out_is_terminal) out.say(""); // behind the ^C
    return done();
}

// Opens each tenant once, so that what its sagas had begun goes on, and closes those that rest, until nobody wants the service.
// What the machine no longer lets the service do is told at once.
void CommandLine::serve_until_stopped(Output& out, Service& service, Tenants& tenants)
{
    tenants.finish_removals();
    const auto found = tenants.list();
    if (not found) report(out.console(), found.error(), json_);
    for (const auto& tenant : found ? found.value() : std::vector<TenantStatus>{}) {
        if (not out.console().go_on()) return;
        if (not tenant.has_store) continue;
        const auto opened = tenants.use(tenant.name, false);
        if (not opened) report(out.console(), opened.error(), json_);
    }
    std::set<std::string> told;
    const auto tell_faults = [&] {
        for (const Error& fault : service.faults()) {
            if (told.insert(fault.sentence).second) report(out.console(), fault, json_);
        }
    };
    while (out.console().wait(between_looks)) {
        tell_faults();
        tenants.close_idle();
    }
    tell_faults();
}

} // namespace eventloom
