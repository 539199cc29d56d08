#include <eventloom/eventstore/leveldb_store.hpp>

#include "append/commit_path.hpp"
#include "read/history_walk.hpp"
#include "read/log_end.hpp"
#include "record/key_spaces.hpp"
#include "store_opening.hpp"
#include "upkeep/cluster_check.hpp"
#include "upkeep/event_removal.hpp"
#include "upkeep/file_sizes.hpp"
#include "upkeep/scavenger.hpp"
#include "upkeep/store_properties.hpp"
#include "upkeep/stream_clusters.hpp"
#include "upkeep/verify.hpp"
#include "upkeep/witness.hpp"

#include <leveldb/env.h>

namespace eventloom {

namespace {

// When the operating system keeps what is appended, the log must be synced before the witness may swear to it.
constexpr Position events_between_syncs = 65'536;

class StoreOnLevelDb final : public LevelDbStore {
public:
    StoreOnLevelDb(const Runtime& runtime, LevelDbStoreOptions options, std::unique_ptr<Database> database,
                   std::unique_ptr<EventIndex> index)
        : runtime_{runtime}, options_{std::move(options)}, database_{std::move(database)}, index_{std::move(index)},
          log_{*database_, *index_, runtime_.clock}, rows_{std::make_shared<LogRows>(database_, options_.durability)}
    {
    }

    ~StoreOnLevelDb() override
    {
        if (not path_) return;
        path_->finish();
        if (path_->is_closed()) return;
        // What is not kept here is found again in the log when it is opened; when this fails nothing is lost.
        static_cast<void>(index_->flush_all(path_->end().checksum_of_position));
        static_cast<void>(bear_witness(path_->end(), true));
    }

    // Finds the end of the log, and reads into the index what it does not know. A log whose end is damaged can be read
    // and verified, but not written. False: the index is not of this log.
    result<bool> begin()
    {
        auto end = look_at_end();
        if (not end) {
            if (end.error().kind != Failure::corrupt) return std::move(end.error());
            damage_ = std::move(end.error());
            log_.move_head(std::max(log_.head(), last_key(*database_)));
            return true;
        }
        if (not index_fits(*index_, log_, end.value())) return false;
        if (auto read = read_into_index(*database_, *index_, end.value(), options_.index_events_in_memory); not read) {
            if (read.error().kind != Failure::corrupt) return std::move(read.error());
            damage_ = std::move(read.error());
            return true;
        }
        path_.emplace(runtime_, *database_, *index_, log_, *rows_, observers_,
                      CommitPath::Options{.durability   = options_.durability,
                                          .record_bytes = options_.record_bytes,
                                          .group_bytes  = options_.group_bytes,
                                          .index_events = options_.index_events_in_memory},
                      end.value(), [this](const LogEnd& reached) { after_group(reached); });
        BOOST_OUTCOME_TRY(open_clusters());
        return true;
    }

    result<Appended> append(const AppendRequest& request) override
    {
        BOOST_OUTCOME_TRY(check_append(request, options_.limits));
        if (damage_) return *damage_;
        return path_->append(request);
    }

    void append(AppendRequest request, AppendCompletion completion) override
    {
        auto checked = check_append(request, options_.limits);
        if (not checked) return tell_completion(completion, std::move(checked.error()));
        if (damage_) return tell_completion(completion, *damage_);
        path_->append(std::move(request), std::move(completion));
    }

    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override { return log_.read(request); }

    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override
    {
        BOOST_OUTCOME_TRY(const auto position, index_->position_of(index_->view(), id));
        // What is written just now is not there yet.
        if (not position || *position > log_.head()) return std::optional<RecordedEvent>{};
        BOOST_OUTCOME_TRY(auto event, log_.event_at(*position));
        return is_gone(event) ? std::nullopt : std::optional{std::move(event)};
    }

    result<std::uint64_t> stream_length(std::string_view stream) const override
    {
        const auto view = index_->view();
        // Asked for each command of an aggregate; in most stores nothing was ever asked of a stream.
        if (is_settings_stream(stream) && not index_->has_settings(view)) return 0;
        return index_->length_of(view, stream, log_.head());
    }

    result<std::vector<std::string>> stored_types() const override { return index_->types(index_->view()); }

    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override
    {
        BOOST_OUTCOME_TRY(auto found, index_->command(index_->view(), id));
        // What is written just now is not there yet.
        if (found && found->last_position > log_.head()) found.reset();
        return found;
    }

    Position head() const override { return log_.head(); }

    Observation observe(CommitObserver observer) override { return observers_.add(std::move(observer)); }

    std::shared_ptr<InlineRows> inline_rows() const override { return rows_; }

    result<std::unique_ptr<HeldAppends>> hold_appends() override
    {
        if (damage_) return *damage_;
        return path_->hold();
    }

    result<StoreInfo> info() const override
    {
        StoreInfo info{.directory      = options_.directory,
                       .format_version = first_format_version,
                       .durability     = options_.durability,
                       .events         = head(),
                       .indexed        = index_->on_disk(),
                       .witnessed      = witnessed_,
                       .damage         = damage_};
        BOOST_OUTCOME_TRY(const auto format, database_->get(key_spaces::of_about("format")));
        if (format && format->size() == 8) info.format_version = static_cast<std::uint32_t>(read_big_endian(*format));
        BOOST_OUTCOME_TRY(const auto note, read_scavenge_note(*database_));
        info.gone                   = note.gone;
        info.gone_bytes             = note.gone_bytes;
        info.scavenge_is_unfinished = note.next > 0;
        BOOST_OUTCOME_TRY(visit_streams([&](std::string_view, std::uint64_t) { ++info.streams; }));
        info.cluster_least = cluster_least();
        info.clustered     = events_in_clusters();
        BOOST_OUTCOME_TRY(info.log_bytes, bytes_in(runtime_, options_.directory));
        BOOST_OUTCOME_TRY(info.index_bytes, bytes_in(runtime_, index_directory(options_.directory)));
        BOOST_OUTCOME_TRY(info.cluster_bytes, bytes_in(runtime_, clusters_directory(options_.directory)));
        for (const Database* database : {static_cast<const Database*>(database_.get()), &index_->database()}) {
            info.notices.insert(info.notices.end(), database->notices().begin(), database->notices().end());
        }
        if (auto notice = end_is_ahead(*database_, runtime_.clock.now())) info.notices.push_back(std::move(*notice));
        return info;
    }

    result<StoreProperties> properties() const override
    {
        BOOST_OUTCOME_TRY(const auto known, info());
        return describe_store(known);
    }

    std::optional<Error> fault() const override
    {
        if (damage_) return *damage_;
        if (not path_ || not path_->is_closed()) return std::nullopt;
        return Error{Failure::storage, "store-closed-by-fault",
                     "the event store in " + options_.directory + " takes no more events: it was closed by a fault (" +
                         path_->fault() + "); remove the cause and open it again: stop the service, and start it"};
    }

    result<CompactReport> compact() override
    {
        if (damage_) return *damage_;
        if (clusters_) {
            BOOST_OUTCOME_TRY(clusters_->make_all());
        }
        const auto clustered = events_in_clusters();
        return CompactReport{.waiting = head() - std::min(head(), clustered), .least = cluster_least()};
    }

    result<ScavengeReport> scavenge(const ScavengeOptions& options, const UpkeepProgress& progress) override
    {
        if (damage_) return *damage_;
        const std::unique_lock alone{scavenging_, std::try_to_lock};
        if (not alone) return scavenge_is_running();
        return scavenge_alone(options, progress);
    }

    result<void> take_out(const std::vector<Position>& positions) override
    {
        if (damage_) return *damage_;
        const std::unique_lock alone{scavenging_, std::try_to_lock};
        if (not alone) return scavenge_is_running();
        return remove_events(*database_, log_, clusters_.get(), positions);
    }

    result<void> sync() override
    {
        if (damage_) return *damage_;
        const auto held = path_->hold();
        BOOST_OUTCOME_TRY(check_not_closed("synced the files"));
        return bear_witness(path_->end(), true);
    }

    result<StoreCapture> capture() override
    {
        if (damage_) return *damage_;
        StoreCapture capture;
        // First the index: what it knows of, the log has.
        BOOST_OUTCOME_TRY(capture.index, index_->database().capture());
        const auto held  = path_->hold();
        const auto began = runtime_.clock.now();
        BOOST_OUTCOME_TRY(check_not_closed("captured the files"));
        BOOST_OUTCOME_TRY(capture.log, database_->capture());
        capture.head     = path_->end().position;
        capture.checksum = path_->end().checksum;
        capture.held     = runtime_.clock.now() - began;
        if (capture.head == 0) return capture;
        BOOST_OUTCOME_TRY(const auto chain, log_.chain_at(1));
        capture.first = chain.own;
        return capture;
    }

    result<void> visit_streams(const VisitStream& visit) const override { return walk_streams(*index_, head(), visit); }

    result<void> visit_history(Position from, const HistoryVisitor& visitor) const override
    {
        return walk_history(*database_, head(), from, visitor);
    }

    result<VerifyReport> verify(const UpkeepProgress& progress) const override
    {
        BOOST_OUTCOME_TRY(auto report, verify_log(runtime_, *database_, log_, progress));
        // What is wrong with a record, verify_log has found by itself.
        const auto is_in_use = [&](const ClusterFile& file) {
            const auto all = log_.clusters().all();
            return std::any_of(all->begin(), all->end(), [&](const auto& used) { return used.get() == &file; });
        };
        if (damage_ && (damage_->code.starts_with("history-") || damage_->code == "damaged-witness")) {
            add_finding(report, {0, damage_->code, damage_->sentence});
        }
        BOOST_OUTCOME_TRY(
            check_clusters(*database_, *log_.clusters().all(), is_in_use, [&](Position position, std::string found) {
                add_finding(report, {position, "damaged-cluster", std::move(found)});
            }));
        if (witness_is_damaged_) {
            add_finding(report, {0, "damaged-witness",
                                 "read the witness file and found one of its two slots damaged; the next one that is "
                                 "written replaces it"});
        }
        return report;
    }

private:
    Position cluster_least() const
    {
        return options_.cluster_events == 0 ? 0 : std::min(options_.cluster_events, options_.small_cluster_events);
    }

    Position events_in_clusters() const
    {
        Position events = 0;
        for (const auto& file : *log_.clusters().all()) events += file->range().events();
        return events;
    }

    result<void> check_not_closed(const std::string& asked) const
    {
        if (not path_->is_closed()) return done();
        return fail(Failure::unavailable, "store-closed-by-fault",
                    asked + " of the event store in " + options_.directory +
                        " and found it closed by an earlier fault; open it again");
    }

    Error scavenge_is_running() const
    {
        return {Failure::unavailable, "scavenge-is-running",
                "asked for a scavenge of " + options_.directory +
                    " and found that one is running; wait until it has ended"};
    }

    result<ScavengeReport> scavenge_alone(const ScavengeOptions& options, const UpkeepProgress& progress)
    {
        BOOST_OUTCOME_TRY(const auto before, bytes_written_in(runtime_, options_.directory));
        // The rows that were published last are a moment of the database.
        const auto renew_rows = [&]() -> result<void> {
            const auto held = path_->hold();
            rows_->renew();
            return done();
        };
        BOOST_OUTCOME_TRY(auto report, Scavenger(runtime_, *database_, log_, clusters_.get(), renew_rows,
                                                 options_.group_bytes / 2, options, progress)
                                           .run());
        report.bytes_before = before;
        BOOST_OUTCOME_TRY(report.bytes_after, bytes_written_in(runtime_, options_.directory));
        return report;
    }

    result<void> open_clusters()
    {
        if (options_.cluster_events == 0) return done();
        BOOST_OUTCOME_TRY(clusters_, StreamClusters::open(runtime_, *database_, log_,
                                                          {.directory    = clusters_directory(options_.directory),
                                                           .events       = options_.cluster_events,
                                                           .small_events = options_.small_cluster_events,
                                                           .memory_bytes = options_.cluster_memory_bytes}));
        clusters_->log_has_grown();
        return done();
    }

    result<LogEnd> look_at_end()
    {
        BOOST_OUTCOME_TRY(const auto end, find_end(*database_));
        log_.move_head(end.position);
        BOOST_OUTCOME_TRY(const auto witness, read_witness(runtime_, options_.directory));
        if (witness) {
            witness_is_damaged_ = witness->is_damaged;
            BOOST_OUTCOME_TRY(check_witness(log_, witness->newest));
        }
        witness_.emplace(runtime_, options_.directory, witness ? witness->newest : Witnessed{});
        witnessed_ = witness ? witness->newest.position : 0;
        // The log goes as far as it was ever seen to go: what was cut from it was never acknowledged.
        BOOST_OUTCOME_TRY(remove_cut_tails(runtime_, options_.directory));
        return end;
    }

    void after_group(const LogEnd& end)
    {
        if (clusters_) clusters_->log_has_grown();
        // The appends are done whatever becomes of the witness: a disk that refuses it refuses the next append too.
        static_cast<void>(bear_witness(end, false));
    }

    result<void> bear_witness(const LogEnd& end, bool for_good)
    {
        if (path_->is_closed()) return done();
        if (options_.durability == Durability::buffered) {
            if (not for_good && end.position < synced_position_ + events_between_syncs) return done();
            BOOST_OUTCOME_TRY(database_->write(Batch{}, Durability::synced));
            synced_position_ = end.position;
        }
        const Witnessed newest{end.position, end.checksum};
        BOOST_OUTCOME_TRY(for_good ? witness_->see_for_good(newest) : witness_->see(newest));
        witnessed_ = newest.position;
        return done();
    }

    const Runtime runtime_;
    const LevelDbStoreOptions options_;
    const std::shared_ptr<Database> database_; // also of whoever reads the rows in it
    const std::unique_ptr<EventIndex> index_;
    LogReader log_;
    const std::shared_ptr<LogRows> rows_;
    Observers observers_;
    std::unique_ptr<StreamClusters> clusters_;
    std::optional<CommitPath> path_;
    std::optional<Error> damage_;          // why nothing can be appended
    std::optional<WitnessKeeper> witness_; // touched by whoever leads a group
    Position synced_position_ = 0;         // the same
    std::atomic<Position> witnessed_{0};
    std::mutex scavenging_;           // one at a time
    bool witness_is_damaged_ = false; // when it was opened
};

} // namespace

result<std::unique_ptr<LevelDbStore>> LevelDbStore::open(const Runtime& runtime, LevelDbStoreOptions options)
{
    for (bool again = true;; again = false) {
        BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory          = options.directory,
                                                                  .create_if_missing  = options.create_if_missing,
                                                                  .write_buffer_bytes = options.write_buffer_bytes,
                                                                  .block_cache_bytes  = 32u << 20,
                                                                  .table_bytes        = 32u << 20,
                                                                  .keep_cut_tails     = true}));
        BOOST_OUTCOME_TRY(check_format(*database, options.directory));
        BOOST_OUTCOME_TRY(auto index, open_index(runtime, options.directory));
        auto store = std::make_unique<StoreOnLevelDb>(runtime, options, std::move(database), std::move(index));
        BOOST_OUTCOME_TRY(const bool fits, store->begin());
        if (fits || not again) return store;
        store.reset();
        BOOST_OUTCOME_TRY(EventIndex::discard(runtime, index_directory(options.directory)));
    }
}

} // namespace eventloom
