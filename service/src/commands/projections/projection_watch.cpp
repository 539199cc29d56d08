#include "commands/projections/projection_watch.hpp"

#include "commands/projections/projection_status.hpp"
#include "commands/watching.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>
#include <map>

namespace eventloom {

namespace {

const std::vector<Column> watched_columns{{"projection"},
                                          {"state"},
                                          {"position", Align::right},
                                          {"events/s", Align::right},
                                          {"lag", Align::right},
                                          {"seconds behind", Align::right},
                                          {"rows", Align::right},
                                          {"error"}};

// One projection at one moment, with what it has done since the last one.
struct Seen {
    ProjectionStatus status;
    double rate = 0;

    bool shows_the_same(const Seen& other) const
    {
        return status.state == other.status.state && status.position == other.status.position &&
               status.lag == other.status.lag && status.rows == other.status.rows &&
               status.error.has_value() == other.status.error.has_value();
    }

    std::vector<Json> row() const
    {
        return {status.name,     to_string(status.state),
                status.position, whole(rate),
                status.lag,      seconds_behind(status),
                status.rows,     status.error ? Json(status.error->sentence) : Json(nullptr)};
    }
};

class Watch {
public:
    Watch(Output& out, Service& service) : out_{out}, service_{service} {}

    result<void> look()
    {
        const Time now       = service_.runtime().clock.now();
        const double seconds = std::chrono::duration<double>(now - looked_at_).count();
        std::vector<Seen> all;
        for (auto& status : service_.projections().status()) {
            Seen seen{.status = std::move(status)};
            const auto before = seen_.find(seen.status.name);
            if (before != seen_.end() && seconds > 0 && seen.status.position > before->second.status.position) {
                seen.rate = static_cast<double>(seen.status.position - before->second.status.position) / seconds;
            }
            all.push_back(std::move(seen));
        }
        looked_at_ = now;
        if (out_.console().shape().out_is_terminal && not out_.json()) {
            draw(all);
        } else {
            tell_changes(all, now);
        }
        for (auto& seen : all) seen_.insert_or_assign(seen.status.name, seen);
        return done();
    }

private:
    void draw(const std::vector<Seen>& all)
    {
        TableRows rows;
        for (const Seen& seen : all) rows.push_back(seen.row());
        screen_.draw(table_lines(watched_columns, rows));
    }

    void tell_changes(const std::vector<Seen>& all, Time now)
    {
        for (const Seen& seen : all) {
            const auto before = seen_.find(seen.status.name);
            if (before != seen_.end() && before->second.shows_the_same(seen)) continue;
            const auto row = seen.row();
            if (out_.json()) {
                Json object{{"at", to_string(now)}};
                for (std::size_t i = 0; i < watched_columns.size(); ++i) object[watched_columns[i].name] = row[i];
                out_.line(object);
            } else {
                out_.say(fmt::format("{}  {}  {}  position {}  {} events/s  lag {}  {} s behind  {} rows{}",
                                     to_string(now), seen.status.name, to_string(seen.status.state),
                                     seen.status.position, row[3].whole(), seen.status.lag, row[5].whole(),
                                     seen.status.rows,
                                     seen.status.error ? "  " + printable(seen.status.error->sentence) : ""));
            }
        }
    }

    Output& out_;
    Service& service_;
    std::map<std::string, Seen> seen_; // at the last look
    Time looked_at_{};
    Redrawn screen_{out_.console()};
};

} // namespace

result<void> watch_projections(Output& out, Service& service)
{
    Watch watch{out, service};
    return watch_until_stopped(out, [&] { return watch.look(); });
}

} // namespace eventloom
