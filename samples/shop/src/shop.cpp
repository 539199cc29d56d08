#include "shop.hpp"

#include "fulfilment.hpp"

namespace shop {

namespace {

constexpr el::Duration finishing_time = std::chrono::hours{1};

// What is called is given up after some time; a provider that is down is left alone, but for one call now and then.
constexpr el::ActivityOptions of_the_provider{.attempt_time      = std::chrono::seconds{30},
                                              .tries_again_every = std::chrono::seconds{5}};

// Its answer may come some time after it has done what it was asked for; no thread waits for that.
template <class Request, class Ask>
void perform(el::Sagas& sagas, const el::Runtime& runtime, SamplePaymentProvider& provider, Ask ask)
{
    sagas.perform_async<Request>(
        [runtime, &provider, ask](const Request& request, const el::CallKey& key, el::Sagas::Done<Request> done) {
            ask(provider, request, key,
                [runtime, delay = provider.answer_delay(key), done = std::move(done)](el::result<Receipt> answer) {
                    if (delay == el::Duration{}) return done(std::move(answer));
                    runtime.executor.post_at(runtime.clock.now() + delay,
                                             [done, answer = std::move(answer)] { done(answer); });
                });
        },
        of_the_provider);
}

} // namespace

el::result<std::unique_ptr<Shop>> Shop::open(const el::Runtime& runtime, const std::string& directory,
                                             const ShopOptions& options, bool create_if_missing)
{
    auto shop = std::make_unique<Shop>();
    // The log is opened first: where there is none, nothing else is made.
    BOOST_OUTCOME_TRY(shop->service_, el::Service::open(runtime, {.directory         = directory,
                                                                  .durability        = el::Durability::synced,
                                                                  .create_if_missing = create_if_missing,
                                                                  .engine            = options.engine}));
    BOOST_OUTCOME_TRY(shop->provider_, SamplePaymentProvider::open(runtime, {.directory    = directory + "/provider",
                                                                             .decline_rate = options.decline_rate,
                                                                             .fail_rate    = options.fail_rate,
                                                                             .answer_delay = options.answer_delay,
                                                                             .seed         = options.seed}));
    auto& projections = shop->service_->projections();
    BOOST_OUTCOME_TRY(shop->orders_, projections.add(order_summaries(), {.copies = {.every = 10'000}}));
    BOOST_OUTCOME_TRY(shop->lines_, projections.add(invoice_lines()));
    BOOST_OUTCOME_TRY(shop->stock_, projections.add(stock_levels()));
    BOOST_OUTCOME_TRY(shop->customers_, projections.add(customer_accounts()));
    BOOST_OUTCOME_TRY(shop->sales_, projections.add(shop::sales()));
    BOOST_OUTCOME_TRY(shop->payments_, projections.add(payments_taken()));
    BOOST_OUTCOME_TRY(shop->timeline_, projections.add(shop::timeline()));

    auto& sagas    = shop->service_->sagas();
    auto& provider = *shop->provider_;
    sagas.add(first_fulfilment());
    sagas.add(second_fulfilment());
    sagas.add(fulfilment());
    sagas.add(backorder());
    sagas.add(resumption());
    sagas.add(first_restocking());
    sagas.add(restocking());
    sagas.add(returning());
    perform<Charge>(sagas, runtime, provider, [](auto& of, const Charge& charge, const el::CallKey& key, auto answer) {
        of.charge(charge, key, std::move(answer));
    });
    perform<Refund>(sagas, runtime, provider, [](auto& of, const Refund& refund, const el::CallKey& key, auto answer) {
        of.refund(refund, key, std::move(answer));
    });
    perform<RefundReturn>(sagas, runtime, provider,
                          [](auto& of, const RefundReturn& back, const el::CallKey& key, auto answer) {
                              of.refund({back.reference}, key, std::move(answer));
                          });
    return shop;
}

el::result<void> Shop::finish_everything(const std::function<el::result<void>()>& go_on)
{
    return service_->finish(service_->runtime().clock.now() + finishing_time, go_on);
}

} // namespace shop
