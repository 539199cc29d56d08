#include "support/stay.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/event_codec.hpp>

#include <catch2/catch.hpp>

template const eventloom::EventTypes& eventloom::event_types<stay_test::Stay>();
template const eventloom::EventTypes& eventloom::event_types<stay_test::Room>();

namespace stay_test {

void Cards::charge(const Charge& request, const CallKey& key, std::function<void(result<Slip>)> done)
{
    ++asked;
    keys.push_back(key);
    const auto answer = [this, request, key, done] {
        if (later) return done(answered_later());
        if (declines) return done(refuse("declined", "The card was declined."));
        charged.emplace(key, request.stay);
        done(Slip{"slip-" + request.stay});
    };
    if (is_silent) return unanswered.push_back(answer);
    if (fails > 0) {
        --fails;
        return done(fail(Failure::unavailable, "line-dead", "Nobody picked up."));
    }
    answer();
}

void Cards::answer_all()
{
    for (const auto& answer : std::exchange(unanswered, {})) answer();
}

House::House(Saga saga, std::uint64_t seed, ActivityOptions with, const StoreKind& kind)
    : simulated{seed}, runtime{simulated, simulated, simulated, system_files(), &log}, store{kind.open(runtime)},
      versions{std::move(saga)}, activity{with}
{
    open();
}

void House::open()
{
    commands = std::make_unique<CommandBus>(runtime, *store.store);
    bus      = std::make_unique<EventBus>(runtime, *store.store);
    sagas    = std::make_unique<Sagas>(runtime, *store.store, *commands, *bus, directory.path() + "/sagas");
    for (const auto& version : versions) sagas->add(version);
    for (const auto& migration : migrations) sagas->add(migration);
    sagas->perform_async<Charge>(
        [this](const Charge& request, const CallKey& key, auto done) { cards.charge(request, key, done); }, activity);
    sagas->perform<Refund>([this](const Refund& request, const CallKey& key) -> result<Slip> {
        cards.refunded.emplace(key, request.stay);
        return Slip{"back"};
    });
    const auto started = sagas->start();
    INFO((started ? "" : started.error().sentence));
    REQUIRE(started);
}

void House::close()
{
    sagas.reset();
    bus.reset();
    commands.reset();
}

void House::kill()
{
    close();
    simulated.drop_everything();
    store.reopen(store);
}

void House::restart()
{
    kill();
    open();
}

void House::request(const std::string& stay, int cents)
{
    REQUIRE(commands->send(StayId{stay}, Request{cents}));
}

SagaInstance House::instance(const std::string& stay)
{
    const auto shown = sagas->show("booking", stay);
    INFO((shown ? "" : shown.error().sentence));
    REQUIRE(shown);
    return shown.value().instance;
}

std::vector<std::string> House::types_of(const std::string& stream)
{
    std::vector<std::string> types;
    for (const auto& event : read_all(*store.store, {.scope = Scope::stream(stream)})) types.push_back(event.type);
    return types;
}

std::vector<std::string> House::notes(const std::string& stay)
{
    std::vector<std::string> notes;
    for (const auto& event : read_all(*store.store, {.scope = Scope::stream("stay-" + stay)})) {
        const auto read = detail::with_facts<Stay>(event, "stay", [&](const auto& fact) {
            if constexpr (requires { fact.what; }) notes.push_back(fact.what);
        });
        REQUIRE(read);
    }
    return notes;
}

} // namespace stay_test
