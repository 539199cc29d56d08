// expect: a handler of jobs takes (const Job&, el::JobContext&), or the job alone, says `-> el::result<void>` or `-> el::result<el::JobDone>`, and is not mutable
#include <eventloom/messaging/queues.hpp>
namespace el = eventloom;
struct SendMail {};
struct Mailing {
    static constexpr auto queue = "mail";
    using Jobs                  = el::jobs<el::job<"send-mail", SendMail>>;
};
void add(el::Queues& queues)
{
    queues.add<Mailing>({}, [](const SendMail&) { return el::done(); });
}
