// How the data directory of a command is opened: itself or a view of it, and when another process has it.
#include "command_line_state.hpp"

#include "door/admin_socket.hpp"
#include "host/directory_holder.hpp"
#include "host/tenants.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr Duration between_openings = std::chrono::milliseconds{50};
constexpr Duration quiet_wait       = std::chrono::seconds{1}; // short waits are not worth a line

// A service has the directory before its door is there.
result<void> check_no_door(const std::string& directory, Duration patience)
{
    BOOST_OUTCOME_TRY(const auto door, AdminSocket::connect(directory, patience));
    if (not door) return done();
    return fail(Failure::unavailable, service_has_started,
                "wanted to open " + directory +
                    " and found that a service has started there meanwhile; nothing was done; run the command again");
}

} // namespace

result<std::string> CommandLine::State::directory_to_open()
{
    const auto data = data_directory();
    if (view) return view->path();
    if (can_be_written(engine(), data)) return data;
    if (chosen_use != DirectoryUse::reading) {
        return fail(
            Failure::refused, "data-not-writable",
            "asked for a command that writes in " + data +
                " and found that nothing can be written there; only commands that read work there; mount it for "
                "writing, or run the command as the owner of the data");
    }
    BOOST_OUTCOME_TRY(view, make_read_view(engine(), data));
    return view->path();
}

bool CommandLine::State::reads_a_view_instead(const Error& error)
{
    if (not is_of_a_full_disk(error.sentence) || chosen_use != DirectoryUse::reading || view) return false;
    auto made = make_read_view(engine(), data_directory());
    if (not made) return false; // there is no room for a view either
    view = std::move(made.value());
    warn({error.kind, error.code, "opened " + data_directory() + " for reading alone: " + error.sentence});
    return true;
}

result<void> CommandLine::State::when_free(const std::function<result<void>()>& open)
{
    const Runtime& runtime = logging ? *logging : place.runtime;
    const auto directory   = data_directory();
    const auto seconds =
        counted(static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(patience).count()), "second");
    const auto is_cancelled = [this] { return not place.console.go_on(); };
    const Time began        = runtime.clock.now();
    for (bool is_said = false;;) {
        auto opened = open();
        if (opened || opened.error().code != "held-by-another-process") return opened;
        BOOST_OUTCOME_TRY(check_no_door(root_directory(), patience));
        const auto waited = runtime.clock.now() - began;
        if (waited >= patience) {
            auto held = with_holder(std::move(opened.error()), runtime, engine(), directory);
            held.sentence += "; waited " + seconds + ", which is as long as --wait says; nothing was done";
            return held;
        }
        if (waited >= quiet_wait && not std::exchange(is_said, true)) {
            const auto holder = with_holder(std::move(opened.error()), runtime, engine(), directory);
            const Error waits{holder.kind, "waits-for-directory",
                              holder.sentence + "; waits for it, at most " + seconds + " (--wait)"};
            serves ? write_to(runtime.log, LogLevel::warning, waits.code, {{"directory", directory}}, waits)
                   : warn(waits);
        }
        runtime.executor.wait_until(is_cancelled, runtime.clock.now() + between_openings);
        BOOST_OUTCOME_TRY(place.console.go_on());
    }
}

Error no_data(CommandLine& line, const std::string& directory)
{
    return {Failure::invalid, "no-data",
            "looked for data in " + directory +
                " and found none; give another --data DIR, or begin with a command that makes them, as `" +
                line.state().program.name + " serve` does"};
}

result<OpenService*> CommandLine::open(bool create_if_missing)
{
    State& state = *state_;
    if (is_running_service() && state.tenant.empty()) return state.place.running;
    if (is_running_service() && not state.used) {
        BOOST_OUTCOME_TRY(state.used, state.place.tenants->use(state.tenant, create_if_missing));
    }
    if (state.used) return state.used.get();
    if (state.opened) return state.opened.get();
    BOOST_OUTCOME_TRY(const auto directory, state.directory_to_open());
    if (not state.tenant.empty() && not create_if_missing) {
        BOOST_OUTCOME_TRY(const bool is_there, engine().has_log(runtime(), directory));
        if (not is_there) return no_such_tenant(state.tenant, root_directory());
    }
    std::unique_ptr<OpenService> service;
    const auto opened = state.when_free([&]() -> result<void> {
        BOOST_OUTCOME_TRY(service, state.open(runtime(), directory, create_if_missing));
        return done();
    });
    if (not opened && opened.error().code == "no-such-database") {
        return no_data(*this, directory);
    }
    if (not opened && state.reads_a_view_instead(opened.error())) return open(create_if_missing);
    BOOST_OUTCOME_TRY(opened);
    state.opened = std::move(service);
    ensure(&state.opened->service().engine_kind() == &engine(), "a program and its service are given one engine");
    if (not state.serves) state.opened->service().projections().leave_new_versions_alone();
    return state.opened.get();
}

} // namespace eventloom
