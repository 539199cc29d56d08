#include "../fulfilment.hpp"

#include "../payment_provider.hpp"
#include "../payments/payment.hpp"
#include "order_return.hpp"

#include <eventloom/sagas/handlers.hpp>

namespace shop {

using namespace std::chrono_literals;
using namespace returns;
using el::actions;
using el::send;

namespace {

struct Returning {
    bool goods_have_come = false; // for whoever looks at it
};

// Timers.
struct GoodsAreLate {};
struct GoodsAreMissing {};

// A provider that does not answer is asked for weeks: an outage leaves no customer without the money.
constexpr el::retry for_weeks{.times = 1'000, .first_wait = 50ms};

} // namespace

el::Saga returning()
{
    return el::saga<ReturnId, Returning>(
        "returning", 1, el::begins_with<AskedFor>{}, for_weeks,

        [](Returning&, const ReturnId&, const AskedFor&) -> actions {
            return {el::wake(14 * 24h, GoodsAreLate{}), el::wake(30 * 24h, GoodsAreMissing{})};
        },
        [](Returning&, const ReturnId& back, const GoodsAreLate&) -> actions { return {send(back, Remind{})}; },
        [](Returning&, const ReturnId& back, const GoodsAreMissing&) -> actions { return {send(back, GiveUp{})}; },
        // Of these two one happens, even when the goods come in the moment in which it is given up.
        [](Returning&, const ReturnId&, const GivenUp&) -> actions {
            return {el::fail_saga("return-given-up", "The goods have not come within 30 days.")};
        },
        [](Returning& returning, const ReturnId& back, const Registered&) -> actions {
            returning.goods_have_come = true;
            return {el::wake_off<GoodsAreLate>(), el::wake_off<GoodsAreMissing>(), el::call(RefundReturn{back.value})};
        },
        [](Returning&, const ReturnId& back, const Receipt& receipt) -> actions {
            return {send(PaymentId{back.value}, payments::RecordRefund{}), send(back, RecordRefund{receipt.number}),
                    el::end_saga()};
        });
}

} // namespace shop
