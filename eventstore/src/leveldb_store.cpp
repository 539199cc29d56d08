#include <eventloom/eventstore/leveldb_store.hpp>

#include "commit_path.hpp"
#include "key_spaces.hpp"
#include "verify.hpp"
#include "witness.hpp"

#include <leveldb/env.h>

namespace eventloom {

namespace {

// A lost end of the log is noticed up to the last witness; writing it costs two syncs.
constexpr Position events_between_witnesses = 4096;

result<void> check_format(Database& database, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto stored, database.get(key_spaces::of_format()));
    if (not stored) {
        auto cursor = database.cursor();
        cursor.seek("");
        BOOST_OUTCOME_TRY(cursor.status());
        if (cursor.valid()) {
            return fail(Failure::corrupt, "no-event-store",
                        "opened " + directory + " as an event store and found another database there; check the name");
        }
        Batch batch;
        std::string version;
        append_big_endian(version, store_format_version);
        batch.put(key_spaces::of_format(), version);
        return database.write(batch, Durability::synced);
    }
    const auto version = stored->size() == 8 ? read_big_endian(*stored) : 0;
    if (version == store_format_version) return done();
    return fail(Failure::corrupt, "newer-store-format",
                "opened the event store " + directory + " of format " + std::to_string(version) +
                    ", but this program knows format " + std::to_string(store_format_version) +
                    "; use the program that wrote it, or a newer one");
}

result<Position> find_head(const Database& database)
{
    auto cursor = database.cursor();
    cursor.seek_at_or_before(key_spaces::of_event(std::numeric_limits<Position>::max()));
    BOOST_OUTCOME_TRY(cursor.status());
    if (not cursor.valid() || cursor.key().size() != 9 || cursor.key()[0] != key_spaces::event) return Position{0};
    return Position{key_spaces::last_number(cursor.key())};
}

class OpenStore final : public LevelDbStore {
public:
    OpenStore(const Runtime& runtime, LevelDbStoreOptions options, std::unique_ptr<Database> database)
        : runtime_{runtime}, options_{std::move(options)}, database_{std::move(database)}, log_{*database_}
    {
    }

    ~OpenStore() override
    {
        // When this fails the witness knows less than it could; nothing is lost by that.
        if (path_) static_cast<void>(bear_witness(path_->end()));
    }

    // Finds the end of the log. A log whose end is damaged can be read and verified, but not written.
    result<void> find_end()
    {
        BOOST_OUTCOME_TRY(const auto head, find_head(*database_));
        log_.move_head(head);
        LogEnd end;
        auto found = check_end(head, end);
        if (not found) {
            if (found.error().kind != Failure::corrupt) return std::move(found.error());
            damage_ = std::move(found.error());
            return done();
        }
        witnessed_ = end.position;
        path_.emplace(runtime_, *database_, log_, observers_, options_.durability, end);
        return done();
    }

    result<Appended> append(const AppendRequest& request) override
    {
        BOOST_OUTCOME_TRY(check_append(request, options_.limits));
        if (damage_) return *damage_;
        auto appended = path_->commit(request);
        if (appended && appended.value().last_position >= witnessed_ + events_between_witnesses) {
            // The append is done whatever becomes of the witness: a disk that refuses it refuses the next append too.
            static_cast<void>(bear_witness(path_->end()));
        }
        return appended;
    }

    void append(AppendRequest request, AppendCompletion completion) override { completion(append(request)); }

    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override { return log_.read(request); }

    result<std::uint64_t> stream_length(std::string_view stream) const override
    {
        return log_.length_of(std::string{stream});
    }

    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override { return log_.command(id); }

    Position head() const override { return log_.head(); }

    Observation observe(CommitObserver observer) override { return observers_.add(std::move(observer)); }

    result<StoreInfo> info() const override
    {
        StoreInfo info{.directory      = options_.directory,
                       .format_version = store_format_version,
                       .durability     = options_.durability,
                       .events         = head(),
                       .streams        = 0,
                       .bytes          = 0};
        BOOST_OUTCOME_TRY(visit_streams([&](std::string_view, std::uint64_t) { ++info.streams; }));
        BOOST_OUTCOME_TRY(const auto names, list_directory(runtime_, options_.directory));
        for (const std::string& name : names) {
            std::uint64_t bytes = 0;
            // A file that LevelDB removes meanwhile counts nothing.
            if (runtime_.files.GetFileSize(options_.directory + "/" + name, &bytes).ok()) info.bytes += bytes;
        }
        return info;
    }

    result<void> visit_streams(const VisitStream& visit) const override
    {
        const std::string prefix{key_spaces::length};
        auto cursor = database_->cursor();
        for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
            visit(cursor.key().substr(1), cursor.value().size() == 8 ? read_big_endian(cursor.value()) : 0);
        }
        return cursor.status();
    }

    result<VerifyReport> verify(const std::function<void(Position)>& progress) const override
    {
        BOOST_OUTCOME_TRY(auto report, verify_log(*database_, log_, progress));
        if (damage_ && damage_->code.starts_with("history-")) {
            add_finding(report, {0, damage_->code, damage_->sentence});
        }
        return report;
    }

private:
    result<void> check_end(Position head, LogEnd& end) const
    {
        if (head > 0) {
            RecordedEvent last;
            BOOST_OUTCOME_TRY(const auto chain, log_.record_at(head, last));
            end = {.position = head, .checksum = chain.own, .recorded_at = last.recorded_at};
        }
        BOOST_OUTCOME_TRY(const auto witness, read_witness(runtime_, options_.directory));
        if (not witness) return done();
        return check_witness(log_, *witness);
    }

    result<void> bear_witness(const LogEnd& end)
    {
        const std::lock_guard lock{witness_mutex_};
        if (end.position <= witnessed_) return done();
        BOOST_OUTCOME_TRY(write_witness(runtime_, options_.directory, end));
        witnessed_ = end.position;
        return done();
    }

    const Runtime runtime_;
    const LevelDbStoreOptions options_;
    const std::unique_ptr<Database> database_;
    LogReader log_;
    Observers observers_;
    std::optional<CommitPath> path_;
    std::optional<Error> damage_; // why nothing can be appended
    std::mutex witness_mutex_;
    std::atomic<Position> witnessed_{0};
};

} // namespace

result<std::unique_ptr<LevelDbStore>> LevelDbStore::open(const Runtime& runtime, LevelDbStoreOptions options)
{
    BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory         = options.directory,
                                                              .create_if_missing = options.create_if_missing}));
    BOOST_OUTCOME_TRY(check_format(*database, options.directory));
    auto store = std::make_unique<OpenStore>(runtime, std::move(options), std::move(database));
    BOOST_OUTCOME_TRY(store->find_end());
    return store;
}

} // namespace eventloom
