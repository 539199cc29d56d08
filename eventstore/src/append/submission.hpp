// One append, from its call to its answer.
#pragma once

#include "append/commit_path.hpp"
#include "append/wakeup.hpp"
#include "record/record.hpp"

#include <array>

namespace eventloom {

class CommitPath::Submission {
public:
    explicit Submission(const AppendRequest& request) : request_{&request} { encode(); }
    Submission(AppendRequest request, AppendCompletion completion)
        : owned_{std::move(request)}, request_{&*owned_}, completion_{std::move(completion)}
    {
        encode();
    }

    const AppendRequest& request() const { return *request_; }
    const EventBodies& bodies() const { return bodies_; }
    bool waits() const { return not completion_; }

    // For the caller: sleeps until it must lead, or has its answer.
    enum class Call : std::uint32_t { lead = 1, answered };
    Call wait_for_call()
    {
        const auto call = static_cast<Call>(wakeup_.wait());
        if (call == Call::answered) wake_others();
        return call;
    }
    result<Appended> take_answer() { return std::move(*answer_); }

    // For the leader.
    void call(Call what) { wakeup_.wake(static_cast<std::uint32_t>(what)); }
    // This caller, when it has its answer, wakes another caller that has one too. At most two.
    void wakes(Submission* other) { others_[others_[0] != nullptr ? 1 : 0] = other; }
    void keep(result<Appended> answer) { answer_ = std::move(answer); }
    // Of a caller that does not wait.
    void complete() { tell_completion(completion_, std::move(*answer_)); }

private:
    void encode()
    {
        bodies_.reserve(*request_);
        for (const StreamAppend& append : request_->streams) {
            for (const NewEvent& event : append.events) bodies_.add(event);
        }
    }

    void wake_others()
    {
        for (Submission* other : others_) {
            if (other != nullptr) other->call(Call::answered);
        }
    }

    std::optional<AppendRequest> owned_;
    const AppendRequest* request_;
    AppendCompletion completion_;
    EventBodies bodies_;
    std::optional<result<Appended>> answer_;
    Wakeup wakeup_;
    std::array<Submission*, 2> others_{};
};

} // namespace eventloom
