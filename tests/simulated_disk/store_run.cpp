#include "simulated_disk/store_run.hpp"

namespace eventloom::testing {

StoreRun::StoreRun(StoreMachine& machine, const RunOptions& options)
    : machine_{machine}, options_{options}, drawn_{options.seed},
      appends_{drawn_, machine.runtime().ids, options.data_bytes_max}
{
}

void StoreRun::go()
{
    for (std::size_t life = 1; life <= options_.lives && not closed_; ++life) {
        live(options_.appends * life / options_.lives);
        machine_.process_ends();
    }
}

void StoreRun::live(std::size_t appends)
{
    auto store = machine_.open();
    if (not store) {
        closed_ = true;
        if (not machine_.disk().fault_happened()) wrong_ = store.error().sentence;
        return;
    }
    const auto wave = [&] {
        for (auto in_flight = 1 + drawn_.below(4); in_flight > 0; --in_flight) {
            requests_.push_back(appends_.next(model_));
            store.value()->append(AppendRequest{requests_.back()},
                                  [this](const result<Appended>& answer) { take_answer(answer); });
        }
        machine_.executor().run_until_idle();
        if (drawn_.one_in(3)) run_one_background_job();
    };
    while (requests_.size() < appends && not closed_) wave();
    if (closed_) wave(); // and is refused, whatever it is
}

void StoreRun::take_answer(const result<Appended>& answer)
{
    const auto& request = requests_[answered_++];
    const auto code     = answer ? "" : answer.error().code;
    if (code == "append-outcome-unknown") {
        closed_ = true;
        unknown_.push_back(request);
    } else if (code == "store-closed-by-fault") {
        closed_ = true;
    } else if (closed_ && answer) {
        wrong_ = "an append was acknowledged after a failure";
    } else if (answer || answer.error().kind != Failure::storage || not machine_.disk().fault_happened()) {
        // A disk that does not answer a reading refuses the append, and nothing is written.
        auto wrong = wrong_answer(model_.expect(request), answer);
        if (wrong_.empty()) wrong_ = std::move(wrong);
        model_.take(request);
    }
}

std::vector<AppendRequest> StoreRun::in_doubt() const
{
    auto requests = unknown_;
    requests.insert(requests.end(), requests_.begin() + static_cast<std::ptrdiff_t>(answered_), requests_.end());
    return requests;
}

std::string recover(StoreMachine& machine, StoreModel acknowledged, const std::vector<AppendRequest>& in_doubt)
{
    std::string wrong;
    {
        auto opened = machine.open();
        if (not opened) {
            wrong = "not opened: " + opened.error().code + ": " + opened.error().sentence;
        } else {
            auto& store = *opened.value();
            wrong       = settle(store, acknowledged, in_doubt);
            if (wrong.empty()) {
                const auto report = store.verify();
                if (not report) {
                    wrong = "not verified: " + report.error().sentence;
                } else if (report.value().findings_total > 0) {
                    wrong = "verify found: " + report.value().findings.front().sentence;
                }
            }
            auto again = in_doubt;
            NewEvent last{.id = machine.runtime().ids.next(), .type = "continued", .data = "", .metadata = {}};
            again.push_back({.streams = {{"continued-1", ExpectedVersion::any(), {last}}}});
            for (const auto& request : again) {
                if (not wrong.empty()) break;
                wrong = wrong_answer(acknowledged.expect(request), store.append(request));
                acknowledged.take(request);
            }
            if (wrong.empty() && store.head() != acknowledged.head()) wrong = "something was appended twice";
        }
    }
    machine.process_ends();
    return wrong;
}

} // namespace eventloom::testing
