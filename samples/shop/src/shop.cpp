#include "shop.hpp"

#include "fulfilment.hpp"

namespace shop {

namespace {

constexpr el::Duration finishing_time = std::chrono::hours{1};

// What is called is given up after some time; a provider that is down is left alone, but for one call now and then.
constexpr el::ActivityOptions of_the_provider{.attempt_time      = std::chrono::seconds{30},
                                              .tries_again_every = std::chrono::seconds{5}};

// A return has ten tries, as all sagas with handlers. While the provider is left alone none is used up, so this begins with the first
// fault: an outage costs one try, and one more for each restart of the shop in it.
constexpr el::ActivityOptions of_the_provider_for_returns{
    .attempt_time = std::chrono::seconds{30}, .stops_after_faults = 1, .tries_again_every = std::chrono::seconds{5}};

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
    auto* provider = shop->provider_.get();
    sagas.add(first_fulfilment());
    sagas.add(second_fulfilment());
    sagas.add(fulfilment());
    sagas.add(backorder());
    sagas.add(resumption());
    sagas.add(first_restocking());
    sagas.add(restocking());
    sagas.add(returning());
    sagas.perform<Charge>(
        [provider](const Charge& charge, const el::CallKey& key) { return provider->charge(charge, key); },
        of_the_provider);
    sagas.perform<Refund>(
        [provider](const Refund& refund, const el::CallKey& key) { return provider->refund(refund, key); },
        of_the_provider);
    sagas.perform<RefundReturn>([provider](const RefundReturn& back,
                                           const el::CallKey& key) { return provider->refund({back.reference}, key); },
                                of_the_provider_for_returns);
    return shop;
}

el::result<void> Shop::finish_everything(const std::function<el::result<void>()>& go_on)
{
    return service_->finish(service_->runtime().clock.now() + finishing_time, go_on);
}

} // namespace shop
