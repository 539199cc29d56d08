// The terminal or the pipes of this process.
#pragma once

#include "terminal/stop_signals.hpp"

#include <eventloom/service/output.hpp>

namespace eventloom {

class SystemConsole final : public Console {
public:
    SystemConsole(const StopSignals& signals, LastResort& last_resort);

    void out(std::string_view text) override;
    void err(std::string_view text) override;
    const ConsoleShape& shape() const override { return shape_; }
    result<void> go_on() const override;
    result<void> wait(Duration span) const override;
    void ends_well_when_stopped() override { last_resort_.ends_well_when_stopped(); }

    // Whether standard output has accepted everything.
    bool has_arrived() const { return arrived_; }

private:
    const StopSignals& signals_;
    LastResort& last_resort_;
    ConsoleShape shape_;
    bool arrived_ = true;
};

// The error of work that the user has stopped.
Error interrupted();

} // namespace eventloom
