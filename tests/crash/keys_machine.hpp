// Keys of personal data on a disk whose power is cut, or that fails.
#pragma once

#include "crash/sealing_machine.hpp"

#include <eventloom/privacy/detail/personal_keys.hpp>
#include <eventloom/storage/database.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace eventloom::testing {

inline const std::string old_master = "/keys/master.key";
inline const std::string new_master = "/new.key";

inline std::string subject_of(int who)
{
    return "customer-" + std::to_string(who);
}

class KeysMachine : public SealingMachine {
public:
    using SealingMachine::SealingMachine;

    // Calls `work` with keys in a process of their own.
    template <class Work>
    auto with_keys(const std::string& master, const Work& work)
    {
        struct Ending {
            ~Ending() { run_background_work(); }
        } ending;
        PersonalKeys keys{runtime(), {.directory = "/keys", .master_key_file = master, .secrets = &secrets()}};
        return work(keys);
    }

    // The keys in the disk's bytes that their owner would find, by subject: of version 1.
    std::string key_bytes(const std::string& subject)
    {
        std::string bytes;
        {
            const auto database = Database::open(runtime(), {.directory = "/keys", .create_if_missing = false});
            REQUIRE(database);
            const auto stored = database.value()->get("k" + subject);
            REQUIRE(stored);
            bytes = stored.value().value_or("");
        }
        run_background_work();
        return bytes;
    }
};

// What a disk holds once keys for so many subjects were made.
inline DiskImage keys_of(int subjects)
{
    KeysMachine machine{1};
    machine.with_keys(old_master, [&](PersonalKeys& keys) {
        std::vector<std::string> names;
        for (int who = 0; who < subjects; ++who) names.push_back(subject_of(who));
        REQUIRE(keys.keys_to_seal(names));
    });
    machine.disk().power_cut(Tail::kept);
    return machine.disk().image();
}

enum class Found { opens, erased, wrong };

inline Found look(PersonalKeys& keys, int who)
{
    const auto key = keys.key_to_open(subject_of(who), 1);
    if (not key) return Found::wrong;
    return key.value() ? Found::opens : Found::erased;
}

} // namespace eventloom::testing
