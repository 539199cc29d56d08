// The directory of one projection: its generations, and the small file that says which one answers.
#pragma once

#include <eventloom/projections/read_model.hpp>

#include <optional>
#include <string>

namespace eventloom {

struct Generation {
    std::uint64_t number             = 0;
    std::uint32_t projection_version = 0;
    RowPlace kept_in                 = RowPlace::leveldb;
};

class Generations {
public:
    Generations(const Runtime& runtime, std::string directory);

    // The generation that answers; nothing in a new directory.
    result<std::optional<Generation>> current() const;
    // From here on this one answers, also after a crash.
    result<void> make_current(const Generation& generation) const;
    // Removes all others, with their copies: what a rebuild that died, or one that replaced them, left behind.
    result<void> remove_others(std::uint64_t number) const;
    // Removes all of them, and what says which one answers.
    result<void> remove_all() const;
    // Whether the projection is to stand still, also after a restart.
    result<bool> is_paused() const;
    result<void> set_paused(bool paused) const;
    // One that is not there yet.
    result<std::uint64_t> unused_number() const;

    std::string directory_of(std::uint64_t number) const;

    // Where the rows of a generation are copied as they stood at a position; and which such copies there are, in order.
    std::string directory_of_copy(std::uint64_t number, Position position) const;
    result<std::vector<Position>> copies_of(std::uint64_t number) const;

private:
    struct Copy {
        std::uint64_t generation = 0;
        Position position        = 0;
    };
    result<std::vector<std::uint64_t>> numbers() const;
    result<std::vector<Copy>> copies() const;

    const Runtime runtime_;
    const std::string directory_;
};

} // namespace eventloom
