#include "verify.hpp"

#include "key_spaces.hpp"

namespace eventloom {

namespace {

constexpr std::size_t findings_max         = 100;
constexpr Position events_between_progress = 4096;

// Why the two passes below prove that log and indexes agree: the first finds an entry of each index for every event; the
// second finds that no index has more entries than the log has events.
class Verification {
public:
    Verification(const Database& database, const LogReader& log) : database_{database}, log_{log} {}

    result<VerifyReport> run(const std::function<void(Position)>& progress)
    {
        for (Position position = 1; position <= log_.head(); ++position) {
            BOOST_OUTCOME_TRY(check_event(position));
            if (progress && position % events_between_progress == 0) progress(position);
        }
        BOOST_OUTCOME_TRY(check_streams());
        BOOST_OUTCOME_TRY(check_count(key_spaces::in_category, "category index"));
        BOOST_OUTCOME_TRY(check_count(key_spaces::event_id, "event id index"));
        BOOST_OUTCOME_TRY(check_commands());
        return std::move(report_);
    }

private:
    void find(Position position, std::string code, std::string sentence)
    {
        add_finding(report_, {position, std::move(code), std::move(sentence)});
    }

    // Only a fault that is no damage (a disk that does not answer) ends the verification.
    result<void> find(Error error, Position position)
    {
        if (error.kind != Failure::corrupt) return error;
        find(position, std::move(error.code), std::move(error.sentence));
        return done();
    }

    result<void> check_event(Position position)
    {
        RecordedEvent event;
        auto chain = log_.record_at(position, event);
        if (not chain) {
            chain_is_known_ = false;
            return find(std::move(chain.error()), position);
        }
        ++report_.events;
        if (chain_is_known_ && chain.value().before != checksum_) {
            find(position, "broken-chain",
                 "read the event at position " + std::to_string(position) +
                     " and found that it was written behind another event than the one before it");
        }
        checksum_       = chain.value().own;
        chain_is_known_ = true;
        return check_indexes_of(event);
    }

    result<void> check_indexes_of(const RecordedEvent& event)
    {
        std::string expected;
        append_big_endian(expected, event.position);
        const auto in_stream = key_spaces::with_number(key_spaces::of_stream(event.stream), event.version);
        const auto in_category =
            key_spaces::with_number(key_spaces::of_category(category_of(event.stream)), event.position);
        BOOST_OUTCOME_TRY(check_entry(in_stream, expected, event.position, "stream index"));
        BOOST_OUTCOME_TRY(check_entry(in_category, {}, event.position, "category index"));
        return check_entry(key_spaces::of_id(key_spaces::event_id, event.id), expected, event.position,
                           "event id index");
    }

    result<void> check_entry(const std::string& key, std::string_view expected, Position position,
                             std::string_view index)
    {
        auto value = database_.get(key);
        if (not value) return find(std::move(value.error()), position);
        ++report_.index_entries;
        if (value.value() && *value.value() == expected) return done();
        find(position, "damaged-index",
             "looked for the event at position " + std::to_string(position) + " in the " + std::string{index} +
                 " and found " + (value.value() ? "another position" : "nothing") + " there");
        return done();
    }

    // Versions count from 0 without gaps, and the length kept of each stream is the number of its events.
    result<void> check_streams()
    {
        const std::string prefix{key_spaces::in_stream};
        auto cursor            = database_.cursor();
        std::uint64_t entries  = 0;
        std::uint64_t expected = 0;
        std::string stream;
        for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
            const auto of_stream = cursor.key().substr(0, cursor.key().size() - 8);
            if (of_stream != stream) {
                BOOST_OUTCOME_TRY(check_length(stream, expected));
                stream   = of_stream;
                expected = 0;
            }
            if (key_spaces::last_number(cursor.key()) != expected) {
                find(0, "damaged-index",
                     "read the stream index and found a gap before version " +
                         std::to_string(key_spaces::last_number(cursor.key())) + " of " + readable(stream));
            }
            expected = key_spaces::last_number(cursor.key()) + 1;
            ++entries;
        }
        if (auto status = cursor.status(); not status) return find(std::move(status.error()), 0);
        BOOST_OUTCOME_TRY(check_length(stream, expected));
        compare_count(entries, "stream index");
        return done();
    }

    result<void> check_length(const std::string& stream_key, std::uint64_t events)
    {
        if (stream_key.empty()) return done();
        const auto stream = readable(stream_key);
        auto length       = log_.length_of(stream);
        if (not length) return find(std::move(length.error()), 0);
        ++report_.index_entries;
        if (length.value() != events) {
            find(0, "damaged-index",
                 "compared the length kept of " + stream + ", " + std::to_string(length.value()) +
                     ", with its index and found " + std::to_string(events) + " events");
        }
        return done();
    }

    result<void> check_count(char space, std::string_view index)
    {
        const std::string prefix{space};
        auto cursor           = database_.cursor();
        std::uint64_t entries = 0;
        for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) ++entries;
        if (auto status = cursor.status(); not status) return find(std::move(status.error()), 0);
        compare_count(entries, index);
        return done();
    }

    void compare_count(std::uint64_t entries, std::string_view index)
    {
        if (entries == log_.head()) return;
        find(0, "damaged-index",
             "counted the entries of the " + std::string{index} + " and found " + std::to_string(entries) + " for " +
                 std::to_string(log_.head()) + " events");
    }

    result<void> check_commands()
    {
        const std::string prefix{key_spaces::command};
        auto cursor = database_.cursor();
        for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
            Uuid id;
            if (cursor.key().size() == 1 + id.bytes.size()) {
                std::copy(cursor.key().begin() + 1, cursor.key().end(), reinterpret_cast<char*>(id.bytes.data()));
            }
            ++report_.index_entries;
            if (auto record = decode_command(cursor.value(), id); not record) {
                BOOST_OUTCOME_TRY(find(std::move(record.error()), 0));
            }
        }
        if (auto status = cursor.status(); not status) return find(std::move(status.error()), 0);
        return done();
    }

    // The stream's name in an index key: without the prefix, the escapes and the end mark of ordered text.
    static std::string readable(std::string_view stream_key)
    {
        std::string name;
        for (std::size_t i = 1; i + 2 < stream_key.size(); ++i) name.push_back(stream_key[i]);
        return name;
    }

    const Database& database_;
    const LogReader& log_;
    VerifyReport report_;
    std::uint64_t checksum_ = 0;
    bool chain_is_known_    = true; // the first record follows checksum 0
};

} // namespace

void add_finding(VerifyReport& report, Finding finding)
{
    ++report.findings_total;
    if (report.findings.size() < findings_max) report.findings.push_back(std::move(finding));
}

result<VerifyReport> verify_log(const Database& database, const LogReader& log,
                                const std::function<void(Position)>& progress)
{
    return Verification{database, log}.run(progress);
}

} // namespace eventloom
