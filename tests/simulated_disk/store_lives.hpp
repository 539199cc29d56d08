// One seed's lives of an event store: work of every kind, and faults of every kind in between, against a model.
//
//     Sometimes sometimes;
//     StoreLives lives{seed, sometimes};
//     CHECK(lives.run() == "");
//
// Threads: one.
#pragma once

#include "simulated_disk/drawn_appends.hpp"
#include "simulated_disk/store_machine.hpp"

#include <map>
#include <string>

namespace eventloom::testing {

// How often it came to something: a simulation in which it never does shows nothing.
using Sometimes = std::map<std::string, std::uint64_t>;

class StoreLives {
public:
    StoreLives(std::uint64_t seed, Sometimes& sometimes);

    // "" or what was wrong.
    std::string run();
    // Of everything that was written and answered.
    std::uint64_t trace() const { return trace_ ^ machine_.disk().trace(); }

private:
    void fail_while_opening();
    void begin();
    void work();
    void end();
    void break_a_bit();

    void draw_fault();
    void append_some(LevelDbStore& store);
    void take_answer(std::size_t number, const result<Appended>& answer);
    void count_answer(const AppendRequest& request, const result<Appended>& answer);
    std::string look_around(const LevelDbStore& store);
    void verify();
    bool scavenge();
    result<void> between_steps(std::uint64_t& steps_left);
    void take_report(const ScavengeReport& report, const std::set<Position>& hidden, std::set<Position> before);
    bool is_partly_gone(const std::set<Position>& hidden) const;
    void scavenge_all();
    void dry_run();
    void see_what_is_gone();
    void let_go();
    void lose_power();
    bool is_troubled() const { return machine_.disk().crashed() || machine_.disk().fault_happened(); }
    void wrong(const std::string& what);
    bool is_wrong() const { return not wrong_.empty(); }

    StoreMachine machine_;
    Drawn drawn_;
    DrawnAppends appends_;
    Sometimes& sometimes_;
    const LevelDbStoreOptions options_;
    std::unique_ptr<LevelDbStore> store_;
    StoreModel model_;
    std::vector<AppendRequest> requests_; // of this life, in the order of their submission
    std::vector<AppendRequest> in_doubt_;
    std::vector<AppendRequest> not_written_; // as the store said
    std::size_t answered_ = 0;
    bool closed_          = false;
    bool is_scavenging_   = false;
    bool is_blind_        = false; // a sick disk does not say what a scavenge has taken out
    std::string wrong_;
    std::uint64_t trace_ = 0;
};

} // namespace eventloom::testing
