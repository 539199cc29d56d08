#include "upkeep/cluster_check.hpp"

#include "record/fixed_numbers.hpp"
#include "record/key_spaces.hpp"

#include <fmt/core.h>
#include <xxhash.h>

namespace eventloom {

namespace {

// All that is known of an event and its place, as one number; never 0.
std::uint64_t fingerprint(std::string_view stream, Version version, Time recorded_at, std::uint64_t body_checksum)
{
    char bytes[24];
    put_number(bytes, version);
    put_number(bytes + 8, static_cast<std::uint64_t>(recorded_at.time_since_epoch().count()));
    put_number(bytes + 16, body_checksum);
    return XXH3_64bits_withSeed(bytes, sizeof bytes, checksum_of(stream)) | 1;
}

constexpr std::uint64_t print_of_gone = 2; // even: of no event

// Of every event of the range, as the log has it; 0 where it cannot be read.
result<std::vector<std::uint64_t>> fingerprints_of(const Database& log, const ClusterRange& range)
{
    std::vector<std::uint64_t> prints(range.events());
    RecordView record;
    auto cursor = log.scan_cursor();
    for (cursor.seek(key_spaces::of_record(range.first, 0)); cursor.valid() && key_spaces::is_of_record(cursor.key());
         cursor.next()) {
        const auto last = key_spaces::last_position_of_record(cursor.key());
        if (not record.parse(cursor.value(), last)) continue;
        if (record.first() > range.last) break;
        for (auto at = std::max(record.first(), range.first); at <= std::min(record.last(), range.last); ++at) {
            if (record.is_gone(at)) {
                prints[at - range.first] = print_of_gone;
                continue;
            }
            const auto event = record.body_at(at);
            if (not event) continue;
            const auto& [body, stream, version, checksum] = event.value();
            prints[at - range.first] = fingerprint(stream, version, record.recorded_at(), checksum);
        }
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return prints;
}

} // namespace

result<void> check_clusters(const Database& log, const ClusterSet& clusters, const IsInUse& is_in_use,
                            const ReportDamage& report)
{
    for (const auto& cluster : clusters) {
        const auto range  = cluster->range();
        const auto prints = fingerprints_of(log, range);
        if (not prints) {
            if (prints.error().kind != Failure::corrupt) return prints.error();
            continue;
        }
        const auto compare = [&](const PageView& page) {
            for (const PagedEvent& event : page.events()) {
                const auto copy  = fingerprint(page.stream(), event.version, event.recorded_at, event.checksum);
                const auto print = range.holds(event.position) ? prints.value()[event.position - range.first] : 1;
                if (print == 0) continue;
                if (print == print_of_gone && not is_in_use(*cluster)) continue; // a scavenge has removed it meanwhile
                if (print == copy && checksum_of(event.body) == event.checksum) continue;
                report(event.position,
                       fmt::format("compared a cluster with the log and found that its event at position {} is not the "
                                   "log's; remove the store's directory clusters: it is built again",
                                   event.position));
            }
        };
        const auto visited = cluster->visit(compare);
        if (visited) continue;
        if (visited.error().kind != Failure::corrupt) return visited.error();
        report(0, visited.error().sentence);
    }
    return done();
}

} // namespace eventloom
