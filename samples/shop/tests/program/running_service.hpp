// The shop as a service that runs.
#pragma once

#include "program.hpp"

#include <chrono>
#include <functional>
#include <thread>

namespace shop::testing {

// Looks until it is so; gives up when that takes unreasonably long.
inline void await(const std::function<bool()>& condition)
{
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    while (not condition()) {
        REQUIRE(std::chrono::steady_clock::now() < give_up);
        std::this_thread::yield();
    }
}

// A service that runs from here on until it is stopped.
class Service {
public:
    explicit Service(const TemporaryDirectory& directory, const std::string& name = "-of-service")
        : program_{directory, {"serve", "--json", "--data", directory.path() + "/data"}, name}
    {
    }
    ~Service()
    {
        if (is_over_) return;
        program_.kill();
        program_.wait();
    }

    bool is_ready() const { return program_.output().find('\n') != std::string::npos; }
    bool has_ended() const { return program_.has_ended(); }
    const Service& when_ready() const
    {
        await([&] { return is_ready() || has_ended(); });
        REQUIRE(is_ready());
        return *this;
    }
    const Program& program() const { return program_; }

    Finished end(int signal)
    {
        program_.kill(signal);
        return wait();
    }
    Finished wait()
    {
        is_over_ = true;
        return program_.wait();
    }

private:
    Program program_;
    bool is_over_ = false;
};

} // namespace shop::testing
