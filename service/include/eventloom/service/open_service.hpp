// What a program has open in its data directory: the service, with whatever else the program needs beside it.
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
    // Those in groups/ of the data directory, when the program has them open: their checkpoints belong to a backup.
    virtual ConsumerGroups* consumer_groups() { return nullptr; }
};

// How a program opens its service in a data directory: with its projections, sagas and activities added, not started.
using OpenServiceIn = std::function<result<std::unique_ptr<OpenService>>(
    const Runtime& runtime, const std::string& directory, bool create_if_missing)>;

} // namespace eventloom
