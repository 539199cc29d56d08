// expect: job_without_a_handler<WriteStatement, Mailing>
#include <eventloom/messaging/queues.hpp>
namespace el = eventloom;
struct SendMail {};
struct WriteStatement {};
struct Mailing {
    static constexpr auto queue = "mail";
    using Jobs                  = el::jobs<el::job<"send-mail", SendMail>, el::job<"write-statement", WriteStatement>>;
};
void add(el::Queues& queues)
{
    queues.add<Mailing>({}, [](const SendMail&) -> el::result<void> { return el::done(); });
}
