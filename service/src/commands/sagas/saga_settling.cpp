// How a command waits for what follows from it in a saga.
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace eventloom {

namespace {

constexpr Duration longest_wait_for_saga = std::chrono::minutes{1};
constexpr Duration wait_in_silence       = std::chrono::seconds{2};

void say_what_is_waited_for(Output& out, Service& service, std::string_view saga, std::string_view key,
                            std::string_view how, std::string_view name)
{
    const auto found = service.sagas().find(saga, key);
    std::string what = "the saga " + std::string{saga} + "-" + std::string{key};
    auto json = Json{{"saga", saga}, {"key", key}, {"status", nullptr}, {"step", nullptr}, {"waits for", nullptr}};
    if (found && found.value()) {
        const SagaInstance& one = *found.value();
        what += ", which is " + std::string{to_string(one.status)};
        if (not one.step.empty()) what += " (" + one.step + ")";
        if (not one.waits_for.empty()) what += ", waiting for " + one.waits_for;
        json["status"] = to_string(one.status);
        json["step"]   = one.step;
        if (not one.waits_for.empty()) json["waits for"] = one.waits_for;
    }
    out.warn(std::string{how} + what, name, json);
}

} // namespace

result<void> CommandLine::let_saga_settle(Output& out, Service& service, std::string_view saga, std::string_view key)
{
    const Clock& clock = runtime().clock;
    const Time begun   = clock.now();
    bool is_said       = false;
    const auto go_on   = [&] {
        if (not is_said && clock.now() - begun >= wait_in_silence) {
            is_said = true;
            say_what_is_waited_for(out, service, saga, key, "waiting for ", "waiting_for");
        }
        return out.console().go_on();
    };
    auto settled = service.settle_saga(saga, key, begun + longest_wait_for_saga, go_on);
    if (settled || settled.error().code != "not-settled") return settled;
    say_what_is_waited_for(out, service, saga, key, "what was asked for is recorded; no longer waiting for ",
                           "not_waited_for");
    return done();
}

} // namespace eventloom
