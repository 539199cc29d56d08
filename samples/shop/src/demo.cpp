// The demonstration: one order goes all the way round, 2,048 times.
#include "commands.hpp"
#include "import/import.hpp"
#include "listing.hpp"

#include <eventloom/service/output.hpp>

#include <fmt/core.h>

#include <filesystem>

namespace shop {

namespace {

constexpr std::size_t rows_shown = 8;

// A directory that is made anew for the demonstration.
el::result<std::string> fresh_directory()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "eventloom-shop-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) return pattern;
    return el::fail(el::Failure::storage, "no-directory",
                    "made a directory " + pattern +
                        " for the demonstration and failed; check the rights of the directory that it is in");
}

// The orders of the sample, and how its commands are typed: as installed beside the program, or in the source tree.
struct Sample {
    std::string file  = SHOP_SAMPLE_DATA;
    std::string typed = "./dev shop";
};

Sample sample()
{
    std::error_code unknown;
    const auto program   = std::filesystem::read_symlink("/proc/self/exe", unknown);
    const auto installed = program.parent_path().parent_path() / SHOP_INSTALLED_DATA;
    if (std::filesystem::exists(installed, unknown)) return {installed.string(), "shop"};
    return {};
}

void show_heading(el::Output& out, const std::string& heading)
{
    out.say("\n" + heading + "\n" + std::string(heading.size(), '='));
}

el::result<void> show_sagas(el::Output& out, Shop& shop)
{
    BOOST_OUTCOME_TRY(const auto counts, shop.service().sagas().count());
    Rows rows;
    for (const auto& [status, number] : counts) rows.push_back({el::to_string(status), number});
    out.table({{"sagas that are"}, {"number", el::Align::right}}, rows);
    return el::done();
}

el::result<void> rebuild_before_the_readers_eyes(el::Output& out, Shop& shop, const el::Clock& clock)
{
    auto& projections = shop.service().projections();
    const auto began  = clock.now();
    BOOST_OUTCOME_TRY(const auto report, projections.rebuild("sales"));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - began);
    out.say(fmt::format("Rebuilt `sales` from {} events in {} ms, beside the one that answered meanwhile.",
                        el::with_separators(static_cast<std::int64_t>(report.events)), took.count()));
    BOOST_OUTCOME_TRY(const auto verified, projections.verify("sales"));
    out.say(fmt::format("Folded the log once more and compared {} rows byte for byte: {} differences.",
                        el::with_separators(static_cast<std::int64_t>(verified.rows)), verified.differences_total));
    return el::done();
}

} // namespace

void add_demo(el::CommandLine& line, std::shared_ptr<const ShopOptions> options)
{
    const auto file = std::make_shared<std::string>(sample().file);
    const auto demo = line.app().add_subcommand("demo", "Show the shop at work, on real orders");
    demo.add_option("--file", *file, "The Online Retail CSV file (default: the sample's own)");
    const auto show = [&line, file, given = std::move(options)](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(const auto path, line.file_to_read(*file));
        BOOST_OUTCOME_TRY(auto plan, plan_import(path, {}));
        ShopOptions options = *given;
        if (options.decline_rate == 0) options.decline_rate = 0.03;
        if (options.fail_rate == 0) options.fail_rate = 0.05;
        BOOST_OUTCOME_TRY(const auto directory, fresh_directory());
        BOOST_OUTCOME_TRY(const auto shop, Shop::open(line.runtime(), directory, options, true));
        BOOST_OUTCOME_TRY(shop->service().start());

        show_heading(out, "Orders come in");
        out.say(
            "A year of a gift shop's invoices becomes commands, the commands become events, and for each order a saga\n"
            "reserves stock, takes the payment and arranges the shipping. Of the cards 3 in 100 are declined, and 5 "
            "in\n"
            "100 calls of the payment provider fail, so that some work is tried again and some is undone.\n");
        el::Progress progress{out.console(), line.runtime().clock, "importing"};
        BOOST_OUTCOME_TRY(const auto report,
                          import_file(std::move(plan), shop->service().commands(), line.runtime().executor,
                                      [&](std::uint64_t at, std::uint64_t total) { return progress.at(at, total); }));
        progress.finish();
        BOOST_OUTCOME_TRY(shop->finish_everything([&out] { return out.console().go_on(); }));
        out.properties({{"rows", report.rows_read},
                        {"orders", report.orders},
                        {"returns", report.returns},
                        {"write-offs", report.write_offs},
                        {"rows refused", report.rows_refused},
                        {"turnover", to_string(report.turnover)},
                        {"events in the log", shop->service().store().head()}});

        show_heading(out, "What became of the orders");
        BOOST_OUTCOME_TRY(show_sagas(out, *shop));
        show_heading(out, "Sales by country");
        BOOST_OUTCOME_TRY(show_sales(out, *shop, "country", rows_shown));
        show_heading(out, "Sales by month");
        BOOST_OUTCOME_TRY(show_sales(out, *shop, "month", 100));
        show_heading(out, "Best sellers");
        BOOST_OUTCOME_TRY(show_sales(out, *shop, "sku", rows_shown));
        show_heading(out, "Orders that were cancelled, and undone");
        BOOST_OUTCOME_TRY(list_orders(out, *shop, "", "cancelled", rows_shown));
        show_heading(out, "Stock");
        BOOST_OUTCOME_TRY(list_stock(out, *shop, std::nullopt, rows_shown));
        show_heading(out, "A read model is rebuilt");
        BOOST_OUTCOME_TRY(rebuild_before_the_readers_eyes(out, *shop, line.runtime().clock));

        show_heading(out, "What to try next");
        for (const std::string command : {"orders list --stage cancelled", "sagas list --status compensated",
                                          "query sales.by-article --order -sold.pieces --limit 10", "events tail",
                                          "projections rebuild --all", "store verify"}) {
            out.say("    " + sample().typed + " " + command + " --data " + directory);
        }
        out.say("    " + sample().typed + " help");
        return el::done();
    };
    line.on(demo, show, el::DirectoryUse::none);
}

} // namespace shop
