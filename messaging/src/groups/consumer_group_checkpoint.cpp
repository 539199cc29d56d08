// The part of a consumer group that says how far it is, and keeps that.
#include "consumer_group.hpp"

#include <eventloom/framework/log.hpp>

namespace eventloom {

Position Group::checkpoint(const Lock&) const
{
    return shares_.open().empty() ? read_ : *shares_.open().begin() - 1;
}

// One write for all that is acknowledged until it happens.
void Group::note_change(const Lock&)
{
    ++changes_;
    if (std::exchange(write_is_posted_, true)) return;
    post_at(runtime_.clock.now() + options_.write_every, [](Group& group) {
        {
            const Lock lock{group.mutex_};
            group.write_is_posted_ = false;
        }
        static_cast<void>(group.write()); // a failure stops the group
    });
}

result<void> Group::write()
{
    const std::lock_guard writing{writing_};
    GroupCheckpoint checkpoint;
    std::uint64_t changes = 0;
    {
        const Lock lock{mutex_};
        if (error_) return *error_;
        if (changes_ == written_) return done();
        changes    = changes_;
        checkpoint = {read_,
                      {shares_.open().begin(), shares_.open().end()},
                      had_members_elsewhere_ ? batches_ : 0,
                      members_elsewhere(lock)};
    }
    auto put = table_->put(options_.name, checkpoint);
    const Lock lock{mutex_};
    if (put) {
        written_      = changes;
        written_read_ = checkpoint.read;
    } else {
        stop(lock, put.error());
    }
    return put;
}

result<void> Group::flush()
{
    return write();
}

// The log or the checkpoints can no longer be read or written reliably: the whole group stops.
void Group::stop(const Lock& lock, const Error& why)
{
    if (error_) return;
    error_ = why;
    write_to(runtime_.log, LogLevel::error, "group-stopped", {{"group", options_.name}}, why);
    for (const auto& pull : end_all(lock, why)) answer(pull, why);
}

// Nobody is a member any more. Returns who waited for events.
std::vector<Group::PullPtr> Group::end_all(const Lock&, const Error& why)
{
    for (const auto& seat : seats_) {
        seat->member = nullptr;
        seat->ended  = why;
    }
    seats_.clear();
    std::erase_if(pulls_, [](const auto& pull) { return pull->is_given; }); // the write for them answers
    return std::exchange(pulls_, {});
}

// What waits for a write shares it with all that waits then.
void Group::when_written(const Lock&, Written then)
{
    ++changes_;
    when_written_.push_back(std::move(then));
    if (when_written_.size() == 1) post([](Group& group) { group.write_and_tell(); });
}

void Group::write_and_tell()
{
    std::vector<Written> waiting;
    {
        const Lock lock{mutex_};
        waiting.swap(when_written_);
    }
    const auto written = write();
    for (const auto& then : waiting) then(written);
}

bool Group::wait_for(Position position, Time deadline)
{
    const auto is_handled = [&] {
        const Lock lock{mutex_};
        return checkpoint(lock) >= position;
    };
    const auto is_settled = [&] {
        if (is_handled()) return true;
        const Lock lock{mutex_};
        return error_.has_value() || closed_;
    };
    runtime_.executor.wait_until(is_settled, deadline);
    return is_handled();
}

ConsumerGroupStatus Group::status() const
{
    const Position head = store_.head();
    const Lock lock{mutex_};
    ConsumerGroupStatus status{.name            = options_.name,
                               .checkpoint      = checkpoint(lock),
                               .read            = read_,
                               .lag             = 0,
                               .open            = shares_.open().size(),
                               .buffered_events = shares_.buffered_events(),
                               .buffered_bytes  = shares_.buffered_bytes(),
                               .in_flight       = 0,
                               .members         = {},
                               .stopped         = shares_.stopped(),
                               .error           = error_};
    status.lag = head - std::min(head, status.checkpoint);
    for (const auto& seat : seats_) {
        const auto in_flight = shares_.unhandled(*seat->member);
        status.members.push_back(
            {seat->name, not seat->id.is_nil(), seat->member->streams(), in_flight, seat->lease_ends});
        status.in_flight += in_flight;
    }
    return status;
}

} // namespace eventloom
