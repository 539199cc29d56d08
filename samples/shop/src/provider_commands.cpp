#include "commands.hpp"

#include "listing.hpp"

#include <eventloom/service/output.hpp>

namespace shop {

namespace {

el::result<void> show_books(el::Output& out, const Shop& shop)
{
    Rows rows;
    BOOST_OUTCOME_TRY(
        shop.provider().visit_charges([&](const std::string& reference, Money amount, bool is_given_back) {
            rows.push_back({reference, shown(out, amount), is_given_back});
        }));
    out.table({{"order"}, {"amount", el::Align::right}, {"given back"}}, rows);
    return el::done();
}

void add_switch(el::CommandLine& line, el::Command provider, const char* name, const char* about, bool down)
{
    const auto command = provider.add_subcommand(name, about);
    line.on(command, [&line, down](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>(true));
        BOOST_OUTCOME_TRY(shop->provider().set_down(down));
        out.properties({{"payment provider", down ? "off" : "on"}});
        return el::done();
    });
}

} // namespace

void add_provider(el::CommandLine& line)
{
    const auto provider = line.app().add_subcommand("provider", "The sample's payment provider: books, off, on");
    provider.require_subcommand();
    const auto books = provider.add_subcommand("books", "What it has charged, a row for each charge");
    reads(line, books, [&line](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return show_books(out, *shop);
    });
    add_switch(line, provider, "off", "Every call of it fails, also after a restart, until it is on again", true);
    add_switch(line, provider, "on", "It answers again", false);
}

} // namespace shop
