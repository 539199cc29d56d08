// Services side by side in one process, a data directory each: one for every tenant.
//
//     Tenants tenants{runtime, "var/shop", open_shop};
//     {
//         BOOST_OUTCOME_TRY(const auto acme, tenants.use("acme", true));   // in var/shop/tenants/acme, started
//         acme->service().commands().send(...);
//     }
//     tenants.close_idle();                                                 // now and then
//
// A tenant is opened by the first who uses it, and stays open while anybody does, while one of its sagas is at work, and a
// while longer; close_idle() closes the others. Nothing of one tenant is in another's directory, so whatever is done to one
// leaves the others' bytes alone. Threads: any; close_idle(), remove() and the destructor not from within a task, because
// they wait until a service has stopped.
#pragma once

#include <eventloom/service/service.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace eventloom {

struct TenantsOptions {
    Duration open_while_idle = std::chrono::minutes{1};
    std::size_t open_at_once = 64; // beyond them the one that was not used for longest is closed, if nobody uses it
};

struct TenantStatus {
    std::string name;
    bool is_open   = false;
    bool has_store = false; // false: what is there was never a store, or an import that was interrupted
};

class Tenants {
public:
    Tenants(const Runtime& runtime, std::string directory, OpenServiceIn open, TenantsOptions options = {});
    // Nobody uses any.
    ~Tenants();

    // While this is kept the tenant stays open.
    using Use = std::shared_ptr<OpenService>;

    // Failure::invalid      "invalid-tenant-name": not lower-case letters, digits, - and _, at most 64.
    //                       "no-such-tenant": and `create_if_missing` is not set.
    // Failure::unavailable  "too-many-tenants": as many as may be open at once are in use.
    // And what opening a service says.
    result<Use> use(const std::string& name, bool create_if_missing);

    // All that have a directory, by name.
    result<std::vector<TenantStatus>> list() const;

    // Closes those that nobody has used for a while and whose sagas are not at work.
    void close_idle();

    // Removes the tenant with all that is in its directory. Interrupted, it goes on when it is called again.
    // Failure::invalid "no-such-tenant", "tenant-is-a-link"; Failure::unavailable "tenant-in-use", "held-by-another-process".
    result<void> remove(const std::string& name);

    // Removes what interrupted removals have left.
    void finish_removals();

private:
    struct Tenant;
    struct Changes; // a condition variable, whose header is a heavy one
    using Lock = std::unique_lock<std::mutex>;

    result<void> make_room(Lock& lock);
    void close(Tenant& tenant, Lock& lock);
    void give_back(Tenant& tenant);

    const Runtime runtime_;
    const std::string directory_;
    const OpenServiceIn open_;
    const TenantsOptions options_;
    mutable std::mutex mutex_;
    const std::unique_ptr<Changes> changed_;                 // a tenant was opened or closed
    std::map<std::string, std::unique_ptr<Tenant>> tenants_; // that are open, or on their way
};

// Where a tenant's data are, in the data directory of all.
// Failure::invalid  "invalid-tenant-name".
result<std::string> tenant_directory(const std::string& directory, const std::string& name);

} // namespace eventloom
