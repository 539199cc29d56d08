#include "terminal/system_console.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace eventloom {

namespace {

bool write_to(std::FILE* file, std::string_view text)
{
    return std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
}

// The width in COLUMNS; 0 when it is not a width.
std::size_t asked_width()
{
    const char* const said = std::getenv("COLUMNS");
    const std::string_view text{said == nullptr ? "" : said};
    std::size_t width = 0;
    const auto read   = std::from_chars(text.data(), text.data() + text.size(), width);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || width == 0) return 0;
    return std::clamp(width, ConsoleShape::width_min, ConsoleShape::width_max);
}

} // namespace

SystemConsole::SystemConsole(const StopSignals& signals, LastResort& last_resort)
    : signals_{signals}, last_resort_{last_resort},
      shape_{.out_is_terminal = isatty(STDOUT_FILENO) == 1, .err_is_terminal = isatty(STDERR_FILENO) == 1}
{
    winsize size{};
    const int terminal = shape_.out_is_terminal ? STDOUT_FILENO : STDERR_FILENO;
    if (::ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) shape_.width = size.ws_col;
    const auto asked = asked_width();
    if (asked > 0) shape_.width = asked;
    if (asked > 0 || shape_.out_is_terminal) shape_.table_width = shape_.width;
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
    return {Failure::unavailable, "interrupted", "stopped before the end, as requested; what was done so far remains"};
}

} // namespace eventloom
