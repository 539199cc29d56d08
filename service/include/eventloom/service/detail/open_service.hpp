// What a program opens in its data directory: the service, and everything else that the program needs.
//
//     class Shop final : public el::OpenService {
//     public:
//         el::Service& service() override { return *service_; }
//         SamplePaymentProvider& provider() { return *provider_; }
//         ...
//     };
//
// Threads: as the service's parts say.
#pragma once

#include <eventloom/framework/result.hpp>

#include <functional>
#include <memory>
#include <string>

namespace eventloom {

class ConsumerGroups;
class Service;
struct Runtime;

class OpenService {
public:
    virtual ~OpenService()     = default;
    virtual Service& service() = 0;

    // What the program does only while it serves: it listens at a port, or sends mails. `serve` calls on_serve() when the service
    // is started, before it takes the first command; after an error it does not serve, and ends with exit code 1. When it stops,
    // it takes no more commands, calls on_stop(), and then stops projections and sagas; on_stop() should be quick, because the
    // process ends a second after Ctrl-C. on_stop() is not called when on_serve() has failed. Each tenant that is opened while
    // the program serves is an OpenService of its own. A command that runs alone calls neither.
    virtual result<void> on_serve() { return done(); }
    virtual result<void> on_stop() { return done(); }
    // Only for consumer groups that are not in service().groups(): those that the program opens itself in groups/ of the data
    // directory. A backup includes their checkpoints.
    virtual ConsumerGroups* consumer_groups() { return nullptr; }
};

// Opens a program's service in a data directory: adds projections, sagas and activities, and does not start them.
using OpenServiceIn = std::function<result<std::unique_ptr<OpenService>>(
    const Runtime& runtime, const std::string& directory, bool create_if_missing)>;

} // namespace eventloom
