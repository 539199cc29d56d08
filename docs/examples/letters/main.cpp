// The program of docs/queues.md.
//
//     letters serve
//     letters jobs enqueue send-letter '{"to": "Ada", "text": "Welcome"}'
#include "letters/letters.hpp"

#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace letters {

class Post final : public el::OpenService {
public:
    explicit Post(std::unique_ptr<el::Service> service) : service_{std::move(service)} {}
    el::Service& service() override { return *service_; }

private:
    std::unique_ptr<el::Service> service_;
};

el::result<std::unique_ptr<el::OpenService>> open(const el::Runtime& runtime, const std::string& directory, bool create)
{
    BOOST_OUTCOME_TRY(auto service, el::Service::open(runtime, {.directory = directory, .create_if_missing = create}));
    service->queues().add<Letters>({.workers = 8}, [](const SendLetter& letter) -> el::result<void> {
        if (letter.to.empty()) return el::refuse("no-address", "A letter needs somebody to whom it goes.");
        return el::done();
    });
    return std::unique_ptr<el::OpenService>{std::make_unique<Post>(std::move(service))};
}

} // namespace letters

int main(int argc, char** argv)
{
    return eventloom::run(
        {"letters", "Letters that are sent.", [](eventloom::CommandLine& line) { line.opens(letters::open); }}, argc,
        argv);
}
