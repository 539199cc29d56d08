// What becomes of an exception in code that others have written, at each place where the framework calls it.
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <system_error>

namespace user_code_test {

using namespace eventloom;
using namespace eventloom::testing;

// Which of a domain's functions throw today.
struct Broken {
    static inline bool evolve   = false;
    static inline bool decide   = false;
    static inline bool validate = false;
    static inline bool upcast   = false;
    static inline bool write    = false;
    static inline bool snapshot = false;
    static inline bool view     = false;
    static inline bool boundary = false;

    static void at(const bool& place)
    {
        if (place) throw std::runtime_error{"index out of range"};
    }
    ~Broken() { evolve = decide = validate = upcast = write = snapshot = view = boundary = false; }
};

struct Weight {
    int grams = 0;

    template <class Archive>
    void serialize(Archive& archive)
    {
        Broken::at(Broken::write);
        archive(grams);
    }
};
// clang-format off
struct PackedV1 { int grams = 0; };
struct Packed   { Weight weight; };
struct Pack     { int grams = 0; };
// clang-format on

Packed upcast(const PackedV1& earlier)
{
    Broken::at(Broken::upcast);
    return {{earlier.grams}};
}

struct Parcel {
    static constexpr auto category  = "parcel";
    static constexpr auto snapshots = eventloom::snapshots{.version = 1, .every = 2};
    using Events                    = events<event<"packed", Packed, PackedV1>>;
    int grams                       = 0;

    template <class Archive>
    void serialize(Archive& archive)
    {
        Broken::at(Broken::snapshot);
        archive(grams);
    }
};

Parcel evolve(Parcel parcel, const Packed& event)
{
    Broken::at(Broken::evolve);
    parcel.grams += event.weight.grams;
    return parcel;
}
result<void> validate(const Pack&)
{
    Broken::at(Broken::validate);
    return done();
}
result<Packed> decide(const Pack& command, const Parcel&)
{
    Broken::at(Broken::decide);
    return Packed{{command.grams}};
}
static_assert(aggregate<Parcel>);

// A decision over a boundary.
struct SeatTaken {
    int row = 0;
};
struct Seats {
    static constexpr auto stream = "seats";
    using Events                 = events<event<"seat-taken", SeatTaken>>;
};
Tags tags_of(const SeatTaken&)
{
    return {"seat"};
}
struct Taken {
    int count = 0;
};
Tags tags_of(const Taken&)
{
    return {"seat"};
}
Taken evolve(Taken taken, const SeatTaken&)
{
    Broken::at(Broken::view);
    ++taken.count;
    return taken;
}
struct Take {};
Taken boundary_of(const Take&)
{
    Broken::at(Broken::boundary);
    return {};
}
result<SeatTaken> decide(const Take&, const Taken&)
{
    return SeatTaken{1};
}
static_assert(decision_context<Seats>);

} // namespace user_code_test

template const eventloom::EventTypes& eventloom::event_types<user_code_test::Parcel>();
template const eventloom::EventTypes& eventloom::event_types<user_code_test::Seats>();
template struct eventloom::codec<user_code_test::Parcel>;

namespace user_code_test {

class KeptSnapshots final : public SnapshotStore {
public:
    std::optional<Snapshot> find(std::string_view) const override { return kept; }
    void save(std::string_view, const Snapshot& snapshot) override { kept = snapshot; }
    result<void> remove_all() override
    {
        kept.reset();
        return done();
    }
    std::optional<Snapshot> kept;
};

struct ParcelsMachine {
    Broken broken;
    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    KeptSnapshots snapshots;
    CommandBus commands{runtime, *store, {.cached_aggregates = 0, .snapshots = &snapshots}};

    result<Receipt> pack(int grams, SendOptions options = {})
    {
        return commands.send(id<Parcel>{"1"}, Pack{grams}, std::move(options));
    }
};

void check_thrown(const Error& error, const std::string& named)
{
    INFO(error.sentence);
    CHECK(error.kind == Failure::defect);
    CHECK(error.code == "exception-in-user-code");
    CHECK(error.sentence.find(named) != std::string::npos);
    CHECK(error.sentence.find("index out of range") != std::string::npos);
}

TEST_CASE("what others' code throws is an error that names the code and what it said", "[framework][user-code]")
{
    const auto thrown = [](const auto& what) {
        return call_user_code("the handler of", "mail", [&]() -> int { throw what; }).error();
    };
    const auto error = thrown(std::runtime_error{"no \x1b[31mcolour\x1b[0m please"});
    CHECK(error.kind == Failure::defect);
    CHECK(error.code == "exception-in-user-code");
    CHECK(error.sentence.starts_with("ran the handler of mail and found that it threw an exception: no "));
    CHECK(error.sentence.find('\x1b') == std::string::npos);
    CHECK(thrown(std::runtime_error{std::string(1'000'000, 'x')}).sentence.size() < 400);
    CHECK(thrown(42).sentence.find("other than a std::exception") != std::string::npos);
    CHECK(thrown(std::bad_alloc{}).code == "out-of-memory");
    CHECK(thrown(std::bad_alloc{}).kind == Failure::unavailable);
    const auto refused = [&](std::errc why) { return thrown(std::system_error{std::make_error_code(why)}); };
    CHECK(refused(std::errc::resource_unavailable_try_again).code == "no-threads");
    CHECK(refused(std::errc::resource_unavailable_try_again).kind == Failure::unavailable);
    CHECK(refused(std::errc::io_error).code == "exception-in-user-code");

    CHECK(call_user_code("x", {}, [] { return 7; }).value() == 7);
    CHECK(call_user_code("x", {}, []() -> result<int> { return refuse("no", "No."); }).error().code == "no");
    CHECK(call_user_code("x", {}, [] {}));
}

TEST_CASE("a command whose decider, validation or serializer throws is an error, writes nothing and can be sent again",
          "[framework][command-bus][user-code]")
{
    ParcelsMachine machine;
    for (bool* place : {&Broken::decide, &Broken::validate, &Broken::evolve, &Broken::write}) {
        *place            = true;
        const auto failed = machine.pack(5);
        REQUIRE_FALSE(failed);
        check_thrown(failed.error(), "Pack");
        CHECK(machine.store->head() == 0);
        *place = false;
    }
    CHECK(machine.pack(5));
    CHECK(machine.commands.load(id<Parcel>{"1"}).value().grams == 5);
}

TEST_CASE("an event whose evolve, upcast or serializer throws is named, and other aggregates go on",
          "[framework][command-bus][user-code]")
{
    ParcelsMachine machine;
    NewEvent earlier = note_of(machine.runtime, {}, "packed");
    codec<PackedV1>::encode({7}, earlier.data);
    REQUIRE(machine.store->append(to("parcel-1", ExpectedVersion::any(), {earlier})));
    Broken::upcast      = true;
    const auto unloaded = machine.pack(1);
    REQUIRE_FALSE(unloaded);
    check_thrown(unloaded.error(), "packed");
    CHECK(unloaded.error().sentence.find("parcel-1") != std::string::npos);
    CHECK(machine.commands.send(id<Parcel>{"2"}, Pack{1}));
    Broken::upcast = false;
    REQUIRE(machine.pack(1));

    Broken::evolve     = true;
    const auto unmoved = machine.commands.load(id<Parcel>{"2"});
    REQUIRE_FALSE(unmoved);
    check_thrown(unmoved.error(), "parcel-2");
    Broken::evolve = false;

    Broken::write     = true;
    const auto unread = machine.commands.load(id<Parcel>{"2"});
    REQUIRE_FALSE(unread);
    CHECK(unread.error().code == "damaged-value"); // the bytes may be to blame
    CHECK(unread.error().sentence.find("index out of range") != std::string::npos);
    const auto& type = event_type<Parcel, Packed>();
    Packed fact{{3}};
    Broken::write = false;
    std::string bytes;
    type.encode(&fact, bytes);
    CHECK(type.to_json(2, bytes).value().find('3') != std::string::npos);
    Broken::write = true;
    CHECK(codec<Packed>::to_json(fact).find("(cannot be shown: ran the serializer of Packed") != std::string::npos);
}

TEST_CASE("a snapshot whose serializer throws is not taken, and no command fails because of it",
          "[framework][command-bus][user-code]")
{
    ParcelsMachine machine;
    Broken::snapshot = true;
    for (int i = 1; i <= 6; ++i) REQUIRE(machine.pack(1));
    CHECK_FALSE(machine.snapshots.kept);
    Broken::snapshot = false;
    for (int i = 1; i <= 2; ++i) REQUIRE(machine.pack(1));
    CHECK(machine.snapshots.kept);
    Broken::snapshot = true;
    CHECK(machine.commands.load(id<Parcel>{"1"}).value().grams == 8);
}

TEST_CASE("a decision whose boundary or view throws is an error, and writes nothing",
          "[framework][decision][user-code]")
{
    ParcelsMachine machine;
    REQUIRE(machine.commands.decide<Seats>(Take{}));
    for (bool* place : {&Broken::boundary, &Broken::view}) {
        *place            = true;
        const auto failed = machine.commands.decide<Seats>(Take{});
        REQUIRE_FALSE(failed);
        check_thrown(failed.error(), "Take");
        *place = false;
    }
    CHECK(machine.store->head() == 1);
    CHECK(machine.commands.decide<Seats>(Take{}));
}

TEST_CASE("a middleware that throws after its command was carried out leaves the outcome to the command's id",
          "[framework][command-bus][user-code]")
{
    ParcelsMachine machine;
    enum class When { before, after, never } when = When::before;
    machine.commands.use([&](CommandContext& context, const CommandStep& next, const CommandDone& done) {
        if (when == When::before) throw std::runtime_error{"index out of range"};
        next(context, [&when, done](result<Receipt> answer) {
            if (when == When::after) throw std::runtime_error{"index out of range"};
            done(std::move(answer));
        });
    });
    const SendOptions options{.command_id = derived_uuid({"pack"})};
    check_thrown(machine.pack(5, options).error(), "a middleware around the command Pack");
    CHECK(machine.store->head() == 0);

    when              = When::after;
    const auto failed = machine.pack(5, options);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().kind == Failure::unknown);
    CHECK(failed.error().sentence.find("was carried out before that") != std::string::npos);
    CHECK(machine.store->head() == 1);

    when             = When::never;
    const auto again = machine.pack(5, options);
    REQUIRE(again);
    CHECK(again.value().repeated);
    CHECK(machine.store->head() == 1);

    // What reports times is told, and changes no answer.
    machine.commands.use(timing(machine.simulated, [](const CommandTiming&) { throw std::runtime_error{"no disk"}; }));
    CHECK(machine.pack(1));
}

TEST_CASE("a subscriber that throws is called no more and says why, and others go on",
          "[framework][event-bus][user-code]")
{
    ParcelsMachine machine;
    EventBus bus{machine.runtime, *machine.store};
    const auto throwing = bus.subscribe({.name = "mail"}, [](const Delivery& delivery) -> result<void> {
        if (delivery.position >= 2) throw std::out_of_range{"index out of range"};
        return done();
    });
    int heard           = 0;
    const auto sound    = bus.subscribe({.name = "sales"}, [&](const Delivery& delivery) -> result<void> {
        heard += static_cast<int>(delivery.events.size());
        return done();
    });
    for (int i = 0; i < 4; ++i) {
        REQUIRE(machine.pack(1));
        machine.simulated.run_until_idle();
    }
    REQUIRE(throwing->error());
    check_thrown(*throwing->error(), "mail");
    CHECK(throwing->position() == 1);
    CHECK(heard == 4);
    CHECK_FALSE(sound->error());
}

TEST_CASE("a task that throws ends neither its executor nor its strand", "[framework][runtime][user-code]")
{
    SystemExecutor executor{{.threads = 1}};
    const Strand strand{executor};
    std::atomic<int> ran{0};
    executor.post([] { throw std::runtime_error{"a task of the test"}; });
    strand.post([] { throw 42; });
    strand.post([&] { ++ran; });
    executor.post([&] { ++ran; });
    CHECK(executor.wait_until([&] { return ran == 2; }, system_clock().now() + std::chrono::hours{1}));
}

} // namespace user_code_test
