#include "followers/service_followers.hpp"

#include <eventloom/framework/detail/engine.hpp>
#include <eventloom/sagas/sagas.hpp>

#include <algorithm>

namespace eventloom {

namespace {

class SagaFollowers final : public FollowerKind {
public:
    SagaFollowers(Sagas& sagas, const Engine& engine, const EventStore& store, const Clock& clock)
        : sagas_{sagas}, engine_{engine}, store_{store}, clock_{clock}
    {
    }

    std::string_view kind() const override { return "saga"; }

    result<std::vector<FollowerStatus>> list() override
    {
        BOOST_OUTCOME_TRY(sagas_.open());
        BOOST_OUTCOME_TRY(const auto following, sagas_.following());
        const auto paused   = sagas_.paused();
        const Position head = store_.head();
        // A saga that cannot append can do nothing, whether it has noticed or not.
        auto stopped = sagas_.error();
        if (not stopped) stopped = engine_.upkeep->fault();
        std::vector<FollowerStatus> all;
        for (const auto& saga : following) {
            FollowerStatus one{.name = saga.saga, .state = saga.is_running ? "running" : "idle"};
            one.position = saga.position;
            one.lag      = head - std::min(head, one.position);
            BOOST_OUTCOME_TRY(one.behind, age_of_next(store_, one.position, clock_.now()));
            if (const auto found = paused.find(saga.saga); found != paused.end()) {
                one.state        = "paused";
                one.paused_until = found->second.until;
            }
            one.error = saga.error ? saga.error : stopped;
            if (one.error) one.state = "stopped";
            one.dead_letters = saga.parked;
            all.push_back(std::move(one));
        }
        return all;
    }

    result<void> pause(const std::string& name, std::string_view because, Time until) override
    {
        return sagas_.pause_all(name, because, until);
    }
    result<void> resume(const std::string& name, std::string_view because) override
    {
        return sagas_.resume_all(name, because);
    }

    // Events of instances that are not there, or have ended. Instances that are stuck are sagas' own.
    result<std::vector<FollowerLetter>> letters(const std::string& name) override
    {
        BOOST_OUTCOME_TRY(const auto parked, sagas_.parked(name));
        std::vector<FollowerLetter> all;
        for (const auto& event : parked) {
            FollowerLetter one{.follower = name, .id = std::to_string(event.position)};
            one.stream = name + "-" + event.key;
            one.type   = event.event;
            one.error  = {Failure::refused, "event-unheard", "It came for an instance of which " + event.why + "."};
            one.first  = event.at;
            one.last   = event.at;
            all.push_back(std::move(one));
        }
        return all;
    }
    result<LetterData> data_of(const FollowerLetter& letter) override
    {
        BOOST_OUTCOME_TRY(const auto position, position_of_letter(letter.id));
        BOOST_OUTCOME_TRY(auto event, event_of_letter(store_, position));
        return LetterData{event.schema_version, std::move(event.data)};
    }

private:
    Sagas& sagas_;
    const Engine& engine_;
    const EventStore& store_;
    const Clock& clock_;
};

} // namespace

std::unique_ptr<FollowerKind> saga_followers(Sagas& sagas, const Engine& engine, const EventStore& store,
                                             const Clock& clock)
{
    return std::make_unique<SagaFollowers>(sagas, engine, store, clock);
}

} // namespace eventloom
