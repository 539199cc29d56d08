#include "system_console.hpp"

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace eventloom {

namespace {

bool write_to(std::FILE* file, std::string_view text)
{
    return std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
}

} // namespace

SystemConsole::SystemConsole(const StopSignals& signals, LastResort& last_resort)
    : signals_{signals}, last_resort_{last_resort}, shape_{.out_is_terminal = isatty(STDOUT_FILENO) == 1,
                                                           .err_is_terminal = isatty(STDERR_FILENO) == 1}
{
    winsize size{};
    const int terminal = shape_.out_is_terminal ? STDOUT_FILENO : STDERR_FILENO;
    if (::ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) shape_.width = size.ws_col;
}

void SystemConsole::out(std::string_view text)
{
    arrived_ = write_to(stdout, text) && arrived_;
}

void SystemConsole::err(std::string_view text)
{
    write_to(stderr, text);
}

result<void> SystemConsole::go_on() const
{
    if (signals_.received() != 0) return interrupted();
    return done();
}

result<void> SystemConsole::wait(Duration span) const
{
    signals_.wait(span);
    return go_on();
}

Error interrupted()
{
    return {Failure::unavailable, "interrupted", "stopped before the end, as was asked; what was done so far stands"};
}

} // namespace eventloom
