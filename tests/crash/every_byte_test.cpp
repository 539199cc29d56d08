// Every single-byte change of every file of a small store, and what became of it.
#include "simulated_disk/damage.hpp"
#include "simulated_disk/drawn_appends.hpp"
#include "support/sweep.hpp"

#include <catch2/catch.hpp>

#include <numeric>
#include <set>
#include <sstream>

namespace every_byte_test {

using namespace eventloom;
using namespace eventloom::testing;

// A small store, and what it holds.
struct Subject {
    std::string name;
    DiskImage image;
    StoreModel model;
    std::vector<AppendRequest> requests;
    std::map<std::string, std::set<std::string>> older; // versions of its files that are not just shorter
};

// Files of all kinds: three lives, and the third is closed, or killed after its last acknowledgement.
Subject store_that_was(bool closed)
{
    StoreMachine machine{7};
    Drawn drawn{7};
    DrawnAppends appends{drawn, machine.runtime().ids, 60};
    Subject subject{.name = closed ? "closed" : "killed", .image = {}, .model = {}, .requests = {}, .older = {}};
    machine.disk().before_each_change([&] {
        for (const auto& [path, content] : machine.disk().files()) subject.older[path].insert(content);
    });
    for (int life = 1; life <= 3; ++life) {
        {
            auto store = machine.open();
            REQUIRE(store);
            for (int i = 0; i < (life == 3 ? 10 : 5); ++i) {
                subject.requests.push_back(appends.next(subject.model));
                const auto answer = store.value()->append(subject.requests.back());
                REQUIRE(wrong_answer(subject.model.expect(subject.requests.back()), answer) == "");
                subject.model.take(subject.requests.back());
            }
            subject.model.take_times_from(*store.value());
            if (not closed) subject.image = machine.disk().image();
        }
        machine.process_ends();
        if (closed) subject.image = machine.disk().image();
    }
    for (auto& [path, versions] : subject.older) {
        const auto now = subject.image.seen.find(path);
        std::erase_if(versions, [&](const std::string& version) {
            return now == subject.image.seen.end() || now->second->seen->starts_with(version);
        });
    }
    return subject;
}

std::string kind_of(const std::string& path)
{
    const std::string room = path.starts_with("/store/index/") ? "index, " : "log, ";
    const auto name        = path.substr(path.rfind('/') + 1);
    if (path == "/store/witness") return "witness";
    if (name.ends_with(".log")) return room + "write-ahead log";
    if (name.ends_with(".ldb")) return room + "table";
    if (name.starts_with("MANIFEST")) return room + "MANIFEST";
    return room + name;
}

class Table {
public:
    void add(const std::string& kind, Outcome outcome) { ++rows_[kind][static_cast<std::size_t>(outcome)]; }
    std::uint64_t total(Outcome outcome) const
    {
        std::uint64_t sum = 0;
        for (const auto& [kind, counts] : rows_) sum += counts[static_cast<std::size_t>(outcome)];
        return sum;
    }
    std::string text(const std::string& title) const
    {
        std::ostringstream out;
        out << "\n| " << title << " | changes | refused at open | reported | harmless | unnoticed | wrong data |\n";
        for (const auto& [kind, counts] : rows_) {
            out << "| " << kind << " | " << std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
            for (const auto count : counts) out << " | " << count;
            out << " |\n";
        }
        return out.str();
    }

private:
    std::map<std::string, std::array<std::uint64_t, outcomes>> rows_;
};

// All changes of one file that differ from it, each with a name.
using Changes = std::vector<std::pair<std::string, std::optional<std::string>>>;

Changes changes_of(const std::string& whole, const std::set<std::string>& older)
{
    Changes changes;
    const auto add = [&](const std::string& what, std::size_t at, std::string changed) {
        if (changed != whole) changes.emplace_back(what + " at byte " + std::to_string(at), std::move(changed));
    };
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto changed = whole;
        for (const char byte : {static_cast<char>(whole[at] ^ (1 << at % 8)), '\0', '\xff'}) {
            changed[at] = byte;
            add("value " + std::to_string(static_cast<unsigned char>(byte)), at, changed);
        }
        add("cut", at, whole.substr(0, at));
    }
    for (std::size_t at = 0; at < whole.size(); at += 512) {
        auto changed = whole;
        std::fill_n(changed.begin() + static_cast<std::ptrdiff_t>(at), std::min<std::size_t>(512, whole.size() - at),
                    '\0');
        add("a sector of zeros", at, std::move(changed));
    }
    for (const auto& version : older) add("an older version", 0, version);
    changes.emplace_back("removed", std::nullopt);
    return changes;
}

// Whether the store holds the beginning of what it held, and nothing else.
bool holds_a_beginning(StoreMachine& machine, const StoreModel& model)
{
    bool is_beginning = false;
    if (const auto store = machine.open()) {
        Position at       = 0;
        const auto cursor = store.value()->read({});
        is_beginning      = true;
        for (auto next = cursor->next(); is_beginning && next && next.value() != nullptr; next = cursor->next()) {
            is_beginning = at < model.head() && same_event(*next.value(), model.events()[at++]);
        }
        is_beginning = is_beginning && at == store.value()->head();
    }
    machine.process_ends();
    return is_beginning;
}

// How many of all cuts of the log's write-ahead files, with the witness or without, go unnoticed.
std::uint64_t unnoticed_cuts(const Subject& subject, const DiskImage& image, bool without_witness)
{
    std::uint64_t unnoticed = 0;
    for (const auto& [path, file] : image.seen) {
        if (kind_of(path) != "log, write-ahead log") continue;
        for (std::size_t length = 0; length < file->seen->size(); ++length) {
            StoreMachine machine{1000, image};
            machine.disk().replace(path, file->seen->substr(0, length));
            if (without_witness) machine.disk().replace("/store/witness", std::nullopt);
            const auto cut = machine.disk().image();
            if (outcome_of_opening(machine, subject.model, subject.requests) != Outcome::unnoticed) continue;
            ++unnoticed;
            StoreMachine again{1000, cut};
            INFO(path << " cut to " << length << " bytes");
            CHECK(holds_a_beginning(again, subject.model));
        }
    }
    return unnoticed;
}

TEST_CASE("what remains unnoticed is a lost end of the log that no witness on the disk has seen",
          "[crash][eventstore][damage]")
{
    const auto closed = store_that_was(true);
    CHECK(unnoticed_cuts(closed, closed.image, false) == 0);
    CHECK(unnoticed_cuts(closed, closed.image, true) > 0);
    const auto killed = store_that_was(false);
    SimulatedDisk after_power_cut{1, killed.image};
    after_power_cut.power_cut(Tail::dropped);
    CHECK(unnoticed_cuts(killed, after_power_cut.image(), false) > 0);
}

TEST_CASE("a file that is missing is put back, and everything is there: refusing to open has changed nothing",
          "[crash][eventstore][damage]")
{
    std::size_t refused = 0;
    for (const bool closed : {true, false}) {
        const auto subject = store_that_was(closed);
        for (const auto& [path, file] : subject.image.seen) {
            StoreMachine machine{1000, subject.image};
            machine.disk().replace(path, std::nullopt);
            if (outcome_of_opening(machine, subject.model, subject.requests) != Outcome::refused) continue;
            ++refused;
            machine.disk().replace(path, *file->seen);
            INFO(path);
            CHECK(outcome_of_opening(machine, subject.model, subject.requests) == Outcome::harmless);
        }
    }
    CHECK(refused >= 4);
}

TEST_CASE("every change of a byte in any file of a store is refused, reported or harmless",
          "[crash][eventstore][damage]")
{
    for (const bool closed : {true, false}) {
        const auto subject = store_that_was(closed);
        Table table;
        Sweep sweep{4}; // each byte is changed in three ways, and is where the file is cut
        std::string first_wrong;
        for (const auto& [path, file] : subject.image.seen) {
            const auto older = subject.older.find(path);
            for (auto& [what, content] : changes_of(*file->seen, older->second)) {
                if (not sweep.tries_next()) continue;
                StoreMachine machine{1000, subject.image};
                machine.disk().replace(path, content);
                const auto outcome = outcome_of_opening(machine, subject.model, subject.requests);
                table.add(kind_of(path), outcome);
                if (outcome < Outcome::unnoticed || not first_wrong.empty()) continue;
                first_wrong = path + ": " + what + " of " + std::to_string(file->seen->size());
            }
        }
        WARN(table.text(subject.name));
        INFO(sweep << "a store that was " << subject.name << "; the first: " << first_wrong);
        CHECK(table.total(Outcome::wrong_data) == 0);
        CHECK(table.total(Outcome::unnoticed) == 0);
        CHECK(table.total(Outcome::refused) + table.total(Outcome::reported) >
              sweep.share_of(3000)); // or it has looked at nothing
    }
}

} // namespace every_byte_test
