#include <eventloom/service/command_line.hpp>
#include <eventloom/service/progress.hpp>

#include <nlohmann/json.hpp>

namespace eventloom {

namespace {

using Json = nlohmann::ordered_json;

result<void> show_info(Output& out, const LevelDbStore& store)
{
    BOOST_OUTCOME_TRY(const auto info, store.info());
    out.facts({{"directory", info.directory},
               {"format", info.format_version},
               {"durability", info.durability == Durability::synced ? "fsync before acknowledging" : "buffered"},
               {"events", info.events},
               {"streams", info.streams},
               {"bytes", info.bytes}});
    return done();
}

result<void> verify(Output& out, const LevelDbStore& store, const Clock& clock)
{
    Progress progress{clock, "verifying the log"};
    BOOST_OUTCOME_TRY(const auto report, store.verify([&](Position at) { progress.at(at, store.head()); }));
    progress.finish();
    if (out.json()) {
        auto findings = Json::array();
        for (const auto& finding : report.findings) {
            findings.push_back(
                {{"position", finding.position}, {"code", finding.code}, {"sentence", finding.sentence}});
        }
        out.facts({{"events", report.events},
                   {"index_entries", report.index_entries},
                   {"findings_total", report.findings_total},
                   {"findings", findings}});
    } else {
        out.facts(
            {{"events", report.events}, {"index entries", report.index_entries}, {"findings", report.findings_total}});
        for (const auto& finding : report.findings) out.say(finding.sentence);
    }
    if (report.findings_total == 0) return done();
    return fail(Failure::corrupt, "store-damaged",
                "verified the log and found " + std::to_string(report.findings_total) +
                    " things that are not as they were written; the first: " + report.findings.front().sentence);
}

} // namespace

void CommandLine::add_store_commands()
{
    auto* store = app_.add_subcommand("store", "The event store: info, verify");
    store->require_subcommand(1);
    const auto open_log = [this]() -> result<std::unique_ptr<LevelDbStore>> {
        auto opened =
            LevelDbStore::open(runtime(), {.directory = data_directory() + "/log", .create_if_missing = false});
        if (not opened && opened.error().code == "no-such-database") {
            return fail(Failure::invalid, "no-data",
                        "looked for data in " + data_directory() +
                            " and found none; import something first, or give --data DIR");
        }
        return opened;
    };
    // The log alone: a damaged read model must not stand in the way of looking at it.
    on(store->add_subcommand("info", "Where it is, how large, and how it is kept"),
       [open_log](Output& out) -> result<void> {
           BOOST_OUTCOME_TRY(const auto log, open_log());
           return show_info(out, *log);
       });
    on(store->add_subcommand("verify", "Read every record and every index, and compare all with all"),
       [this, open_log](Output& out) -> result<void> {
           BOOST_OUTCOME_TRY(const auto log, open_log());
           return verify(out, *log, runtime().clock);
       });
}

} // namespace eventloom
