// The list of instances by every filter, against all of them looked at one by one.
#include "support/stay.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

namespace stay_test {

namespace {

// Two sagas of each stay, with a step of the same name; together they come to every status, with several errors.
Saga books()
{
    return saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
                         together(step("approval", await<Approved>{}, deadline{48h}), charge_the_card()),
                         note("booked"), say_why_it_failed());
}

Saga bills()
{
    return saga<Booking>("billing", 1, begins_with_request(), no_return{}, charge_the_card(),
                         step("approval", await<Approved>{}), note("billed"));
}

class Hotel {
public:
    explicit Hotel(std::uint64_t seed) : house_{books(), seed}, random_{seed}
    {
        house_.versions.push_back(bills());
        house_.restart();
    }

    void do_something()
    {
        const auto stay = some_stay();
        const auto saga = one_of(2) ? "booking" : "billing";
        switch (one_of(12)) {
        case 0:
        case 1:
        case 2:
            house_.cards.declines  = one_of(4) == 0;
            house_.cards.is_silent = one_of(3) == 0;
            house_.cards.fails     = one_of(3) == 0 ? 7 : 0;
            house_.request(stay);
            stays_.insert(stay);
            break;
        case 3:
            REQUIRE(house_.commands->send(StayId{stay}, Approve{"Ada"}));
            break;
        case 4:
            REQUIRE(house_.commands->send(StayId{stay}, Withdraw{}));
            break;
        case 5:
            house_.cards.answer_all();
            break;
        // What a person asks for may be refused, by how the instance is just now.
        case 6:
            static_cast<void>(house_.sagas->cancel(saga, stay, "by phone"));
            break;
        case 7:
            static_cast<void>(house_.sagas->retry(saga, stay, "once more"));
            break;
        case 8:
            static_cast<void>(house_.sagas->skip(saga, stay, one_of(2) ? "charge" : "approval", "paid in cash"));
            break;
        case 9:
            static_cast<void>(house_.sagas->pause(saga, stay, "an audit"));
            break;
        case 10:
            house_.simulated.advance(std::chrono::minutes{one_of(600)});
            break;
        default:
            if (one_of(3) == 0) house_.restart();
        }
        house_.simulated.run_until_idle();
    }

    void compare()
    {
        const auto filter = some_filter();
        const auto limit  = one_of(3) == 0 ? 1'000 : 1 + one_of(5);
        INFO("saga " << filter.saga.value_or("-") << ", status " << (filter.status ? to_string(*filter.status) : "-")
                     << ", error " << filter.error_code << ", key " << filter.key_prefix << ", step " << filter.step
                     << ", limit " << limit);
        std::vector<std::string> expected;
        for (const auto& instance : all()) {
            if (fits(filter, instance) && expected.size() < limit) expected.push_back(words(instance));
        }
        std::vector<std::string> listed;
        const auto page = house_.sagas->list(filter, limit);
        if (not page) {
            CHECK(page.error().code == "no-such-saga");
            CHECK(filter.saga == "nobody");
            return;
        }
        for (const auto& instance : page.value()) listed.push_back(words(instance));
        CHECK(listed == expected);
        found_ += listed.size();
    }

    std::size_t found() const { return found_; }

    std::set<std::string> kinds()
    {
        std::set<std::string> kinds;
        for (const auto& instance : all()) {
            kinds.insert(std::string{to_string(instance.status)} + ", " + instance.step + ", " +
                         (instance.why ? instance.why->code : ""));
        }
        return kinds;
    }

private:
    unsigned one_of(unsigned count) { return std::uniform_int_distribution<unsigned>{0, count - 1}(random_); }
    std::string some_stay() { return std::string{static_cast<char>('a' + one_of(3))} + std::to_string(one_of(30)); }

    SagaFilter some_filter()
    {
        SagaFilter filter;
        if (one_of(2)) filter.saga = one_of(2) ? "booking" : one_of(4) ? "billing" : "nobody";
        if (one_of(2)) filter.status = static_cast<SagaStatus>(one_of(5));
        if (one_of(3) == 0) filter.error_code = one_of(3) ? "declined" : one_of(2) ? "cancelled" : "line-dead";
        if (one_of(3) == 0) filter.key_prefix = some_stay().substr(0, 1 + one_of(2));
        if (one_of(2)) filter.step = one_of(2) ? "charge" : one_of(2) ? "approval" : "hold the room";
        if (one_of(3) == 0) filter.began_before = house_.simulated.now() - std::chrono::minutes{one_of(5'000)};
        return filter;
    }

    // By saga and key; each is looked at by itself.
    std::vector<SagaInstance> all()
    {
        std::vector<SagaInstance> found;
        for (const std::string saga : {"billing", "booking"}) {
            for (const auto& stay : stays_) {
                if (auto instance = house_.sagas->find(saga, stay).value()) found.push_back(std::move(*instance));
            }
        }
        return found;
    }

    static bool fits(const SagaFilter& filter, const SagaInstance& instance)
    {
        const std::string code = instance.why ? instance.why->code : "";
        const bool is_at_step  = (", " + instance.step + ", ").find(", " + filter.step + ", ") != std::string::npos;
        return (not filter.saga || instance.saga == *filter.saga) &&
               (not filter.status || instance.status == *filter.status) &&
               (filter.error_code.empty() || code == filter.error_code) &&
               instance.key.starts_with(filter.key_prefix) && (filter.step.empty() || is_at_step) &&
               (not filter.began_before || instance.began < *filter.began_before);
    }

    static std::string words(const SagaInstance& instance)
    {
        return instance.saga + " " + instance.key + ", " + std::string{to_string(instance.status)} + ", " +
               instance.step + ", " + instance.waits_for + ", " + to_string(instance.began) + ", " +
               (instance.why ? instance.why->code : "");
    }

    House house_;
    std::mt19937_64 random_;
    std::set<std::string> stays_;
    std::size_t found_ = 0;
};

} // namespace

TEST_CASE("a page by any filter has the instances that fit, and no others", "[sagas][list]")
{
    Hotel hotel{GENERATE(range(1u, 7u))};
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 15; ++i) hotel.do_something();
        for (int i = 0; i < 30; ++i) hotel.compare();
    }
    CHECK(hotel.found() > 1'000);
    // Waiting and undone, failed and finished: all kinds were there.
    CHECK(hotel.kinds().size() >= 6);
}

} // namespace stay_test
