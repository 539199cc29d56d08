// The scenarios of https://dcb.events/examples, a line each, with no store.
#include "boundaries/courses.hpp"
#include "boundaries/invoices.hpp"
#include "boundaries/orders.hpp"
#include "boundaries/prices.hpp"
#include "boundaries/sign_up.hpp"
#include "boundaries/usernames.hpp"

#include <eventloom/framework/testing.hpp>

#include <catch2/catch.hpp>

using eventloom::testing::ago;
using eventloom::testing::given;
using std::chrono::days;
using std::chrono::minutes;

TEST_CASE("course subscriptions: capacity and five courses a student", "[examples][boundaries]")
{
    using namespace courses;
    const Defined one_seat{{"c1"}, 1};
    const Subscribe ada_joins{{"ada"}, {"c1"}};

    CHECK(given<Courses>().when(Define{{"c1"}, 15}).then(Defined{{"c1"}, 15}));
    CHECK(given<Courses>(one_seat).when(Define{{"c1"}, 15}).refused("course-exists"));
    CHECK(given<Courses>().when(Define{{"c1"}, 0}).refused("no-capacity"));

    CHECK(given<Courses>(one_seat).when(ChangeCapacity{{"c1"}, 15}).then(CapacityChanged{{"c1"}, 15}));
    CHECK(given<Courses>(one_seat).when(ChangeCapacity{{"c1"}, 1}).refused("same-capacity"));
    CHECK(given<Courses>(one_seat).when(ChangeCapacity{{"c1"}, 0}).refused("no-capacity"));
    CHECK(given<Courses>().when(ChangeCapacity{{"c0"}, 15}).refused("no-such-course"));

    CHECK(given<Courses>().when(ada_joins).refused("no-such-course"));
    CHECK(given<Courses>(one_seat).when(ada_joins).then(Subscribed{{"ada"}, {"c1"}}));
    CHECK(given<Courses>(one_seat, Subscribed{{"bob"}, {"c1"}}).when(ada_joins).refused("course-full"));
    CHECK(given<Courses>(one_seat, Subscribed{{"bob"}, {"c1"}}, CapacityChanged{{"c1"}, 2})
              .when(ada_joins)
              .then(Subscribed{{"ada"}, {"c1"}}));
    CHECK(
        given<Courses>(Defined{{"c1"}, 9}, Subscribed{{"ada"}, {"c1"}}).when(ada_joins).refused("already-subscribed"));

    const auto joined = [](const char* course) { return Subscribed{{"ada"}, {course}}; };
    CHECK(given<Courses>(one_seat, joined("c2"), joined("c3"), joined("c4"), joined("c5"))
              .when(ada_joins)
              .then(joined("c1")));
    CHECK(given<Courses>(one_seat, joined("c2"), joined("c3"), joined("c4"), joined("c5"), joined("c6"))
              .when(ada_joins)
              .refused("too-many-courses"));
}

TEST_CASE("unique user names: claimed, given up, changed, and kept back", "[examples][boundaries]")
{
    using namespace usernames;
    const Registered u1{"u1"};

    CHECK(given<Accounts>().when(Register{"u1"}).then(u1));
    CHECK(given<Accounts>(u1).when(Register{"u1"}).refused("username-claimed"));
    CHECK(given<Accounts>(u1).when(Register{"U1"}).refused("username-claimed"));
    CHECK(given<Accounts>(u1).when(Register{"u2"}).then(Registered{"u2"}));

    CHECK(
        given<Accounts>(ago(days{4}, u1), ago(days{3}, Closed{"u1"})).when(Register{"u1"}).refused("username-claimed"));
    CHECK(given<Accounts>(ago(days{4}, u1), ago(days{4}, Closed{"u1"})).when(Register{"u1"}).then(u1));

    const Renamed changed{"u1", "u1changed"};
    CHECK(given<Accounts>(ago(days{4}, u1), ago(days{3}, changed)).when(Register{"u1"}).refused("username-claimed"));
    CHECK(given<Accounts>(ago(days{4}, u1), ago(days{4}, changed)).when(Register{"u1"}).then(u1));
    CHECK(given<Accounts>(ago(days{9}, u1), ago(days{9}, changed))
              .when(Register{"u1changed"})
              .refused("username-claimed"));

    CHECK(given<Accounts>(u1).when(Rename{"u1", "u1changed"}).then(changed));
    CHECK(given<Accounts>(u1, Registered{"u2"}).when(Rename{"u1", "u2"}).refused("username-claimed"));
    CHECK(given<Accounts>().when(Rename{"u1", "u2"}).refused("no-such-account"));
    CHECK(given<Accounts>(u1).when(Close{"u1"}).then(Closed{"u1"}));
    CHECK(given<Accounts>(u1, Closed{"u1"}).when(Close{"u1"}).refused("no-such-account"));
}

TEST_CASE("invoice numbers: one after the other", "[examples][boundaries]")
{
    using namespace invoices;
    CHECK(given<Invoices>().when(Issue{"tea"}).then(Issued{1, "tea"}));
    CHECK(given<Invoices>(Issued{1, "tea"}).when(Issue{"cake"}).then(Issued{2, "cake"}));
    CHECK(given<Invoices>(Issued{1, "tea"}, Issued{2, "cake"}).when(Issue{"milk"}).then(Issued{3, "milk"}));
}

TEST_CASE("opt-in tokens: of this address, once, within the hour", "[examples][boundaries]")
{
    using namespace sign_up;
    const Initiated john{"john@example.com", "444444", "John"};
    const Confirmed confirmed{"john@example.com", "444444", "John"};
    const Confirm confirm{"john@example.com", "444444"};

    CHECK(given<SignUps>().when(Initiate{"john@example.com", "444444", "John"}).then(john));
    CHECK(given<SignUps>().when(confirm).refused("no-sign-up"));
    CHECK(given<SignUps>(john).when(Confirm{"jane@example.com", "444444"}).refused("no-sign-up"));
    CHECK(given<SignUps>(john).when(Confirm{"john@example.com", "000000"}).refused("no-sign-up"));
    CHECK(given<SignUps>(john, confirmed).when(confirm).refused("password-used"));
    CHECK(given<SignUps>(john).when(confirm).then(confirmed));
    CHECK(given<SignUps>(ago(minutes{60}, john)).when(confirm).then(confirmed));
    CHECK(given<SignUps>(ago(minutes{61}, john)).when(confirm).refused("password-expired"));
}

TEST_CASE("dynamic prices: as shown, within the grace period, for a whole cart", "[examples][boundaries]")
{
    using namespace prices;
    const auto defined = ago(minutes{20}, Defined{{"p1"}, 123});
    const auto changed = [](int minutes_ago) { return ago(minutes{minutes_ago}, PriceChanged{{"p1"}, 134}); };
    const auto order   = [](std::int64_t cents) { return Order{{{{"p1"}, cents}}}; };
    const auto ordered = [](std::int64_t cents) { return Ordered{{{{"p1"}, cents}}}; };

    CHECK(given<Products>(defined).when(order(100)).refused("price-not-valid"));
    CHECK(given<Products>(defined).when(order(123)).then(ordered(123)));
    CHECK(given<Products>().when(order(123)).refused("price-not-valid"));

    CHECK(given<Products>(defined, changed(20)).when(order(123)).refused("price-not-valid"));
    CHECK(given<Products>(defined, changed(11)).when(order(123)).refused("price-not-valid"));
    CHECK(given<Products>(defined, changed(9)).when(order(123)).then(ordered(123)));
    CHECK(given<Products>(defined, changed(9)).when(order(134)).then(ordered(134)));

    const Order cart{{{{"p1"}, 123}, {{"p2"}, 321}}};
    const auto other = ago(minutes{8}, Defined{{"p2"}, 321});
    CHECK(given<Products>(defined, changed(9), other).when(cart).then(Ordered{cart.items}));
    CHECK(given<Products>(defined, changed(20), other).when(cart).refused("price-not-valid"));
    CHECK(given<Products>(defined).when(cart).refused("price-not-valid"));
    CHECK(given<Products>(defined).when(Order{}).refused("empty-cart"));

    CHECK(given<Products>(defined).when(Define{{"p1"}, 1}).refused("product-exists"));
    CHECK(given<Products>().when(ChangePrice{{"p1"}, 1}).refused("no-such-product"));
}

TEST_CASE("record duplication: a token is used once", "[examples][boundaries]")
{
    using namespace orders;
    const Placed first{{"o12345"}, "11111"};
    CHECK(given<Orders>(first).when(Place{{"o54321"}, "11111"}).refused("placed-before"));
    CHECK(given<Orders>(first).when(Place{{"o54321"}, "22222"}).then(Placed{{"o54321"}, "22222"}));
    CHECK(given<Orders>(first).when(Place{{"o12345"}, "22222"}).refused("order-id-taken"));
}
