// Tries the same moment of a life in many ways without living up to it again: the process is copied, and its copy goes on
// in another way.
//
//     Branches branches;
//     disk.before_each_change([&] {
//         if (branches.begin("power cut at change " + number)) disk.crash_at(disk.operations() + 1);
//     });
//     machine.live();
//     disk.before_each_change({});
//     if (branches.in_one()) branches.end(machine.wrong_after_restart());   // in the copy, which ends here
//     REQUIRE(branches.wrong() == "");
//
// What a branch does stays in it: memory, and all that is kept in memory, but not files of the real disk. Threads: one, of the
// whole process.
#pragma once

#include <cstdint>
#include <string>

namespace eventloom::testing {

class Branches {
public:
    Branches() = default;
    // A branch that is left without its end, as by an exception, says so and ends.
    ~Branches();
    Branches(const Branches&)            = delete;
    Branches& operator=(const Branches&) = delete;

    // Begins a branch: true in it, once. Where it was begun, false, when the branch has ended. After a branch in which
    // something was wrong no other is begun.
    bool begin(const std::string& where);
    bool in_one() const { return in_one_; }
    // Ends the branch. `ended` counts the branches that it stands for: it may have begun others.
    [[noreturn]] void end(const std::string& wrong, std::uint64_t ended = 1);

    // "" when nothing was wrong in any, or where it was and what.
    const std::string& wrong() const { return wrong_; }
    std::uint64_t ended() const { return ended_; }

private:
    bool in_one_         = false;
    int report_          = -1;
    std::uint64_t ended_ = 0;
    std::string wrong_;
};

} // namespace eventloom::testing
