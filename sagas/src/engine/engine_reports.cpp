// What the engine reports to the log of the program.
#include "engine/engine.hpp"

#include <eventloom/framework/log.hpp>

namespace eventloom {

namespace {

template <class Fact>
LogLevel level_of(const Fact&)
{
    using namespace instance;
    if constexpr (std::is_same_v<Fact, Stuck>) return LogLevel::error;
    if constexpr (std::is_same_v<Fact, AttemptFailed> || std::is_same_v<Fact, StepFailed>) return LogLevel::warning;
    if constexpr (std::is_same_v<Fact, Compensated> || std::is_same_v<Fact, CancelAsked>) return LogLevel::warning;
    if constexpr (std::is_same_v<Fact, CancelRefused> || std::is_same_v<Fact, EventParked>) return LogLevel::warning;
    if constexpr (std::is_same_v<Fact, Paused> || std::is_same_v<Fact, Unpaused>) return LogLevel::info;
    if constexpr (std::is_same_v<Fact, Migrated> || std::is_same_v<Fact, Signalled>) return LogLevel::info;
    if constexpr (std::is_same_v<Fact, StepUndone> || std::is_same_v<Fact, Resumed>) return LogLevel::info;
    return LogLevel::debug;
}

} // namespace

void SagaEngine::report(const InstanceKey& key, const Facts& facts) const
{
    if (runtime_.log == nullptr) return;
    for (const instance::Fact& fact : facts) {
        const auto write = [&](const auto& happened) {
            LogFields fields{{"saga", key.saga}, {"key", key.key}};
            if constexpr (requires { happened.step; }) fields.emplace_back("step", happened.step);
            const auto say = [&](std::string_view name, const std::string& words) {
                if (not words.empty()) fields.emplace_back(name, words);
            };
            if constexpr (requires { happened.code; }) say("code", happened.code);
            if constexpr (requires { happened.reason; }) say("error", happened.reason);
            if constexpr (requires { happened.because; }) say("because", happened.because);
            using Happened = std::remove_cvref_t<decltype(happened)>;
            if constexpr (std::is_same_v<Happened, instance::Signalled> ||
                          std::is_same_v<Happened, instance::EventParked>) {
                say("event", happened.event);
            }
            write_to(runtime_.log, level_of(happened), encoded<instance::Instance>(fact).type, fields);
        };
        std::visit(write, fact);
    }
}

result<std::vector<SagaFollowing>> SagaEngine::following() const
{
    const std::lock_guard lock{mutex_};
    if (not table_) {
        return fail(Failure::unavailable, "sagas-not-open", "asked how far the sagas are before they were opened");
    }
    std::map<std::string, SagaFollowing> all;
    for (const auto& [name_and_version, saga] : definitions_) {
        SagaFollowing& one = all[saga->name];
        one.saga           = saga->name;
        BOOST_OUTCOME_TRY(one.position, table_->checkpoint(saga->name));
    }
    for (const auto& following : followings_) {
        SagaFollowing& one = all[following->saga()];
        one.error          = following->error();
        one.is_running     = true;
    }
    for (const auto& [saga, position] : parked_) {
        if (const auto found = all.find(saga); found != all.end()) ++found->second.parked;
    }
    std::vector<SagaFollowing> listed;
    for (auto& [name, one] : all) listed.push_back(std::move(one));
    return listed;
}

} // namespace eventloom
