#include "printer.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <thread>

namespace bank {

Printer::Printer(std::unique_ptr<el::Database> book, std::chrono::milliseconds takes)
    : book_{std::move(book)}, takes_{takes}
{
}

el::result<std::unique_ptr<Printer>> Printer::open(const el::Runtime& runtime, const std::string& directory,
                                                   std::chrono::milliseconds takes)
{
    BOOST_OUTCOME_TRY(auto book, el::Database::open(runtime, {.directory = directory}));
    return std::make_unique<Printer>(std::move(book), takes);
}

el::result<std::string> Printer::print(const Statement& statement, const el::Uuid& key)
{
    if (takes_.count() > 0) std::this_thread::sleep_for(takes_); // it is somewhere else
    if (statement.address.empty()) {
        return el::refuse("no-address", "The account " + statement.account.value +
                                            " has no address, so its statement goes nowhere; move it to one.");
    }
    // One entry for each key, so that a bank that asked with two keys would be seen to have printed twice.
    const auto sheet =
        el::ordered_key(statement.night.value) + el::ordered_key(statement.account.value) + to_string(key);
    BOOST_OUTCOME_TRY(const auto known, book_->get(sheet));
    if (known) return *known;
    const std::string number = "S-" + to_string(key).substr(0, 18);
    el::Batch batch;
    batch.put(sheet, number);
    BOOST_OUTCOME_TRY(book_->write(batch, el::Durability::buffered));
    return number;
}

el::result<std::uint64_t> Printer::printed(const NightId& night) const
{
    std::uint64_t sheets = 0;
    const auto of_night  = el::ordered_key(night.value);
    auto cursor          = book_->cursor();
    for (cursor.seek(of_night); cursor.valid() && cursor.key().starts_with(of_night); cursor.next()) ++sheets;
    BOOST_OUTCOME_TRY(cursor.status());
    return sheets;
}

} // namespace bank
