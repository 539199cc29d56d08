// A console whose texts a test can read, and which says whether the work is still wanted.
#pragma once

#include <eventloom/service/output.hpp>

#include <string>

namespace eventloom::testing {

class KeptConsole final : public Console {
public:
    explicit KeptConsole(ConsoleShape shape) : shape_{shape} {}
    void out(std::string_view text) override { said_out += text; }
    void err(std::string_view text) override { said_err += text; }
    const ConsoleShape& shape() const override { return shape_; }
    result<void> go_on() const override
    {
        if (not is_wanted) return fail(Failure::unavailable, "interrupted", "Nobody wants it.");
        return done();
    }
    result<void> wait(Duration) const override { return go_on(); }

    std::string said_out;
    std::string said_err;
    bool is_wanted = true;

private:
    const ConsoleShape shape_;
};

} // namespace eventloom::testing
