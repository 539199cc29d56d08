// The payment provider: a service outside the shop, which may decline, fail, or take long.
#pragma once

#include "money.hpp"

#include <eventloom/framework/runtime.hpp>
#include <eventloom/sagas/sagas.hpp>
#include <eventloom/storage/database.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace shop {

namespace el = eventloom;

struct Receipt {
    std::string number;
};

// What the provider is asked. `reference` is the order's number.
struct Charge {
    using answer = Receipt;
    std::string reference;
    Money amount;
};

struct Refund {
    using answer = Receipt;
    std::string reference;
};

// The same for goods that came back.
struct RefundReturn {
    using answer = Receipt;
    std::string reference;
};

// Asked again with the same key, a provider gives the first answer and takes no money twice. `answer` is called once, later or before
// these return, on any thread: nobody waits for a provider, so that many may be asked at a time.
class PaymentProvider {
public:
    using Answer = std::function<void(el::result<Receipt>)>;

    virtual ~PaymentProvider()                                                       = default;
    virtual void charge(const Charge& charge, const el::CallKey& key, Answer answer) = 0;
    // Gives back what was charged for the reference; nothing when nothing was.
    virtual void refund(const Refund& refund, const el::CallKey& key, Answer answer) = 0;
};

struct SampleProviderOptions {
    std::string directory;
    double decline_rate = 0; // of orders whose card is declined, 0 to 1
    double fail_rate    = 0; // of calls that fail and may be tried again, 0 to 1
    // It answers up to so long after it has done what it was asked for.
    el::Duration answer_delay{0};
    std::uint64_t seed = 1;
};

// The sample's own provider: declines, fails and is slow as it is told, by a seed, and keeps its books in a database of its own.
class SamplePaymentProvider final : public PaymentProvider {
public:
    static el::result<std::unique_ptr<SamplePaymentProvider>> open(const el::Runtime& runtime,
                                                                   const SampleProviderOptions& options);

    void charge(const Charge& charge, const el::CallKey& key, Answer answer) override;
    void refund(const Refund& refund, const el::CallKey& key, Answer answer) override;

    // How long it takes to answer this call.
    el::Duration answer_delay(const el::CallKey& key) const;

    // While it is down every call fails, and may be tried again; also after a restart, until it is set otherwise.
    el::result<void> set_down(bool down);

    // Calls `visit` for every charge: its reference, the amount, and whether it was given back. A reference that comes
    // twice was charged twice. Failure::corrupt when the books are damaged.
    using Visit = std::function<void(const std::string& reference, Money amount, bool refunded)>;
    el::result<void> visit_charges(const Visit& visit) const;

    SamplePaymentProvider(const SampleProviderOptions& options, std::unique_ptr<el::Database> books, bool is_down,
                          std::unique_ptr<el::Executor> clerk);

private:
    // What is to be written, and who hears of it.
    struct Booking {
        std::vector<std::pair<std::string, std::string>> entries;
        Receipt receipt;
        Answer answer;
    };

    // A number from 0 to 1 that the words alone decide.
    double chance(std::string_view what, const el::CallKey& key, unsigned attempt) const;
    el::result<void> may_fail(const el::CallKey& key);
    el::result<Booking> charged(const Charge& charge, const el::CallKey& key);
    el::result<Booking> refunded(const Refund& refund, const el::CallKey& key);
    void book(el::result<Booking> booking, Answer answer);
    void write_bookings();

    const SampleProviderOptions options_;
    std::unique_ptr<el::Database> books_;
    std::atomic<bool> is_down_;
    std::mutex mutex_;                         // of the attempts
    std::map<el::CallKey, unsigned> attempts_; // of calls that have failed so far
    std::mutex booking_;                       // over what follows
    std::vector<Booking> bookings_;            // that are not written yet
    bool is_being_written_ = false;
    const std::unique_ptr<el::Executor> clerk_; // writes them, all that there are together; goes first
};

} // namespace shop
