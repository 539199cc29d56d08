#include "prove/verification.hpp"

#include "fold/log_pass.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr std::size_t differences_max = 10;
constexpr std::size_t shown_max       = 300; // bytes of a row

class Comparison {
public:
    Comparison(const UntypedProjection& definition, ProjectionVerification& report)
        : definition_{definition}, report_{report}
    {
    }

    // Walks over both in step. A key that only one of them has is a difference, and so are two values that differ. Damage
    // does not end the walk: from there on the keys are looked up one by one.
    result<void> compare(const ReadModelView& model, const ReadModelView& again)
    {
        const auto from_model = model.scan_all();
        const auto from_log   = again.scan_all();
        auto& stored          = *from_model;
        auto& folded          = *from_log;
        while (stored.valid() || folded.valid()) {
            const int order = not folded.valid() ? -1 : not stored.valid() ? 1 : stored.key().compare(folded.key());
            if (order < 0) {
                differ(model, stored.key(), "is in the read model, but not in what the log gives", stored.value(), {});
            } else if (order > 0) {
                BOOST_OUTCOME_TRY(look_up(model, folded.key(), folded.value()));
            } else {
                BOOST_OUTCOME_TRY(compare_values(model, folded.key(), stored.value(), folded.value()));
            }
            if (order <= 0 && row_keys::parts_of(stored.key()).kind == row_keys::row) ++report_.rows;
            if (order <= 0) stored.next();
            if (order >= 0) folded.next();
        }
        auto read_through = stored.status();
        // Damage is reported even when it hides no row that the log gives.
        const bool is_told =
            not read_through && read_through.error().kind == Failure::corrupt && report_.differences_total > 0;
        if (not read_through && not is_told) return read_through;
        return folded.status();
    }

private:
    // A key that the walk over the read model did not meet.
    result<void> look_up(const ReadModelView& model, std::string_view key, std::string_view should)
    {
        const auto found = model.get(key);
        if (not found && found.error().kind != Failure::corrupt) return found.error();
        if (not found) {
            differ(model, key, "cannot be read, because that part of the file is damaged", {}, should);
        } else if (not found.value()) {
            differ(model, key, "is missing from the read model", {}, should);
        } else {
            return compare_values(model, key, *found.value(), should);
        }
        return done();
    }

    result<void> compare_values(const ReadModelView& model, std::string_view key, std::string_view stands,
                                std::string_view should)
    {
        if (stands != should) {
            differ(model, key, "is not what the log gives", stands, should);
            return done();
        }
        BOOST_OUTCOME_TRY(const auto column, model.wrong_column(key, stands));
        if (column) differ(model, key, "has a wrong column: " + *column, {}, should);
        return done();
    }

    void differ(const ReadModelView& model, std::string_view key, std::string_view how, std::string_view stands,
                std::string_view should)
    {
        ++report_.differences_total;
        if (report_.differences.size() == differences_max) return;
        const auto parts       = row_keys::parts_of(key);
        const std::string what = parts.kind == row_keys::row           ? "a row "
                                 : parts.kind == row_keys::entry       ? "an index entry "
                                 : parts.kind == row_keys::dead_letter ? "a dead letter "
                                 : parts.kind == row_keys::held        ? "what a dead letter holds "
                                                                       : "a number ";
        std::string sentence =
            what + (parts.table.empty() ? "" : "of " + std::string{parts.table} + " ") + std::string{how};
        if (parts.kind == row_keys::row) {
            if (not stands.empty()) sentence += "; found " + row_json(parts.table, stands);
            if (not should.empty()) sentence += "; expected " + row_json(parts.table, should);
        } else if (parts.kind == row_keys::entry) {
            sentence += ": " + entry_in_words(model, parts, stands.empty() ? should : stands);
        } else {
            sentence += ": " + (parts.kind == row_keys::about ? printable(parts.rest) : number_in(parts.rest));
        }
        report_.differences.push_back({std::move(sentence)});
    }

    std::string row_json(std::string_view table, std::string_view stored) const
    {
        for (const auto& known : definition_.tables()) {
            if (known.name == table) return cut(known.row_to_json(stored));
        }
        return "\"(a row of a table that the projection does not keep)\"";
    }

    // The bytes after the name of an index are not for people, so the row is shown instead.
    std::string entry_in_words(const ReadModelView& model, const row_keys::Parts& parts, std::string_view row) const
    {
        const auto name = "index " + printable(parts.rest.substr(0, parts.rest.find('\0')));
        for (const auto& known : definition_.tables()) {
            if (known.name != parts.table) continue;
            const auto stored = model.get(known.keys.row(row));
            if (stored && stored.value()) return name + ", of the row " + cut(known.row_to_json(*stored.value()));
        }
        return name + ", of a row that is not there";
    }

    static std::string number_in(std::string_view eight_bytes)
    {
        return eight_bytes.size() == 8 ? "position " + std::to_string(read_big_endian(eight_bytes)) : "no position";
    }

    static std::string cut(std::string json)
    {
        if (json.size() <= shown_max) return json;
        return fmt::format("{}... ({} bytes)", repaired_utf8(json.substr(0, shown_max)), json.size());
    }

    const UntypedProjection& definition_;
    ProjectionVerification& report_;
};

} // namespace

result<ProjectionVerification> verify_model(const Runtime& runtime, const EventStore& store,
                                            const UntypedProjection& definition, const ReadModel& model,
                                            ReadModel& again, const ProjectionOptions& options,
                                            const LogProgress& progress)
{
    ProjectionVerification report;
    const auto now = model.view();
    BOOST_OUTCOME_TRY(report.position, now->number(row_keys::of_checkpoint()));
    LogFold fold{store, definition, again, options};
    BOOST_OUTCOME_TRY(catch_up(runtime, store, fold, report.position, progress));
    BOOST_OUTCOME_TRY(Comparison(definition, report).compare(*now, *again.view()));
    return report;
}

} // namespace eventloom
