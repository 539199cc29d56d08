#include "clusters/cluster_page.hpp"

#include "record/fixed_numbers.hpp"
#include "record/record_layout.hpp"

#include <eventloom/framework/binary_archive.hpp>

#include <xxhash.h>

#include <algorithm>

namespace eventloom {

std::uint64_t page_hash(std::string_view stream, std::uint64_t page)
{
    return XXH3_64bits_withSeed(stream.data(), stream.size(), page);
}

void put_page(std::string& out, std::string_view stream, std::uint64_t page, std::span<const PagedEvent> events)
{
    const auto begin       = out.size();
    std::size_t body_bytes = 0;
    out.append(page_prefix_bytes, '\0');
    BinaryWriter writer{out};
    writer.text(stream);
    writer.unsigned_number(page);
    writer.unsigned_number(events.size());
    Position after = 0;
    Version next   = page * versions_in_page;
    Time before{};
    for (const PagedEvent& event : events) {
        writer.unsigned_number(event.position - after);
        writer.unsigned_number(event.version - next);
        writer.signed_number((event.recorded_at - before).count());
        writer.unsigned_number(event.body.size());
        append_number(out, event.checksum);
        after  = event.position;
        next   = event.version + 1;
        before = event.recorded_at;
        body_bytes += event.body.size();
    }
    put_number(&out[begin], page_hash(stream, page));
    put_number(&out[begin + 8], static_cast<std::uint32_t>(out.size() - begin + checksum_bytes));
    put_number(&out[begin + 12], static_cast<std::uint32_t>(body_bytes));
    append_number(out, checksum_of(std::string_view{out}.substr(begin)));
    for (const PagedEvent& event : events) out.append(event.body);
}

std::optional<std::size_t> page_bytes(std::string_view prefix)
{
    if (prefix.size() < page_prefix_bytes) return std::nullopt;
    const std::size_t head   = number_at<std::uint32_t>(&prefix[8]);
    const std::size_t bodies = number_at<std::uint32_t>(&prefix[12]);
    if (head < page_prefix_bytes + checksum_bytes || head + bodies > 2 * page_bytes_max) return std::nullopt;
    return head + bodies;
}

std::uint64_t page_hash_at(std::string_view prefix)
{
    return number_at<std::uint64_t>(prefix.data());
}

bool PageView::parse(std::string_view bytes)
{
    events_.clear();
    at_ = 0;
    if (page_bytes(bytes) != bytes.size()) return false;
    const std::size_t head_bytes = number_at<std::uint32_t>(&bytes[8]) - checksum_bytes;
    const auto head              = bytes.substr(0, head_bytes);
    if (checksum_of(head) != number_at<std::uint64_t>(&bytes[head_bytes])) return false;
    try {
        parse_head(head.substr(page_prefix_bytes), bytes.substr(head_bytes + checksum_bytes));
    } catch (const DamagedBytes&) {
        return false;
    }
    return page_hash_at(bytes) == page_hash(stream_, page_);
}

void PageView::parse_head(std::string_view head, std::string_view bodies)
{
    BinaryReader in{head};
    stream_           = in.text();
    page_             = in.unsigned_number();
    const auto events = in.size();
    PagedEvent event;
    Version next     = page_ * versions_in_page;
    std::size_t body = 0;
    for (std::uint64_t i = 0; i < events; ++i) {
        event.position += in.unsigned_number();
        event.version = next + in.unsigned_number();
        next          = event.version + 1;
        event.recorded_at += Duration{in.signed_number()};
        const auto size = in.unsigned_number();
        event.checksum  = number_at<std::uint64_t>(in.raw(checksum_bytes).data());
        if (size > bodies.size() - body) in.damaged("a body ends after the page");
        event.body = bodies.substr(body, size);
        body += size;
        events_.push_back(event);
    }
    in.finish();
    if (body != bodies.size()) in.damaged("bytes are left over after the last body");
}

const PagedEvent* PageView::find(Version version, Position position)
{
    if (at_ >= events_.size() || events_[at_].version != version) {
        const auto found = std::lower_bound(events_.begin(), events_.end(), version,
                                            [](const auto& event, Version wanted) { return event.version < wanted; });
        at_              = static_cast<std::size_t>(found - events_.begin());
    }
    if (at_ == events_.size() || events_[at_].version != version || events_[at_].position != position) return nullptr;
    return &events_[at_++];
}

} // namespace eventloom
