// The observers of a log: they are told of every append, one append at a time, in the order of positions, by whoever appends.
//
//     const Observation observation = observers.add([](const auto& events) { ... });
//     observers.tell(events);
//
// An exception of an observer, or of the completion of an append, changes nothing for the one who appends.
// Threads: add from any, tell from one at a time.
#pragma once

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/event_store.hpp>

#include <algorithm>
#include <memory>
#include <mutex>

namespace eventloom {

inline void tell_completion(const AppendCompletion& completion, result<Appended> answer)
{
    tell_user_code("the completion of an append", {}, [&] { completion(std::move(answer)); });
}

class Observers {
public:
    Observation add(CommitObserver observer)
    {
        auto kept = std::make_shared<CommitObserver>(std::move(observer));
        const std::lock_guard lock{mutex_};
        observers_.push_back(kept);
        return kept;
    }

    bool empty()
    {
        const std::lock_guard lock{mutex_};
        std::erase_if(observers_, [](const auto& observer) { return observer.expired(); });
        return observers_.empty();
    }

    void tell(const std::shared_ptr<const std::vector<RecordedEvent>>& events)
    {
        std::vector<std::shared_ptr<CommitObserver>> alive;
        {
            const std::lock_guard lock{mutex_};
            std::erase_if(observers_, [](const auto& observer) { return observer.expired(); });
            for (const auto& observer : observers_) {
                if (auto kept = observer.lock()) alive.push_back(std::move(kept));
            }
        }
        for (const auto& observer : alive) {
            tell_user_code("an observer of the event store", {}, [&] { (*observer)(events); });
        }
    }

private:
    std::mutex mutex_;
    std::vector<std::weak_ptr<CommitObserver>> observers_;
};

} // namespace eventloom
