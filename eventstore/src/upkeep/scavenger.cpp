#include "upkeep/scavenger.hpp"

#include "record/key_spaces.hpp"

#include <algorithm>

namespace eventloom {

namespace {

// So much of the log is merged at a time.
constexpr std::uint64_t steps_merged = 32;
constexpr std::size_t cuts_max       = 65'536;
constexpr Duration between_asks{100'000};
constexpr Duration longest_step = std::chrono::minutes{1};

} // namespace

// What a step has read.
struct Scavenger::Page {
    struct Rewritten {
        std::string key;
        std::string bytes;
        Position first = 0;
        Position last  = 0;
    };
    std::vector<Rewritten> records;
    std::uint64_t bytes_read = 0;
    Position events          = 0; // that go
    std::uint64_t bytes      = 0; // that they have
    Position next            = 0; // after it
};

Scavenger::Scavenger(const Runtime& runtime, Database& database, LogReader& log, StreamClusters* clusters, LetGo let_go,
                     std::uint64_t step_bytes, const ScavengeOptions& options, const Progress& progress)
    : runtime_{runtime}, database_{database}, log_{log}, clusters_{clusters}, let_go_{std::move(let_go)},
      step_bytes_{step_bytes}, options_{options}, progress_{progress}, began_{runtime.clock.now()}, seen_{began_},
      head_{log.head()}
{
}

result<ScavengeReport> Scavenger::run()
{
    BOOST_OUTCOME_TRY(begin());
    BOOST_OUTCOME_TRY(find_limited_streams());
    const NoNewClusters paused{options_.dry_run ? nullptr : clusters_};
    for (bool more = not limited_.empty(); more;) {
        BOOST_OUTCOME_TRY(more, step());
    }
    BOOST_OUTCOME_TRY(finish());
    ScavengeReport report;
    report.events  = note_.events;
    report.bytes   = note_.bytes;
    report.streams = cut_short_.size();
    report.resumed = resumed_;
    return report;
}

// Goes on with what was interrupted, or takes this moment for a new one.
result<void> Scavenger::begin()
{
    BOOST_OUTCOME_TRY(note_, read_scavenge_note(database_));
    resumed_ = note_.next > 0 && not options_.dry_run;
    if (resumed_) return done();
    const auto gone       = note_.gone;
    const auto gone_bytes = note_.gone_bytes;
    note_                 = {};
    note_.gone            = gone;
    note_.gone_bytes      = gone_bytes;
    note_.next            = 1;
    note_.head            = head_;
    note_.moment          = began_;
    return done();
}

// Most streams have no limits; a record that has none of the others is passed over by the hashes of their names.
result<void> Scavenger::find_limited_streams()
{
    const auto cursor = log_.read({.scope = Scope::category(std::string{StreamSettings::category})});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return done();
        limited_.insert(checksum_of(std::string_view{event->stream}.substr(settings_stream_of("").size())));
    }
}

// Looks at the next records of the log; says whether there are more.
result<bool> Scavenger::step()
{
    Page page;
    page.next = note_.next;
    {
        auto cursor = database_.scan_cursor();
        RecordView record;
        for (cursor.seek(key_spaces::of_record(note_.next, 0)); page.next <= note_.head; cursor.next()) {
            BOOST_OUTCOME_TRY(cursor.status());
            if (not cursor.valid() || not key_spaces::is_of_record(cursor.key())) return missing_record(page.next);
            BOOST_OUTCOME_TRY(record.parse(cursor.value(), key_spaces::last_position_of_record(cursor.key())));
            page.bytes_read += cursor.value().size();
            if (record.events() > 0) {
                if (not record.holds(page.next)) return missing_record(page.next);
                BOOST_OUTCOME_TRY(look_at(record, page));
                page.next = record.last() + 1;
            }
            if (page.bytes_read >= step_bytes_) break;
        }
    }
    note_.events += page.events;
    note_.bytes += page.bytes;
    if (not options_.dry_run && not page.records.empty()) {
        BOOST_OUTCOME_TRY(write(page));
    }
    note_.next = page.next;
    if (note_.rewritten > 0) bytes_to_merge_ += page.bytes_read;
    if (bytes_to_merge_ >= steps_merged * step_bytes_) {
        BOOST_OUTCOME_TRY(give_room_back());
    }
    BOOST_OUTCOME_TRY(keep_pace(page.bytes_read));
    return note_.next <= note_.head;
}

result<void> Scavenger::look_at(const RecordView& record, Page& page)
{
    std::vector<bool> going;
    const Position last = std::min(record.last(), note_.head);
    Position events     = 0;
    for (Position position = record.first(); position <= last;) {
        const auto end = std::min(record.last_together(position), last) + 1;
        const auto run = record.place_of(position);
        if (limited_.contains(checksum_of(run.stream))) {
            for (Position at = position; at < end; ++at) {
                BOOST_OUTCOME_TRY(const bool it_goes, goes(run.stream, run.version + (at - position), at));
                if (not it_goes) break; // and none after it in its stream
                if (record.is_gone(at)) continue;
                if (going.empty()) going.resize(record.events());
                going[at - record.first()] = true;
                ++events;
                BOOST_OUTCOME_TRY(const auto body, record.body_at(at));
                page.bytes += body.bytes.size();
                cut_short_.insert(checksum_of(run.stream));
            }
        }
        position = end;
    }
    if (events == 0) return done();
    page.events += events;
    if (options_.dry_run) return done();
    BOOST_OUTCOME_TRY(auto bytes, scavenged(record, going));
    page.records.push_back({key_spaces::of_record(record.last(), 0), std::move(bytes), record.first(), record.last()});
    return done();
}

result<bool> Scavenger::goes(std::string_view stream, Version version, Position position)
{
    BOOST_OUTCOME_TRY(const Cut* cut, cut_of(stream));
    const auto is_cut = [&](const LogReader::Kept& kept) { return version < kept.version || position < kept.position; };
    return is_cut(cut->then) && is_cut(cut->now);
}

result<const Scavenger::Cut*> Scavenger::cut_of(std::string_view stream)
{
    std::string name{stream};
    if (const auto known = cuts_.find(name); known != cuts_.end()) return &known->second;
    const auto view = log_.index().view();
    Cut cut;
    BOOST_OUTCOME_TRY(cut.then, log_.kept_of(view, stream, note_.head, note_.moment));
    cut.now = cut.then;
    if (resumed_) {
        BOOST_OUTCOME_TRY(cut.now, log_.kept_of(view, stream, head_, began_));
    }
    if (cuts_.size() >= cuts_max) cuts_.clear();
    return &cuts_.emplace(std::move(name), cut).first->second;
}

result<void> Scavenger::write(const Page& page)
{
    if (clusters_ != nullptr) {
        // First: they are copies of what goes.
        BOOST_OUTCOME_TRY(clusters_->remove_over({page.records.front().first, page.records.back().last}));
    }
    if (note_.rewritten == 0) {
        // What LevelDB has in memory goes to a file first. Old and new would else come into one file, which nothing merges
        // with another: the old would stay there.
        BOOST_OUTCOME_TRY(database_.write_out());
        note_.rewritten = page.records.front().last;
    }
    note_.gone += page.events;
    note_.gone_bytes += page.bytes;
    note_.next = page.next;
    Batch batch;
    std::uint64_t bytes = 0;
    for (const auto& record : page.records) {
        batch.put(record.key, record.bytes);
        bytes += record.bytes.size();
    }
    put(batch, note_);
    batch.put(key_spaces::of_about("format"), format_bytes(store_format_version));
    BOOST_OUTCOME_TRY(database_.write(batch, Durability::synced));
    for (const auto& record : page.records) log_.recent().drop(record.first, record.last);
    bytes_ += bytes;
    return done();
}

// LevelDB keeps what was overwritten until the files that hold it are merged.
result<void> Scavenger::give_room_back()
{
    if (note_.rewritten == 0) return done();
    BOOST_OUTCOME_TRY(let_go_());
    BOOST_OUTCOME_TRY(
        database_.compact(key_spaces::of_record(note_.rewritten, 0), key_spaces::of_record(note_.next, 0)));
    bytes_ += bytes_to_merge_;
    bytes_to_merge_ = 0;
    note_.rewritten = 0;
    Batch batch;
    put(batch, note_);
    return database_.write(batch, Durability::synced);
}

result<void> Scavenger::finish()
{
    if (options_.dry_run) return done();
    BOOST_OUTCOME_TRY(give_room_back());
    BOOST_OUTCOME_TRY(const auto noted, read_scavenge_note(database_));
    if (noted.next == 0) return done(); // it has found nothing to do
    auto ended = note_;
    ended.next = 0;
    Batch batch;
    put(batch, ended);
    return database_.write(batch, Durability::synced);
}

// Asks whether it is still wanted, and waits when it has been faster than it should.
result<void> Scavenger::keep_pace(std::uint64_t bytes)
{
    bytes_ += bytes;
    for (;;) {
        // A clock that is set, forwards or back, is neither waited for nor made up for.
        const Time now = runtime_.clock.now();
        passed_ += std::clamp(now - std::exchange(seen_, now), Duration{0}, longest_step);
        if (progress_) {
            BOOST_OUTCOME_TRY(progress_(std::min(note_.next - 1, note_.head)));
        }
        if (options_.bytes_per_second == 0) return done();
        const auto seconds = static_cast<double>(bytes_) / static_cast<double>(options_.bytes_per_second);
        const auto left    = Duration{static_cast<std::int64_t>(seconds * 1e6)} - passed_;
        if (left <= Duration{0}) return done();
        runtime_.executor.wait_until([] { return false; }, now + std::min<Duration>(left, between_asks));
    }
}

} // namespace eventloom
