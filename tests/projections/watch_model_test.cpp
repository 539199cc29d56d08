// What is told of a table is all that changes in it, whatever happens.
#include "projections/people.hpp"

#include <eventloom/projections/watch.hpp>

#include <rapidcheck.h>

namespace watch_model_test {

using namespace people;
using Changes = el::TableChanges<PersonId, Entry>;

// A copy of a table, made of what is told of it.
class Mirror {
public:
    Mirror(el::Executor& executor, const el::Table<PersonId, Entry>& table, std::size_t rows_max) : table_{table}
    {
        watching_ = el::watch(executor, table, [this](const Changes& changes) { return take(changes); },
                              {.name = {}, .rows_max = rows_max});
        static_cast<void>(read());
    }

    el::result<void> take(const Changes& changes)
    {
        if (changes.read_anew) return read();
        for (const auto& [key, before, after] : changes.rows) {
            if (after) {
                rows_[key.value] = after->city;
            } else {
                rows_.erase(key.value);
            }
        }
        return el::done();
    }

    el::result<void> read()
    {
        BOOST_OUTCOME_TRY(const auto page, table_.all());
        rows_.clear();
        for (const auto& [key, row] : page.rows) rows_[key.value] = row.city;
        return el::done();
    }

    const std::map<std::string, std::string>& rows() const { return rows_; }

private:
    const el::Table<PersonId, Entry> table_;
    std::shared_ptr<el::Subscription> watching_;
    std::map<std::string, std::string> rows_;
};

TEST_CASE("whatever happens, who reads a table once and then follows its changes has what it has",
          "[projections][watch][model]")
{
    CHECK(rc::check("mirror", [] {
        Machine machine{el::RowPlace::memory};
        const auto table = machine.add(directory()).value();
        machine.projections->start();
        const auto rows_max = *rc::gen::inRange<std::size_t>(0, 6);
        el::SimulatedExecutor other{2};
        std::optional<Mirror> mirror;
        const int begins = *rc::gen::inRange(0, 10);
        for (int step = 0; step < 25; ++step) {
            if (step == begins) mirror.emplace(other, table, rows_max);
            const PersonId who{std::to_string(*rc::gen::inRange(0, 4))};
            const std::string city(1, static_cast<char>('a' + *rc::gen::inRange(0, 3)));
            switch (*rc::gen::inRange(0, 8)) {
            case 0:
                machine.record(who, Left{});
                break;
            case 1:
                RC_ASSERT(machine.catch_up().has_value());
                break;
            case 2:
                other.run_until_idle();
                break;
            case 3:
                machine.simulated.run_one();
                break;
            case 4:
                if (*rc::gen::inRange(0, 4) == 0) RC_ASSERT(machine.projections->rebuild("directory").has_value());
                break;
            default:
                machine.record(who, Joined{{}, city, {}, {}});
            }
        }
        RC_ASSERT(machine.catch_up().has_value());
        other.run_until_idle();
        std::map<std::string, std::string> rows;
        const auto page = table.all().value();
        for (const auto& [key, row] : page.rows) rows[key.value] = row.city;
        RC_ASSERT(mirror->rows() == rows);
    }));
}

} // namespace watch_model_test
