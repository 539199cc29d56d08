// What does an inline projection cost the appends that it is part of?
#include "benches.hpp"

#include "support/orders/in_flight.hpp"
#include "support/orders/order_lives.hpp"

#include <eventloom/projections/detail/projections.hpp>
#include <eventloom/storage/system_files.hpp>

namespace bench {

namespace {

namespace el = eventloom;

enum class Rows : std::uint8_t { none, inline_in_the_log };

// A log on its way through the lives of many orders, one event an append.
class GrowingLog {
public:
    GrowingLog(const std::string& name, Rows rows)
        : store_{open_eventloom(fresh_directory(name), el::Durability::synced)}, bus_{runtime_, store_->store()},
          projections_{runtime_, store_->store(), bus_, fresh_directory(name + "-rows")}
    {
        if (rows == Rows::none) return;
        auto added = projections_.add(lives::orders(), {.kept_in = el::RowPlace::log});
        require(added.has_value(), "an inline projection is added");
        orders_ = std::move(added.value());
    }

    void prepare(std::uint64_t appends)
    {
        work_.clear();
        for (std::uint64_t i = 0; i < appends; ++i) {
            auto written = lives::event_number(number_++);
            work_.emplace_back().add(written.stream, written.version, {std::move(written.event)});
        }
    }

    std::uint64_t append_one_by_one()
    {
        for (const auto& append : work_) store_->append(append);
        return work_.size();
    }
    std::uint64_t append_with_many_in_flight() { return append_in_flight(store_->store(), work_); }

    void check() const
    {
        require(store_->store().head() == number_, "every event is in the log");
        if (orders_) require(orders_->position().value() == number_, "every event is in the rows");
    }

private:
    el::SystemExecutor executor_{{.threads = 2}};
    const el::Runtime runtime_{el::system_clock(), executor_, el::system_ids(), el::system_files()};
    const std::unique_ptr<TestedEventloom> store_;
    el::EventBus bus_;
    el::Projections projections_;
    std::optional<el::Table<lives::OrderId, lives::OrderRow>> orders_;
    std::vector<PreparedAppend> work_;
    std::uint64_t number_ = 0; // of the next event
};

Row measure_way(const Scale& scale, const std::string& way, std::uint64_t appends,
                std::uint64_t (GrowingLog::*append)())
{
    say("inline: " + way);
    GrowingLog with{"inline", Rows::inline_in_the_log};
    GrowingLog without{"inline-none", Rows::none};
    const auto contender = [&](const std::string& who, GrowingLog& log) {
        return Contender{who, [&log, append] { return (log.*append)(); },
                         [&log, count = scale.of(appends, appends_in_flight)] { log.prepare(count); }};
    };
    auto figures =
        measure_in_turns(scale.rounds, {contender("with one inline projection", with), contender("without", without)});
    with.check();
    without.check();
    return {.name = "append, " + way, .unit = "events/s", .figures = std::move(figures)};
}

} // namespace

std::vector<Row> measure_inline(const Scale& scale)
{
    return {measure_way(scale, "1 thread that waits", 2'000, &GrowingLog::append_one_by_one),
            measure_way(scale, "1 thread, 1,024 appends in flight", 100'000, &GrowingLog::append_with_many_in_flight)};
}

} // namespace bench
