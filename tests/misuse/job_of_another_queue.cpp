// expect: a handler takes what is no job of its queue
#include <eventloom/messaging/queues.hpp>
namespace el = eventloom;
struct SendMail {};
struct WriteStatement {};
struct Mailing {
    static constexpr auto queue = "mail";
    using Jobs                  = el::jobs<el::job<"send-mail", SendMail>>;
};
void add(el::Queues& queues)
{
    queues.add<Mailing>(
        {}, [](const SendMail&) -> el::result<void> { return el::done(); },
        [](const WriteStatement&) -> el::result<void> { return el::done(); });
}
