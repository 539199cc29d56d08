#include "payment_provider.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/storage/ordered_key.hpp>

namespace shop {

namespace {

// The books: "c", reference, key of the call -> what was charged; "r", the same -> nothing, once it is given back; "d" -> nothing,
// while it is down. One entry for each key, so that a shop that asked with two keys for one order would be seen to have charged
// twice.
constexpr auto entry_of_down = "d";

std::string entries_of(char kind, const std::string& reference)
{
    return kind + el::ordered_key(reference);
}

std::string entry_of(char kind, const std::string& reference, const el::CallKey& key)
{
    return entries_of(kind, reference) + el::to_string(key);
}

struct Booked {
    std::string reference;
    Money amount;
    Receipt receipt;
};

} // namespace

SamplePaymentProvider::SamplePaymentProvider(const SampleProviderOptions& options, std::unique_ptr<el::Database> books,
                                             bool is_down, std::unique_ptr<el::Executor> clerk)
    : options_{options}, books_{std::move(books)}, is_down_{is_down}, clerk_{std::move(clerk)}
{
}

el::result<std::unique_ptr<SamplePaymentProvider>> SamplePaymentProvider::open(const el::Runtime& runtime,
                                                                               const SampleProviderOptions& options)
{
    BOOST_OUTCOME_TRY(auto books,
                      el::Database::open(runtime, {.directory = options.directory, .write_buffer_bytes = 2u << 20}));
    BOOST_OUTCOME_TRY(const auto down, books->get(entry_of_down));
    return std::make_unique<SamplePaymentProvider>(options, std::move(books), down.has_value(),
                                                   runtime.executor.own_threads(1));
}

double SamplePaymentProvider::chance(std::string_view what, const el::CallKey& key, unsigned attempt) const
{
    const auto drawn =
        el::derived_uuid({what, std::to_string(options_.seed), el::to_string(key), std::to_string(attempt)});
    return static_cast<double>(drawn.bytes[0] * 65'536 + drawn.bytes[1] * 256 + drawn.bytes[2]) / 16'777'216.0;
}

el::Duration SamplePaymentProvider::answer_delay(const el::CallKey& key) const
{
    const auto longest = static_cast<double>(options_.answer_delay.count());
    return el::Duration{static_cast<el::Duration::rep>(longest * chance("delay", key, 0))};
}

el::result<void> SamplePaymentProvider::set_down(bool down)
{
    el::Batch batch;
    if (down) {
        batch.put(entry_of_down, {});
    } else {
        batch.remove(entry_of_down);
    }
    BOOST_OUTCOME_TRY(books_->write(batch, el::Durability::synced));
    is_down_ = down;
    return el::done();
}

el::result<void> SamplePaymentProvider::may_fail(const el::CallKey& key)
{
    const std::lock_guard lock{mutex_};
    if (is_down_ || chance("fail", key, attempts_[key]++) < options_.fail_rate) {
        return el::fail(el::Failure::unavailable, "provider-unavailable",
                        "The payment provider did not answer; try again.");
    }
    attempts_.erase(key);
    return el::done();
}

el::result<SamplePaymentProvider::Booking> SamplePaymentProvider::charged(const Charge& charge, const el::CallKey& key)
{
    BOOST_OUTCOME_TRY(may_fail(key));
    const auto entry = entry_of('c', charge.reference, key);
    BOOST_OUTCOME_TRY(const auto known, books_->get(entry));
    if (known) {
        BOOST_OUTCOME_TRY(auto first, el::codec<Booked>::decode(*known));
        return Booking{{}, std::move(first.receipt), {}};
    }
    // A free order moves no money, so there is no card to decline.
    if (charge.amount > Money{} && chance("decline", key, 0) < options_.decline_rate) {
        return el::refuse("card-declined", "The customer's card was declined.");
    }
    const Receipt receipt{"receipt-" + el::to_string(key).substr(0, 18)};
    std::string booked;
    el::codec<Booked>::encode({charge.reference, charge.amount, receipt}, booked);
    // The same key asked twice at once books the same.
    return Booking{{{entry, std::move(booked)}}, receipt, {}};
}

void SamplePaymentProvider::charge(const Charge& charge, const el::CallKey& key, Answer answer)
{
    book(charged(charge, key), std::move(answer));
}

el::result<SamplePaymentProvider::Booking> SamplePaymentProvider::refunded(const Refund& refund, const el::CallKey& key)
{
    BOOST_OUTCOME_TRY(may_fail(key));
    Booking back;
    auto cursor       = books_->cursor();
    const auto prefix = entries_of('c', refund.reference);
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        BOOST_OUTCOME_TRY(auto booked, el::codec<Booked>::decode(cursor.value()));
        back.receipt = std::move(booked.receipt);
        back.entries.emplace_back("r" + std::string{cursor.key().substr(1)}, std::string{});
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return back;
}

void SamplePaymentProvider::refund(const Refund& refund, const el::CallKey& key, Answer answer)
{
    book(refunded(refund, key), std::move(answer));
}

// Answers when it is on the disk.
void SamplePaymentProvider::book(el::result<Booking> booking, Answer answer)
{
    if (not booking) return answer(booking.as_failure());
    if (booking.value().entries.empty()) return answer(std::move(booking.value().receipt));
    booking.value().answer = std::move(answer);
    {
        const std::lock_guard lock{booking_};
        bookings_.push_back(std::move(booking.value()));
        if (std::exchange(is_being_written_, true)) return;
    }
    clerk_->post([this] { write_bookings(); });
}

// Those that come meanwhile are the next write.
void SamplePaymentProvider::write_bookings()
{
    for (;;) {
        std::vector<Booking> bookings;
        {
            const std::lock_guard lock{booking_};
            bookings.swap(bookings_);
            if (bookings.empty()) {
                is_being_written_ = false;
                return;
            }
        }
        el::Batch batch;
        for (const Booking& booking : bookings) {
            for (const auto& [key, value] : booking.entries) batch.put(key, value);
        }
        const auto written = books_->write(batch, el::Durability::synced);
        for (const Booking& booking : bookings) {
            booking.answer(written ? el::result<Receipt>{booking.receipt} : el::result<Receipt>{written.error()});
        }
    }
}

el::result<void> SamplePaymentProvider::visit_charges(const Visit& visit) const
{
    auto cursor = books_->cursor();
    for (cursor.seek("c"); cursor.valid() && cursor.key().starts_with('c'); cursor.next()) {
        BOOST_OUTCOME_TRY(const auto booked, el::codec<Booked>::decode(cursor.value()));
        BOOST_OUTCOME_TRY(const auto refunded, books_->get("r" + std::string{cursor.key().substr(1)}));
        visit(booked.reference, booked.amount, refunded.has_value());
    }
    return cursor.status();
}

} // namespace shop
