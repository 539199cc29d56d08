#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "commands/consent.hpp"

#include "host/tenants.hpp"
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

namespace {

struct TenantArguments {
    std::string name;
    bool said_yes   = false;
    bool only_looks = false;
};

result<void> list_tenants(Output& out, const Tenants& tenants)
{
    BOOST_OUTCOME_TRY(const auto found, tenants.list());
    TableRows rows;
    for (const auto& tenant : found) {
        rows.push_back({tenant.name, tenant.is_open ? "open" : tenant.has_store ? "closed" : "without a store"});
    }
    out.table({{"tenant"}, {"state"}}, rows);
    return done();
}

result<void> remove(Output& out, Tenants& tenants, const TenantArguments& arguments)
{
    BOOST_OUTCOME_TRY(const auto found, tenants.list());
    const bool is_there = std::any_of(found.begin(), found.end(),
                                      [&](const TenantStatus& tenant) { return tenant.name == arguments.name; });
    if (arguments.only_looks && not is_there) {
        return fail(Failure::invalid, "no-such-tenant",
                    "looked for the tenant " + printable(arguments.name) + " and found none; `tenants list` shows all");
    }
    if (arguments.only_looks) {
        out.say("Would remove the tenant " + arguments.name + " with all of its data. Nothing was removed.");
        if (out.json()) out.properties({{"tenant", arguments.name}, {"removed", false}});
        return done();
    }
    if (is_there) {
        BOOST_OUTCOME_TRY(
            require_consent(arguments.said_yes, "remove the tenant " + arguments.name + " with all of its data"));
    }
    BOOST_OUTCOME_TRY(tenants.remove(arguments.name));
    out.say("Removed the tenant " + arguments.name + ".");
    if (out.json()) out.properties({{"tenant", arguments.name}, {"removed", true}});
    return done();
}

} // namespace

void add_tenant_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<TenantArguments>();
    // Those of the running service, or of the directory.
    const auto with_tenants = [&line](auto act) -> CommandLine::Action {
        return [&line, act](Output& out) -> result<void> {
            if (line.is_running_service()) return act(out, *line.state().place.tenants);
            Tenants tenants{line.runtime(), line.root_directory(), line.state().open, {.engine = &line.engine()}};
            return act(out, tenants);
        };
    };
    const auto tenants = line.app().add_subcommand("tenants", "Tenants, each with its own store: list, remove");
    tenants.require_subcommand();
    line.on(tenants.add_subcommand("list", "List all tenants, and which are open"),
            with_tenants([](Output& out, Tenants& found) { return list_tenants(out, found); }));
    const auto removing = tenants.add_subcommand("remove", "Remove a tenant with all of its data");
    removing.add_option("name", arguments->name, "Its name, as `tenants list` shows it").required();
    removing.add_flag("--yes", arguments->said_yes, "Confirm: this cannot be undone");
    removing.add_flag("--dry-run", arguments->only_looks, "Show what would be removed");
    line.on(removing,
            with_tenants([arguments](Output& out, Tenants& found) { return remove(out, found, *arguments); }));
}

} // namespace eventloom
