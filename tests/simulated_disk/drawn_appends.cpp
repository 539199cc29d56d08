#include "simulated_disk/drawn_appends.hpp"

#include "simulated_disk/drawn_settings.hpp"

#include <algorithm>
#include <utility>

namespace eventloom::testing {

NewEvent DrawnAppends::event()
{
    NewEvent event;
    event.id   = ids_.next();
    event.type = type();
    event.data = std::string(drawn_.below(data_bytes_max_), static_cast<char>('a' + drawn_.below(26)));
    if (drawn_.one_in(3)) event.metadata.tags.push_back(tag());
    if (drawn_.one_in(6)) {
        const auto other = tag();
        if (event.metadata.tags.empty() || event.metadata.tags.front() != other) event.metadata.tags.push_back(other);
    }
    if (drawn_.one_in(8)) event.metadata.headers.emplace_back("traceparent", std::to_string(drawn_.below(1000)));
    return event;
}

std::string DrawnAppends::stream()
{
    return std::string{drawn_.one_in(2) ? "order-" : "stock-"} + std::to_string(drawn_.below(5));
}

EventQuery DrawnAppends::query()
{
    EventQuery query;
    for (auto items = 1 + drawn_.below(2); items > 0; --items) {
        QueryItem item;
        if (drawn_.one_in(2)) item.types.push_back(type());
        if (item.types.empty() || drawn_.one_in(2)) item.tags.push_back(tag());
        query.items.push_back(std::move(item));
    }
    return query;
}

ExpectedVersion DrawnAppends::expectation(std::uint64_t length)
{
    switch (drawn_.below(8)) {
    case 0:
        return ExpectedVersion::no_stream();
    case 1:
        return ExpectedVersion::stream_exists();
    case 2:
        return ExpectedVersion::exactly(drawn_.below(length + 2));
    case 3:
    case 4:
        return ExpectedVersion::after(length);
    default:
        return ExpectedVersion::any();
    }
}

StreamAppend DrawnAppends::stream_append(const StoreModel& model, const std::string& stream)
{
    StreamAppend append{stream, expectation(model.length(stream)), {}};
    for (auto events = 1 + (drawn_.one_in(12) ? drawn_.below(30) : drawn_.below(3)); events > 0; --events) {
        append.events.push_back(event());
    }
    return append;
}

AppendRequest DrawnAppends::fresh(const StoreModel& model)
{
    AppendRequest request;
    for (auto streams = 1 + (drawn_.one_in(4) ? drawn_.below(3) : 0); streams > 0; --streams) {
        const auto name = stream();
        if (std::any_of(request.streams.begin(), request.streams.end(),
                        [&](const StreamAppend& append) { return append.stream == name; })) {
            continue;
        }
        request.streams.push_back(stream_append(model, name));
    }
    if (drawn_.one_in(4)) request.condition = {query(), drawn_.one_in(3) ? model.head() / 2 : model.head()};
    if (drawn_.one_in(5)) {
        const auto own  = drawn_.below(request.streams.size());
        request.command = CommandRecord{.id = ids_.next(), .stream = request.streams[own].stream};
        if (drawn_.one_in(4)) request.streams.clear();
        if (request.streams.empty()) request.condition.reset();
    }
    return request;
}

// Something of a stream, now and then together with an append to it, before it or after it.
AppendRequest DrawnAppends::asking(const StoreModel& model)
{
    const auto name   = stream();
    const auto asked  = settings_stream_of(name);
    const auto expect = drawn_.one_in(2) ? ExpectedVersion::any() : expectation(model.length(asked));
    AppendRequest request{.streams = {{asked, expect, {drawn_settings(drawn_, ids_, model.length(name))}}}};
    if (drawn_.one_in(4)) {
        const auto at = drawn_.one_in(2) ? request.streams.begin() : request.streams.end();
        request.streams.insert(at, stream_append(model, name));
    }
    return request;
}

// Known ids in the wrong company, place, order or with other content.
AppendRequest DrawnAppends::almost_known()
{
    auto request = sent_[drawn_.below(sent_.size())];
    request.command.reset();
    if (request.streams.empty()) return request;
    auto& append = request.streams[drawn_.below(request.streams.size())];
    if (is_settings_stream(append.stream)) { // which takes no other events
        append.expected = ExpectedVersion::exactly(drawn_.below(6));
        return request;
    }
    switch (drawn_.below(5)) {
    case 0:
        append.events.push_back(event());
        break;
    case 1:
        append.events.front().data += "!";
        break;
    case 2:
        append.stream = "elsewhere-1";
        break;
    case 3:
        std::swap(append.events.front(), append.events.back());
        break;
    default:
        append.expected = ExpectedVersion::exactly(drawn_.below(6));
    }
    return request;
}

AppendRequest DrawnAppends::next(const StoreModel& model)
{
    if (not sent_.empty() && drawn_.one_in(6)) return sent_[drawn_.below(sent_.size())];
    if (not sent_.empty() && drawn_.one_in(10)) {
        if (auto request = almost_known(); not request.streams.empty()) return request;
    }
    const bool asks = streams_are_ == StreamsAre::limited && drawn_.one_in(6);
    sent_.push_back(asks ? asking(model) : fresh(model));
    return sent_.back();
}

ReadRequest DrawnAppends::next_reading(const StoreModel& model)
{
    ReadRequest request;
    switch (drawn_.below(5)) {
    case 0:
        request.scope = Scope::stream(drawn_.one_in(5) ? settings_stream_of(stream()) : stream());
        break;
    case 1:
        request.scope = Scope::category(drawn_.one_in(5) ? "$stream" : drawn_.one_in(2) ? "order" : "stock");
        break;
    case 2:
        request.scope = Scope::type(type());
        break;
    case 3:
        request.scope = Scope::matching(query());
        break;
    default:
        break;
    }
    if (drawn_.one_in(2)) request.direction = Direction::backwards;
    if (drawn_.one_in(2)) request.from = drawn_.below(model.head() + 2);
    if (drawn_.one_in(3)) request.limit = drawn_.below(20);
    return request;
}

} // namespace eventloom::testing
