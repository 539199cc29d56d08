#include "read_models.hpp"

#include <eventloom/projections/projection.hpp>

namespace bank {

el::Projected<AccountId, AccountRow> accounts()
{
    return el::projection<AccountId, AccountRow>(
        "accounts", 1,
        [](AccountRow& row, const Opened& event) {
            row = {event.owner, event.address, event.cents, {}};
        },
        [](AccountRow& row, const Moved& event) { row.address = event.address; },
        [](AccountRow& row, const Posted& event) { row.cents += event.cents; },
        [](AccountRow& row, const NightClosed& event) {
            row.cents        = event.balance;
            row.closed_until = event.night.value;
        });
}

el::Projected<NightId, NightRow> nights()
{
    return el::projection<NightId, NightRow>(
        "nights", 1, el::from<Night, Account>(),
        [](NightRow& row, const Begun& event) { row.accounts = event.accounts; },
        [](NightRow& row, const NightClosed& event) {
            ++row.closed;
            row.interest += event.interest;
            row.fees += event.fee;
        });
}

} // namespace bank
