#include "host/tenants.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/groups.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/subscriptions.hpp>
#include <eventloom/messaging/topics.hpp>
#include <eventloom/storage/database.hpp>
#include <eventloom/storage/plain_files.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>

namespace eventloom {

namespace {

constexpr std::size_t name_bytes_max = 64;

bool is_tenant_name(const std::string& name)
{
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return not name.empty() && name.size() <= name_bytes_max && name.find_first_not_of(allowed) == std::string::npos;
}

std::string directory_of_all(const std::string& directory)
{
    return directory + "/tenants";
}

bool exists(const std::string& directory)
{
    std::error_code error;
    return std::filesystem::exists(directory, error);
}

// Others may have put a file there.
bool is_another_file(const std::string& directory)
{
    std::error_code error;
    const auto status = std::filesystem::status(directory, error);
    return std::filesystem::exists(status) && not std::filesystem::is_directory(status);
}

// On its way to be removed: no tenant has such a name.
constexpr std::string_view removed_prefix = ".removed-";

std::string place_of_removed(const std::string& directory, const std::string& name)
{
    return directory_of_all(directory) + "/" + std::string{removed_prefix} + name;
}

Error not_removed(const std::string& directory, const std::string& reason)
{
    return {Failure::storage, "tenant-not-removed",
            "removed " + directory + " and found: " + reason + "; check its rights, then remove it again"};
}

result<void> remove_all_of(const std::string& directory)
{
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (not error) return done();
    return not_removed(directory, error.message());
}

// A saga goes on by itself, and its timers need a service that is open.
bool sagas_are_at_work(Service& service)
{
    const auto counts = service.sagas().count();
    if (not counts) return false; // closed and opened again it says why
    const auto of = [&](SagaStatus status) {
        const auto found = counts.value().find(status);
        return found == counts.value().end() ? 0 : found->second;
    };
    return of(SagaStatus::running) + of(SagaStatus::compensating) > 0;
}

} // namespace

// Says which tenant it is about.
struct TenantLog final : Log {
    TenantLog(Log* whole, std::string tenant) : log{whole}, name{std::move(tenant)} {}
    void write(LogLevel level, std::string_view what, const LogFields& fields) override
    {
        LogFields more{{"tenant", name}};
        more.insert(more.end(), fields.begin(), fields.end());
        write_to(log, level, what, more);
    }

    Log* const log;
    const std::string name;
};

struct Tenants::Tenant {
    Tenant(Log* whole, const std::string& name) : log{whole, name} {}

    result<void> open(const OpenServiceIn& open, Runtime runtime, const std::string& directory, bool create_if_missing)
    {
        if (runtime.log != nullptr) runtime.log = &log;
        BOOST_OUTCOME_TRY(service, call_user_code("what opens the service of the tenant", log.name,
                                                  [&] { return open(runtime, directory, create_if_missing); }));
        BOOST_OUTCOME_TRY(service->service().start());
        BOOST_OUTCOME_TRY(service->service().groups().start());
        BOOST_OUTCOME_TRY(service->service().queues().start());
        BOOST_OUTCOME_TRY(service->service().topics().start());
        BOOST_OUTCOME_TRY(service->service().subscriptions().start());
        return call_user_code("on_serve of the tenant", log.name, [&] { return service->on_serve(); });
    }

    void stop()
    {
        const auto stopped = call_user_code("on_stop of the tenant", log.name, [&] { return service->on_stop(); });
        if (not stopped) write_to(&log, LogLevel::error, "on-stop-failed", {}, stopped.error());
        service->service().stop();
    }

    enum class State { opening, open, closing };
    State state = State::opening;
    TenantLog log; // of the service, which goes first
    std::unique_ptr<OpenService> service;
    std::size_t users = 0;
    Time last_used{};
};

struct Tenants::Changes : std::condition_variable {};

Tenants::Tenants(const Runtime& runtime, std::string directory, OpenServiceIn open, TenantsOptions options)
    : runtime_{runtime}, directory_{std::move(directory)}, open_{std::move(open)}, options_{options},
      engine_{options.engine == nullptr ? default_engine() : *options.engine}, changed_{std::make_unique<Changes>()}
{
}

Tenants::~Tenants()
{
    Lock lock{mutex_};
    for (const auto& [name, tenant] : tenants_) {
        ensure(tenant->users == 0, "nobody uses a tenant any more when the tenants go");
        if (tenant->state == Tenant::State::open) tenant->stop();
    }
}

result<Tenants::Use> Tenants::use(const std::string& name, bool create_if_missing)
{
    BOOST_OUTCOME_TRY(const auto directory, tenant_directory(directory_, name));
    Lock lock{mutex_};
    // The thread that opens or closes it is done soon.
    const auto rests = [&] {
        const auto found = tenants_.find(name);
        return found == tenants_.end() || found->second->state == Tenant::State::open;
    };
    changed_->wait(lock, rests);
    if (not tenants_.contains(name) && not create_if_missing) {
        BOOST_OUTCOME_TRY(const bool is_there, engine_.has_log(runtime_, directory));
        if (not is_there) return no_such_tenant(name, directory_);
    }
    while (not tenants_.contains(name) && tenants_.size() >= options_.open_at_once) {
        BOOST_OUTCOME_TRY(make_room(lock));
        changed_->wait(lock, rests); // another may have opened it meanwhile
    }
    auto& tenant = tenants_[name];
    if (not tenant) {
        tenant = std::make_unique<Tenant>(runtime_.log, name);
        lock.unlock();
        auto opened = tenant->open(open_, runtime_, directory, create_if_missing);
        if (not opened) tenant->service.reset();
        lock.lock();
        changed_->notify_all();
        if (not opened) {
            tenants_.erase(name);
            return std::move(opened.error());
        }
        tenant->state = Tenant::State::open;
    }
    ++tenant->users;
    return Use{tenant->service.get(), [this, used = tenant.get()](OpenService*) { give_back(*used); }};
}

void Tenants::give_back(Tenant& tenant)
{
    const std::lock_guard lock{mutex_};
    --tenant.users;
    tenant.last_used = runtime_.clock.now();
}

result<std::vector<TenantStatus>> Tenants::list() const
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, directory_of_all(directory_)));
    std::vector<TenantStatus> tenants;
    const std::lock_guard lock{mutex_};
    for (const std::string& name : names) {
        const auto directory = directory_of_all(directory_) + "/" + name;
        if (not is_tenant_name(name) || is_another_file(directory)) continue;
        BOOST_OUTCOME_TRY(const bool has_log, engine_.has_log(runtime_, directory));
        tenants.push_back({name, tenants_.contains(name), has_log});
    }
    std::sort(tenants.begin(), tenants.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return tenants;
}

void Tenants::close_idle()
{
    Lock lock{mutex_};
    const Time now = runtime_.clock.now();
    for (auto next = tenants_.begin(); next != tenants_.end();) {
        Tenant& tenant   = *next->second;
        tenant.last_used = std::min(tenant.last_used, now); // the clock may have been set back
        const bool due   = tenant.state == Tenant::State::open && tenant.users == 0 &&
                         now - tenant.last_used >= options_.open_while_idle;
        if (not due || sagas_are_at_work(tenant.service->service())) {
            ++next;
            continue;
        }
        const std::string name = next->first;
        close(tenant, lock);
        next = tenants_.upper_bound(name);
    }
}

// Others wait for it, and everything else goes on meanwhile.
void Tenants::close(Tenant& tenant, Lock& lock)
{
    tenant.state = Tenant::State::closing;
    lock.unlock();
    tenant.stop();
    tenant.service.reset();
    lock.lock();
    std::erase_if(tenants_, [&](const auto& entry) { return entry.second.get() == &tenant; });
    changed_->notify_all();
}

// Closes the one that has rested longest, or waits for one that is being closed. Lets go of the lock meanwhile.
result<void> Tenants::make_room(Lock& lock)
{
    Tenant* idle = nullptr;
    for (const auto& [name, tenant] : tenants_) {
        if (tenant->state == Tenant::State::closing) {
            changed_->wait(lock);
            return done();
        }
        const bool can_go = tenant->state == Tenant::State::open && tenant->users == 0 &&
                            not sagas_are_at_work(tenant->service->service());
        if (can_go && (idle == nullptr || tenant->last_used < idle->last_used)) idle = tenant.get();
    }
    if (idle == nullptr) {
        return fail(Failure::unavailable, "too-many-tenants",
                    fmt::format("asked for one more tenant and found {} of them in use, as many as may be open at "
                                "once; try again later",
                                tenants_.size()));
    }
    close(*idle, lock);
    return done();
}

result<void> Tenants::remove(const std::string& name)
{
    BOOST_OUTCOME_TRY(const auto directory, tenant_directory(directory_, name));
    const auto removed = place_of_removed(directory_, name);
    Lock lock{mutex_};
    const bool was_interrupted = exists(removed);
    if (was_interrupted) {
        BOOST_OUTCOME_TRY(remove_all_of(removed));
    }
    if (not exists(directory)) {
        if (was_interrupted) return done();
        return no_such_tenant(name, directory_);
    }
    if (std::error_code error; std::filesystem::is_symlink(directory, error)) {
        return fail(Failure::invalid, "tenant-is-a-link",
                    "asked to remove the tenant " + name + " and found that " + directory +
                        " is a link to another directory; remove both by hand");
    }
    if (const auto open = tenants_.find(name); open != tenants_.end()) {
        if (open->second->state != Tenant::State::open || open->second->users > 0) {
            return fail(Failure::unavailable, "tenant-in-use",
                        "asked to remove the tenant " + name + " and found it in use; try again when it is not in use");
        }
        close(*open->second, lock);
    }
    // Out of the way of whoever would open it.
    BOOST_OUTCOME_TRY(engine_.remove_log(runtime_, directory, [&]() -> result<void> {
        const auto moved = rename_file(runtime_, directory, removed);
        if (moved) return done();
        return not_removed(directory, moved.error().sentence);
    }));
    lock.unlock(); // the others are not to wait for the disk
    return remove_all_of(removed);
}

void Tenants::finish_removals()
{
    const std::lock_guard lock{mutex_};
    const auto names = list_directory(runtime_, directory_of_all(directory_));
    if (not names) return;
    for (const std::string& name : names.value()) {
        // After a failure the next start tries again, and so does another removal of the tenant.
        if (name.starts_with(removed_prefix))
            static_cast<void>(remove_all_of(directory_of_all(directory_) + "/" + name));
    }
}

Error no_such_tenant(const std::string& name, const std::string& directory)
{
    return {Failure::invalid, "no-such-tenant",
            "looked for the tenant " + name + " in " + directory + " and found none; `tenants list` shows all"};
}

result<std::string> tenant_directory(const std::string& directory, const std::string& name)
{
    if (is_tenant_name(name)) return directory_of_all(directory) + "/" + name;
    return fail(Failure::invalid, "invalid-tenant-name",
                "asked for the tenant \"" + printable(name.substr(0, name_bytes_max)) +
                    "\", which cannot be the name of a tenant; give at most 64 lower-case letters, digits, - and _");
}

} // namespace eventloom
