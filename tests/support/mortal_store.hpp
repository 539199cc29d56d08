// An event store in front of another that dies, as the process before it would: from then on nothing is appended. It keeps which
// streams were appended to together.
//
//     MortalStore store{engine};
//     store.dies();
//     store.append(request);        // Failure::storage "process-died"
//     store.is_born_again();
//
// Threads: one.
#pragma once

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/event_store.hpp>

namespace eventloom::testing {

class MortalStore final : public EventStore {
public:
    explicit MortalStore(EventStore& store) : store_{&store} {}

    void dies() { is_dead_ = true; }
    // At this append, counted from 1: before it is done, or when it is done and nobody knows.
    enum class At : bool { before, after };
    void dies_at(std::size_t append, At at)
    {
        dies_at_ = append;
        at_      = at;
    }
    void is_born_again(EventStore& store)
    {
        store_   = &store;
        is_dead_ = false;
    }
    bool is_dead() const { return is_dead_; }

    std::size_t asked() const { return asked_; }
    // The streams of each append that was done.
    std::vector<std::vector<std::string>> appended;

    result<Appended> append(const AppendRequest& request) override
    {
        const bool is_the_last = ++asked_ == dies_at_;
        if (is_the_last && at_ == At::before) dies();
        if (is_dead_) return died();
        auto answer = store_->append(request);
        if (answer) note(request);
        if (not is_the_last) return answer;
        dies();
        return died();
    }
    void append(AppendRequest request, AppendCompletion completion) override { completion(append(request)); }
    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override { return store_->read(request); }
    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override { return store_->find_event(id); }
    result<std::uint64_t> stream_length(std::string_view stream) const override
    {
        return store_->stream_length(stream);
    }
    result<std::vector<std::string>> stored_types() const override { return store_->stored_types(); }
    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override
    {
        return store_->find_command(id);
    }
    Position head() const override { return store_->head(); }
    Observation observe(CommitObserver observer) override { return store_->observe(std::move(observer)); }

private:
    static outcome::failure_type<Error> died()
    {
        return fail(Failure::storage, "process-died", "appended to the log and found that the process has died");
    }
    void note(const AppendRequest& request)
    {
        auto& streams = appended.emplace_back();
        for (const auto& one : request.streams) streams.push_back(one.stream);
    }

    EventStore* store_;
    bool is_dead_        = false;
    std::size_t asked_   = 0;
    std::size_t dies_at_ = 0; // 0: at none
    At at_               = At::before;
};

} // namespace eventloom::testing
