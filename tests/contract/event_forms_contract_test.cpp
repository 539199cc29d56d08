// A store knows the members of the events that it holds, and a program that would misread them is told.
#include "support/machine_with_real_files.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/event_forms.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <catch2/catch.hpp>

namespace event_forms_test {

using namespace eventloom;
using namespace eventloom::testing;

// clang-format off
struct Money      { std::int64_t pence = 0; };
struct Charged    { std::int64_t price = 0; std::int64_t deposit = 0; };
struct ChargedV0  { std::string note; };
inline Charged upcast(const ChargedV0&) { return {}; }
// What became of the struct, under one schema version.
struct Swapped    { std::int64_t deposit = 0; std::int64_t price = 0; };
struct Longer     { std::int64_t price = 0; std::int64_t deposit = 0; std::string note; };
inline Longer upcast(const Charged& event) { return {event.price, event.deposit, {}}; }
struct Shorter    { std::int64_t price = 0; };
struct Renamed    { std::int64_t amount = 0; std::int64_t deposit = 0; };
struct Wider      { std::int32_t price = 0; std::int64_t deposit = 0; };
struct Inner      { std::vector<Charged> each; };
struct InnerSwapped { std::vector<Swapped> each; };
// Writes itself: with names, and in two halves.
struct Named      { std::int64_t one = 0; std::int64_t two = 0;
                    template <class Archive> void serialize(Archive& archive) { archive(cereal::make_nvp("price", one), cereal::make_nvp("deposit", two)); } };
struct NamedSwapped { std::int64_t one = 0; std::int64_t two = 0;
                    template <class Archive> void serialize(Archive& archive) { archive(cereal::make_nvp("deposit", one), cereal::make_nvp("price", two)); } };
class Halves      { public: template <class Archive> void save(Archive& archive) const { archive(one_); }
                           template <class Archive> void load(Archive& archive) { archive(one_); }
                    private: std::int64_t one_ = 0; };
// clang-format on

// A program whose stream "till-1" has events of this struct.
template <class Fact, class... Earlier>
struct Till {
    static constexpr auto category = "till";
    using Events                   = events<event<"charged", Fact, Earlier...>>;
};
template <class Fact>
struct Bar {
    static constexpr auto category = "bar";
    using Events                   = events<event<"charged", Fact>>;
};

template <class... Owner>
std::vector<EventList> program()
{
    return {{detail::category_of_list<Owner>(), &event_types<Owner>}...};
}

struct FormsMachine : SimulatedMachine {
    explicit FormsMachine(const StoreKind& kind) : store{kind.open(runtime)} {}

    StoreUnderTest store;

    template <class Owner, class Fact>
    result<Appended> append(const std::string& stream, const Fact& fact)
    {
        auto event = encoded<Owner>(fact);
        event.id   = runtime.ids.next();
        return store->append(to(stream, ExpectedVersion::any(), {event}));
    }

    // Held by a program with this struct, then opened by another.
    template <class Before>
    void hold()
    {
        REQUIRE(keep_event_forms(*store.store, program<Till<Before>>()));
        REQUIRE(append<Till<Before>>("till-1", Before{}));
        store.reopen(store);
    }
    template <class After>
    result<void> open()
    {
        return keep_event_forms(*store.store, program<Till<After>>());
    }

    template <class After>
    void check_that_it_says(const std::string& what)
    {
        const auto opened = open<After>();
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == "other-event-form");
        CHECK_THAT(opened.error().sentence,
                   Catch::Contains("\"charged\" in its schema version 1: " + what) && Catch::Contains("upcast"));
    }
};

TEST_CASE("a program that would misread an event of the store is told which, and what has changed in it",
          "[contract][event-forms]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    FormsMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        SECTION("members have changed")
        {
            machine.hold<Charged>();
            machine.check_that_it_says<Swapped>("price (s8) and deposit (s8) have changed places");
            machine.check_that_it_says<Longer>("note (text) was added");
            machine.check_that_it_says<Shorter>("deposit (s8) is gone");
            machine.check_that_it_says<Renamed>("price (s8) is gone; amount (s8) was added");
            machine.check_that_it_says<Wider>("price was s8 and is s4");
            CHECK(machine.open<Charged>()); // the program that wrote it goes on
        }
        SECTION("within a list")
        {
            machine.hold<Inner>();
            machine.check_that_it_says<InnerSwapped>("each was ");
        }
        SECTION("in a serialize of its own")
        {
            machine.hold<Named>();
            machine.check_that_it_says<NamedSwapped>("price (s8) and deposit (s8) have changed places");
            CHECK(machine.open<Charged>()); // the same names and types
        }
    }
}

TEST_CASE("what cannot be known of an event is never held against a program", "[contract][event-forms]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    FormsMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        machine.hold<Halves>();
        CHECK(event_forms_in(*machine.store.store).value().empty());
        CHECK(machine.open<Charged>());
    }
}

TEST_CASE("an event may change with a new schema version, and its earlier form is known by then",
          "[contract][event-forms]")
{
    using Second     = Till<Charged, ChargedV0>;
    const auto& kind = GENERATE(from_range(every_store()));
    FormsMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        machine.hold<ChargedV0>();
        REQUIRE(keep_event_forms(*machine.store.store, program<Second>()));
        REQUIRE(machine.append<Second>("till-1", Charged{}));
        machine.store.reopen(machine.store);
        const std::vector<EventForm> both{{"till", "charged", 1, "{note:text}"},
                                          {"till", "charged", 2, "{price:s8,deposit:s8}"}};
        CHECK(event_forms_in(*machine.store.store).value() == both);
        CHECK(keep_event_forms(*machine.store.store, program<Second>()));
        CHECK(machine.open<ChargedV0>()); // an older program opens it, and says "newer-schema-version" at the event
        CHECK_FALSE((keep_event_forms(*machine.store.store, program<Till<Longer, Charged>>())));
    }
}

TEST_CASE("two categories may have events of one name with different members", "[contract][event-forms]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    FormsMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        const auto both = program<Till<Charged>, Bar<Swapped>>();
        REQUIRE(keep_event_forms(*machine.store.store, both));
        REQUIRE(machine.append<Till<Charged>>("till-1", Charged{}));
        REQUIRE(machine.append<Bar<Swapped>>("bar-1", Swapped{}));
        machine.store.reopen(machine.store);
        CHECK(keep_event_forms(*machine.store.store, both));
        CHECK(event_forms_in(*machine.store.store).value().size() == 2);
        const auto turned = program<Till<Swapped>, Bar<Swapped>>();
        CHECK(keep_event_forms(*machine.store.store, turned).error().code == "other-event-form");
    }
}

TEST_CASE("a store that knows no forms learns each with the next event that has it", "[contract][event-forms]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    FormsMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        REQUIRE(machine.append<Till<Charged>>("till-1", Charged{})); // by a program that keeps none
        machine.store.reopen(machine.store);
        REQUIRE(machine.open<Charged>());
        CHECK(event_forms_in(*machine.store.store).value().empty());
        REQUIRE(machine.append<Till<Charged>>("till-2", Charged{}));
        CHECK(event_forms_in(*machine.store.store).value().size() == 1);
        machine.store.reopen(machine.store);
        machine.check_that_it_says<Swapped>("price (s8) and deposit (s8) have changed places");
    }
}

TEST_CASE("the form of an event that is refused is not kept, and that of the next one is", "[contract][event-forms]")
{
    // Refuses the first append that it is asked about, after the form was put beside it.
    struct Once final : InlineFold {
        bool has_refused = false;
        result<void> fold(std::span<const RecordedEvent>, const FindStored&, RowBatch&) override
        {
            if (std::exchange(has_refused, true)) return done();
            return fail(Failure::invalid, "not-today", "Not today.");
        }
        void written(Position) override {}
    };
    const auto& kind = GENERATE(from_range(every_store()));
    FormsMachine machine{kind};
    DYNAMIC_SECTION(kind.name)
    {
        REQUIRE(machine.open<Charged>());
        machine.store->inline_rows()->folds(*machine.store->hold_appends().value()).push_back(std::make_shared<Once>());
        CHECK(machine.append<Till<Charged>>("till-1", Charged{}).error().code == "not-today");
        CHECK(event_forms_in(*machine.store.store).value().empty());
        REQUIRE(machine.append<Till<Charged>>("till-1", Charged{}));
        CHECK(event_forms_in(*machine.store.store).value().size() == 1);
    }
}

} // namespace event_forms_test
