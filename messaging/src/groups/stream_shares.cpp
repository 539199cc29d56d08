#include "stream_shares.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <algorithm>

namespace eventloom {

namespace {

std::size_t rough_size(const RecordedEvent& event)
{
    std::size_t bytes = sizeof(RecordedEvent) + event.stream.size() + event.type.size() + event.data.size();
    for (const auto& tag : event.metadata.tags) bytes += sizeof tag + tag.size();
    for (const auto& [name, value] : event.metadata.headers) bytes += 2 * sizeof name + name.size() + value.size();
    return bytes;
}

} // namespace

StreamShares::StreamShares(const ConsumerGroupOptions& options)
    : options_{options}, nobody_{std::make_unique<Member>("")}
{
}

StreamShares::~StreamShares() = default;

StreamShares::Member& StreamShares::add_member(std::string name)
{
    auto& member = add_former_member(std::move(name));
    take_fair_share(member);
    return member;
}

StreamShares::Member& StreamShares::add_former_member(std::string name)
{
    return *members_.emplace(name, std::make_unique<Member>(name)).first->second;
}

void StreamShares::share_out()
{
    while (not members_.empty() && not nobody_->streams_.empty()) {
        Stream& stream = *nobody_->streams_.back();
        withdraw(stream);
        give(stream, least_loaded());
        offer(stream);
    }
}

// Streams in flight stay: their owner's next acknowledgement evens out what is still uneven then, in settle().
void StreamShares::take_fair_share(Member& newcomer)
{
    std::size_t streams = nobody_->streams_.size();
    for (const auto& [name, member] : members_) streams += member->streams_.size();
    const auto fair = streams / members_.size();
    const auto take = [&](Member& from, std::size_t leave) {
        for (auto at = from.streams_.size(); at-- > 0 && from.streams_.size() > leave;) {
            Stream& stream = *from.streams_[at];
            if (stream.in_flight > 0) continue;
            withdraw(stream);
            give(stream, newcomer);
            offer(stream);
            if (leave > 0 && newcomer.streams_.size() >= fair) return;
        }
    };
    take(*nobody_, 0);
    for (const auto& [name, member] : members_) {
        if (member.get() != &newcomer && newcomer.streams_.size() < fair) take(*member, std::max<std::size_t>(fair, 1));
    }
}

void StreamShares::remove_member(Member& member)
{
    hand_back(member);
    const auto kept = std::move(members_.find(member.name_)->second);
    members_.erase(kept->name_);
    while (not kept->streams_.empty()) {
        Stream& stream = *kept->streams_.front();
        withdraw(stream);
        give(stream, least_loaded());
        offer(stream);
    }
}

bool StreamShares::has_member(std::string_view name) const
{
    return members_.contains(name);
}

StreamShares::Member& StreamShares::least_loaded(const Member* but) const
{
    Member* least = nullptr;
    for (const auto& [name, member] : members_) {
        if (member.get() == but) continue;
        if (least == nullptr || member->streams_.size() < least->streams_.size()) least = member.get();
    }
    return least != nullptr ? *least : *nobody_;
}

void StreamShares::give(Stream& stream, Member& member)
{
    stream.owner = &member;
    stream.place = member.streams_.size();
    member.streams_.push_back(&stream);
}

void StreamShares::withdraw(Stream& stream)
{
    Member& owner = *stream.owner;
    if (std::exchange(stream.is_ready, false)) std::erase(owner.ready_, &stream);
    owner.streams_.back()->place = stream.place;
    std::swap(owner.streams_[stream.place], owner.streams_.back());
    owner.streams_.pop_back();
}

// Puts a stream at the end of its owner's line, if there is anything to hand over.
void StreamShares::offer(Stream& stream)
{
    const bool waits = stream.retry_at || stream.stopped;
    if (stream.is_ready || waits || stream.in_flight > 0 || stream.events.empty()) return;
    stream.is_ready = true;
    stream.owner->ready_.push_back(&stream);
}

void StreamShares::add(SharedEvent event)
{
    const auto [found, is_new] = streams_.try_emplace(event->stream);
    Stream& stream             = found->second;
    if (is_new) {
        stream.name = event->stream;
        give(stream, least_loaded());
    }
    if (stream.idle) idle_.erase(*std::exchange(stream.idle, std::nullopt));
    ensure(stream.events.empty() || stream.events.back()->position < event->position,
           "an event is shared out before the one in front of it");
    open_.insert(event->position);
    ++buffered_events_;
    buffered_bytes_ += rough_size(*event);
    stream.events.push_back(std::move(event));
    offer(stream);
}

StreamShares::Room StreamShares::room() const
{
    if (buffered_events_ >= options_.buffered_events_max) return {};
    if (buffered_bytes_ >= options_.buffered_bytes_max) return {};
    return {options_.buffered_events_max - buffered_events_, options_.buffered_bytes_max - buffered_bytes_};
}

bool StreamShares::has_work(const Member& member) const
{
    return not member.ready_.empty();
}

std::vector<SharedEvent> StreamShares::take(Member& member, std::uint64_t number)
{
    ensure(member.batch_.empty(), "a member is given a second batch");
    std::vector<SharedEvent> events;
    member.batch_number_ = number;
    while (not member.ready_.empty() && events.size() < options_.batch_events_max) {
        Stream& stream = *member.ready_.front();
        member.ready_.pop_front();
        stream.is_ready  = false;
        stream.in_flight = std::min(stream.events.size(), options_.batch_events_max - events.size());
        for (std::size_t i = 0; i < stream.in_flight; ++i) {
            events.push_back(stream.events[i]);
            member.batch_.push_back(&stream);
        }
    }
    return events;
}

bool StreamShares::holds(const Member& member, std::uint64_t number) const
{
    return not member.batch_.empty() && member.batch_number_ == number;
}

std::size_t StreamShares::unhandled(const Member& member) const
{
    return member.batch_.size();
}

std::vector<Position> StreamShares::in_hand(const Member& member) const
{
    std::vector<Position> positions;
    std::map<const Stream*, std::size_t> seen;
    for (const Stream* stream : member.batch_) positions.push_back(stream->events[seen[stream]++]->position);
    return positions;
}

bool StreamShares::take_again(Member& member, std::uint64_t number, const std::vector<Position>& events)
{
    std::unordered_map<Position, Stream*> streams;
    for (auto& [name, stream] : streams_) {
        for (const auto& event : stream.events) streams.emplace(event->position, &stream);
    }
    std::map<Stream*, std::size_t> taken;
    std::deque<Stream*> batch;
    for (const Position position : events) {
        const auto found = streams.find(position);
        if (found == streams.end() || found->second->in_flight > 0) return false;
        Stream& stream = *found->second;
        if (stream.events[taken[&stream]++]->position != position) return false;
        batch.push_back(&stream);
    }
    for (const auto& [stream, count] : taken) {
        withdraw(*stream);
        give(*stream, member);
        stream->in_flight = count;
    }
    member.batch_        = std::move(batch);
    member.batch_number_ = number;
    return true;
}

void StreamShares::acknowledge(Member& member, std::size_t count)
{
    ensure(count <= member.batch_.size(), "more events are acknowledged than were handed over");
    for (; count > 0; --count) {
        Stream& stream             = *member.batch_.front();
        const RecordedEvent& event = *stream.events.front();
        member.batch_.pop_front();
        open_.erase(event.position);
        --buffered_events_;
        buffered_bytes_ -= rough_size(event);
        stream.events.pop_front();
        stream.attempts = 0;
        if (--stream.in_flight == 0) settle(stream);
    }
}

// Nothing of the stream is in flight any more: it may go to a member that has less to do, or be forgotten.
void StreamShares::settle(Stream& stream)
{
    Member& least = least_loaded();
    if (stream.owner->streams_.size() >= least.streams_.size() + 2) {
        withdraw(stream);
        give(stream, least);
    }
    offer(stream);
    if (not stream.events.empty()) return;
    stream.idle = idle_.insert(idle_.end(), &stream);
    if (idle_.size() <= options_.buffered_events_max) return;
    Stream& longest = *idle_.front();
    idle_.pop_front();
    withdraw(longest);
    streams_.erase(streams_.find(longest.name));
}

void StreamShares::hand_back(Member& member)
{
    const auto streams = std::exchange(member.batch_, {});
    for (Stream* stream : streams) stream->in_flight = 0;
    for (Stream* stream : streams) offer(*stream);
}

void StreamShares::count_attempt(Stream& stream, const Error& why)
{
    failing_[stream.name] = &stream;
    if (++stream.attempts >= options_.attempts_max) stream.stopped = why;
}

StreamShares::Attempt StreamShares::fail(Member& member, const Error& why, Time retry_at)
{
    Stream& stream  = *member.batch_.front();
    stream.retry_at = retry_at;
    count_attempt(stream, why);
    if (stream.stopped) stream.retry_at.reset();
    Attempt attempt{stream.name, stream.attempts, stream.stopped.has_value()};
    hand_back(member);
    if (members_.size() < 2) return attempt;
    withdraw(stream);
    give(stream, least_loaded(&member));
    return attempt;
}

void StreamShares::died(Member& member, const Error& why)
{
    if (member.batch_.empty()) return;
    Stream& stream = *member.batch_.front();
    count_attempt(stream, why);
    if (not stream.stopped) failing_.erase(stream.name);
}

std::optional<Time> StreamShares::next_retry() const
{
    std::optional<Time> next;
    for (const auto& [name, stream] : failing_) {
        if (stream->retry_at && (not next || *stream->retry_at < *next)) next = stream->retry_at;
    }
    return next;
}

void StreamShares::retry_due(Time now, Duration longest_wait)
{
    for (auto at = failing_.begin(); at != failing_.end();) {
        Stream& stream = *at->second;
        const bool due = stream.retry_at && (*stream.retry_at <= now || *stream.retry_at > now + longest_wait);
        at             = due ? failing_.erase(at) : std::next(at);
        if (not due) continue;
        stream.retry_at.reset();
        offer(stream);
    }
}

bool StreamShares::retry_stopped(std::string_view name)
{
    const auto found = failing_.find(name);
    if (found == failing_.end() || not found->second->stopped) return false;
    Stream& stream = *found->second;
    failing_.erase(found);
    stream.stopped.reset();
    stream.attempts = 0;
    offer(stream);
    return true;
}

std::vector<StoppedStream> StreamShares::stopped() const
{
    std::vector<StoppedStream> streams;
    for (const auto& [name, stream] : failing_) {
        if (not stream->stopped) continue;
        streams.push_back({name, stream->events.front()->position, stream->attempts, *stream->stopped});
    }
    return streams;
}

} // namespace eventloom
