// Several services in one process, one for each tenant, each with its own data directory.
//
//     Tenants tenants{runtime, "var/shop", open_shop};
//     {
//         BOOST_OUTCOME_TRY(const auto acme, tenants.use("acme", true));   // in var/shop/tenants/acme, started
//         acme->service().commands().send(...);
//     }
//     tenants.close_idle();                                                 // now and then
//
// The first use opens a tenant. It stays open while it is in use, while one of its sagas works, and for `open_while_idle`
// after that; close_idle() closes the others. Tenants share no files, so work on one never changes the bytes of another.
// Threads: any. Do not call close_idle(), remove() or the destructor from a task, because they wait until a service has
// stopped.
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
    std::size_t open_at_once = 64;      // one more closes the least recently used tenant that is not in use
    EngineKind* engine       = nullptr; // where `open` keeps their logs; nullptr: default_engine()
};

struct TenantStatus {
    std::string name;
    bool is_open   = false;
    bool has_store = false; // false: the directory holds no store, or an interrupted import
};

class Tenants {
public:
    Tenants(const Runtime& runtime, std::string directory, OpenServiceIn open, TenantsOptions options = {});
    // No tenant may be in use.
    ~Tenants();

    // The tenant stays open while this exists.
    using Use = std::shared_ptr<OpenService>;

    // Failure::invalid      "invalid-tenant-name": only lower-case letters, digits, - and _, at most 64 of them.
    //                       "no-such-tenant": it does not exist, and `create_if_missing` is false.
    // Failure::unavailable  "too-many-tenants": `open_at_once` tenants are in use.
    // And the errors of opening a service.
    result<Use> use(const std::string& name, bool create_if_missing);

    // All tenants that have a directory, by name.
    result<std::vector<TenantStatus>> list() const;

    // Closes tenants that were not in use for `open_while_idle` and whose sagas do not work.
    void close_idle();

    // Removes the tenant with everything in its directory. After an interruption call it again to continue.
    // Failure::invalid "no-such-tenant", "tenant-is-a-link"; Failure::unavailable "tenant-in-use", "held-by-another-process".
    result<void> remove(const std::string& name);

    // Removes what interrupted removals have left.
    void finish_removals();

private:
    struct Tenant;
    struct Changes; // a condition variable; its header is heavy
    using Lock = std::unique_lock<std::mutex>;

    result<void> make_room(Lock& lock);
    void close(Tenant& tenant, Lock& lock);
    void give_back(Tenant& tenant);

    const Runtime runtime_;
    const std::string directory_;
    const OpenServiceIn open_;
    const TenantsOptions options_;
    EngineKind& engine_;
    mutable std::mutex mutex_;
    const std::unique_ptr<Changes> changed_;                 // signals that a tenant was opened or closed
    std::map<std::string, std::unique_ptr<Tenant>> tenants_; // those that are open, opening or closing
};

// The directory of a tenant's data, in the common data directory.
// Failure::invalid  "invalid-tenant-name".
result<std::string> tenant_directory(const std::string& directory, const std::string& name);

// `directory`: the common one.
Error no_such_tenant(const std::string& name, const std::string& directory);

} // namespace eventloom
