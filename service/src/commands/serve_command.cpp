#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "commands/projection_status.hpp"

#include "door/admin_door.hpp"
#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/service/tenants.hpp>

#include <set>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr Duration between_looks = std::chrono::milliseconds{500};

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
    return Json({{"service", name},
                 {"process", getpid()},
                 {"since", to_string(since)},
                 {"directory", service.directory()},
                 {"position", service.store().head()},
                 {"projections", projections},
                 {"sagas", sagas},
                 {"sagas_error", fault ? Json(fault->sentence) : Json(nullptr)},
                 {"notices", service.commands().notices()}})
        .dump();
}

// Opens each tenant once, so that its sagas go on, and closes idle ones, until the service is stopped. New faults of the
// machine are reported at once.
void serve_until_stopped(Output& out, Service& service, Tenants& tenants)
{
    tenants.finish_removals();
    const auto found = tenants.list();
    if (not found) report(out.console(), found.error(), out.json());
    for (const auto& tenant : found ? found.value() : std::vector<TenantStatus>{}) {
        if (not out.console().go_on()) return;
        if (not tenant.has_store) continue;
        const auto opened = tenants.use(tenant.name, false);
        if (not opened) report(out.console(), opened.error(), out.json());
    }
    std::set<std::string> told;
    const auto tell_faults = [&] {
        for (const Error& fault : service.faults()) {
            if (told.insert(fault.sentence).second) report(out.console(), fault, out.json());
        }
    };
    while (out.console().wait(between_looks)) {
        tell_faults();
        tenants.close_idle();
    }
    tell_faults();
}

result<void> serve(CommandLine& line, Output& out)
{
    auto& state         = line.state();
    const auto& program = state.program;
    if (not state.tenant.empty()) {
        return fail(Failure::invalid, "serve-with-a-tenant",
                    "asked to serve the tenant " + state.tenant + " alone; serve all of " + line.root_directory() +
                        " without --tenant: each tenant is opened when it is used");
    }
    out.console().ends_well_when_stopped();
    state.serves = true;
    BOOST_OUTCOME_TRY(auto* const open_service, line.open(true));
    Service& service = open_service->service();
    BOOST_OUTCOME_TRY(service.start());
    Tenants tenants{line.runtime(), line.data_directory(), state.open};
    const AdminAnswers answers{
        .health = [&program, &service]() -> result<std::string> {
            if (auto faults = service.faults(); not faults.empty()) return std::move(faults.front());
            return Json({{"status", "ok"}, {"service", program.name}, {"process", getpid()}}).dump();
        },
        .status = [&program, &service,
                   since = line.runtime().clock.now()] { return status_of(service, program.name, since); },
        .carry_out =
            [&line, &program, open_service, &tenants](const AdminCommand& command, Console& console) {
                CommandLine sent{program,
                                 {.console           = console,
                                  .runtime           = line.runtime(),
                                  .working_directory = command.working_directory,
                                  .data_directory    = command.data_directory,
                                  .running           = open_service,
                                  .tenants           = &tenants,
                                  .client_process_id = command.client_process_id}};
                const auto ended = sent.read(command.arguments);
                return ended ? *ended : sent.carry_out();
            }};
    BOOST_OUTCOME_TRY(const auto door, AdminDoor::open(line.data_directory(), answers));
    out.say(program.name + " serves " + line.data_directory() + " as process " + std::to_string(getpid()) +
            "; Ctrl-C stops it.");
    if (out.json()) out.line({{"ready", true}, {"process", getpid()}, {"directory", line.data_directory()}});
    std::vector<std::string> names;
    for (const auto& status : service.projections().status()) {
        names.push_back(status.name);
        if (status.error) out.say(status.name + ": " + printable(status.error->sentence) + ".");
        say_what_is_built(out, status);
    }
    const auto said = say_what_is_unknown(out, service.projections(), names);
    if (not said) report(out.console(), said.error(), out.json());
    serve_until_stopped(out, service, tenants);
    if (out.console().shape().out_is_terminal) out.say(""); // after the ^C
    return done();
}

} // namespace

void add_serve_command(CommandLine& line)
{
    line.on(
        line.app().add_subcommand("serve", "Run the service until Ctrl-C or SIGTERM"),
        [&line](Output& out) { return serve(line, out); }, DirectoryUse::alone);
}

} // namespace eventloom
