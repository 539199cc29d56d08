// The console of a command that a client of the door has sent: its output becomes lines on the connection.
#pragma once

#include "door/command_request.hpp"

#include <eventloom/service/output.hpp>

namespace eventloom {

class DoorConsole final : public Console {
public:
    // `stopping` is a descriptor that is readable after the service has begun to stop.
    DoorConsole(int connection, int stopping, const ConsoleShape& shape);

    void out(std::string_view text) override { say<SaidOut>(text); }
    // While the service stops it is kept for end(): a client that cannot read both in time gets neither, and so not two errors,
    // the command's and that the service went away.
    void err(std::string_view text) override;
    void end(int exit_code) { send(last_words_ + to_line(Ended{exit_code})); }
    const ConsoleShape& shape() const override { return shape_; }
    result<void> go_on() const override { return wait(Duration{0}); }
    result<void> wait(Duration span) const override;

    // Sends text unchanged. It waits for a client that reads slowly, but not for one that has gone, or that does not read while
    // the service stops.
    void send(std::string_view text);

private:
    template <class Said>
    void say(std::string_view text);
    bool wait_for_room() const;
    bool is_stopping() const;

    const int connection_;
    const int stopping_;
    const ConsoleShape shape_;
    std::string last_words_;
    bool gone_ = false;
};

} // namespace eventloom
