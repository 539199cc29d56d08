#include "nightly.hpp"

#include <eventloom/messaging/queues.hpp>

namespace bank {

el::Uuid id_of(const CloseAccount& job, unsigned again)
{
    if (again == 0) return el::derived_uuid({"close-account", job.night.value, job.account.value});
    return el::derived_uuid({"close-account", job.night.value, job.account.value, std::to_string(again)});
}

void add_account_work(el::Service& service, Printer& printer, unsigned workers)
{
    auto& commands = service.commands();
    // The id of the account's first job is the key for the printer and for the command: both recognise an attempt that comes after
    // one which died, and a job that comes after one which was cancelled.
    auto close = [&commands, &printer](const CloseAccount& job, el::JobContext&) -> el::result<el::JobDone> {
        const auto key = id_of(job);
        BOOST_OUTCOME_TRY(const auto account, commands.load(job.account));
        BOOST_OUTCOME_TRY(auto statement, printer.print({job.account, job.night, account.address, account.cents}, key));
        BOOST_OUTCOME_TRY(commands.send(job.account, CloseNight{job.night, statement}, {.command_id = key}));
        return el::job_done(std::move(statement));
    };
    auto post = [&commands](const PostMoney& job, el::JobContext& context) -> el::result<void> {
        BOOST_OUTCOME_TRY(commands.send(job.account, Post{job.cents, job.text}, {.command_id = context.id()}));
        return el::done();
    };
    service.queues().add<AccountWork>({.workers = workers, .at_once_per_key = 1}, std::move(close), std::move(post));
}

} // namespace bank
