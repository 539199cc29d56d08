#include "payment_provider.hpp"

#include <eventloom/storage/ordered_key.hpp>

namespace shop {

namespace {

// The books: "c" + reference -> amount and receipt; "r" + reference -> nothing, once it is given back.
std::string charge_key(const std::string& reference)
{
    return "c" + reference;
}

std::string refund_key(const std::string& reference)
{
    return "r" + reference;
}

} // namespace

SamplePaymentProvider::SamplePaymentProvider(const SampleProviderOptions& options, std::unique_ptr<el::Database> books)
    : options_{options}, books_{std::move(books)}
{
}

el::result<std::unique_ptr<SamplePaymentProvider>> SamplePaymentProvider::open(const el::Runtime& runtime,
                                                                               const SampleProviderOptions& options)
{
    BOOST_OUTCOME_TRY(auto books, el::Database::open(runtime, {.directory = options.directory}));
    return std::make_unique<SamplePaymentProvider>(options, std::move(books));
}

double SamplePaymentProvider::chance(std::string_view what, const el::CallKey& key, unsigned attempt) const
{
    const auto drawn =
        el::derived_uuid({what, std::to_string(options_.seed), el::to_string(key), std::to_string(attempt)});
    return static_cast<double>(drawn.bytes[0] * 65'536 + drawn.bytes[1] * 256 + drawn.bytes[2]) / 16'777'216.0;
}

el::result<void> SamplePaymentProvider::fail_by_chance(const el::CallKey& key)
{
    if (chance("fail", key, attempts_[key]++) < options_.fail_rate) {
        return el::fail(el::Failure::unavailable, "provider-unavailable",
                        "The payment provider did not answer; try again.");
    }
    attempts_.erase(key);
    return el::done();
}

el::result<Receipt> SamplePaymentProvider::charge(const Charge& charge, const el::CallKey& key)
{
    const std::lock_guard lock{mutex_};
    BOOST_OUTCOME_TRY(fail_by_chance(key));
    const Receipt receipt{"receipt-" + el::to_string(key).substr(0, 8)};
    BOOST_OUTCOME_TRY(const auto known, books_->get(charge_key(charge.reference)));
    if (known) return Receipt{known->substr(8)};
    if (chance("decline", key, 0) < options_.decline_rate) {
        return el::refuse("card-declined", "The customer's card was declined.");
    }
    std::string entry;
    el::append_big_endian(entry, static_cast<std::uint64_t>(charge.amount.pence));
    el::Batch batch;
    batch.put(charge_key(charge.reference), entry + receipt.number);
    BOOST_OUTCOME_TRY(books_->write(batch, el::Durability::synced));
    return receipt;
}

el::result<Receipt> SamplePaymentProvider::refund(const Refund& refund, const el::CallKey& key)
{
    const std::lock_guard lock{mutex_};
    BOOST_OUTCOME_TRY(fail_by_chance(key));
    BOOST_OUTCOME_TRY(const auto known, books_->get(charge_key(refund.reference)));
    if (not known) return Receipt{};
    el::Batch batch;
    batch.put(refund_key(refund.reference), {});
    BOOST_OUTCOME_TRY(books_->write(batch, el::Durability::synced));
    return Receipt{known->substr(8)};
}

el::result<void> SamplePaymentProvider::visit_charges(const Visit& visit) const
{
    auto cursor = books_->cursor();
    for (cursor.seek("c"); cursor.valid() && cursor.key().starts_with("c"); cursor.next()) {
        const std::string reference{cursor.key().substr(1)};
        const Money amount{static_cast<std::int64_t>(el::read_big_endian(cursor.value()))};
        BOOST_OUTCOME_TRY(const auto refunded, books_->get(refund_key(reference)));
        visit(reference, amount, refunded.has_value());
    }
    return cursor.status();
}

} // namespace shop
