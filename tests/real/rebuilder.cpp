// A program that rebuilds its projections again and again until it is killed, while three threads ask them all the time.
//
//     rebuilder DIRECTORY
//
// "opened" on standard output when what was there answers rightly and nothing is left over; then a line for each step of a
// rebuild. A query that fails, a wrong answer, or a rebuild that fails is one sentence on standard error and the exit code 1.
#include "real/accounts.hpp"

#include <eventloom/storage/database.hpp>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>

template const eventloom::EventTypes& eventloom::event_types<branch_bank::Account>();

namespace {

using namespace branch_bank;

[[noreturn]] void give_up(const std::string& sentence)
{
    std::fprintf(stderr, "%s\n", sentence.c_str());
    std::_Exit(1);
}

void say(std::string_view line)
{
    if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(2);
}

void ask_for_ever(const AccountsMachine::Tables& tables)
{
    for (;;) {
        if (const auto wrong = wrong_with(tables); not wrong.empty()) give_up("a query: " + wrong);
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) return 3;
    AccountsMachine machine{argv[1]};
    if (const auto opened = machine.open(); not opened) give_up(opened.error().sentence);
    for (const auto& tables : machine.tables) {
        if (const auto wrong = wrong_with(tables); not wrong.empty()) give_up("at the start: " + wrong);
    }
    if (const auto found = left_over(machine); not found.empty()) give_up("left over:" + found);
    say("opened\n");
    machine.projections->start();
    std::vector<std::thread> threads;
    for (const auto& tables : machine.tables) threads.emplace_back(ask_for_ever, std::cref(tables));
    for (;;) {
        const auto reports =
            machine.projections->rebuild(machine.names, [](el::Position, el::Position) -> el::result<void> {
                say("on\n");
                return el::done();
            });
        if (not reports) give_up(reports.error().sentence);
        for (const auto& report : reports.value()) {
            if (report.error) give_up(report.error->sentence);
        }
        say("swapped\n");
    }
}
