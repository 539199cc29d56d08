// The directory of one projection: its generations, and the small files that name the one that queries see and the one that
// is being built to replace it.
#pragma once

#include <eventloom/projections/detail/read_model.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eventloom {

struct Generation {
    std::uint64_t number             = 0;
    std::uint32_t projection_version = 0;
    RowPlace kept_in                 = RowPlace::leveldb;
    std::string shape; // of its rows (projection_shape.hpp); empty when it is not known

    friend bool operator==(const Generation&, const Generation&) = default;
};

// Why a projection has stopped.
struct StoppedProjection {
    std::uint64_t generation = 0; // that it wrote
    Position reached         = 0; // it has got through everything up to here, and not further
    Error why;
};

class Generations {
public:
    Generations(const Runtime& runtime, std::string directory);

    // Makes the directory if it does not exist.
    result<void> begin() const;
    // The generation that queries see; nothing in a new directory.
    result<std::optional<Generation>> current() const;
    // From here on queries see this one, also after a crash.
    result<void> make_current(const Generation& generation) const;
    // The one that is being built, also after a restart; nothing when there is none.
    result<std::optional<Generation>> next() const;
    result<void> make_next(const Generation& generation) const;
    result<void> forget_next() const;
    // The numbers of all generations with files, even if these are only copies.
    result<std::vector<std::uint64_t>> all() const;
    // Removes these, with their copies.
    result<void> remove(std::span<const std::uint64_t> these) const;
    // Removes all of them, and the file that names the current one.
    result<void> remove_all() const;
    // Whether the projection is paused, also after a restart.
    result<bool> is_paused() const;
    result<void> set_paused(bool paused) const;
    // Why it stopped the last time, also after a restart; nothing when it did not. Of no meaning when it has got further since.
    result<std::optional<StoppedProjection>> stopped() const;
    result<void> set_stopped(const StoppedProjection& stopped) const;
    // A number that is not used yet.
    result<std::uint64_t> unused_number() const;

    std::string directory_of(std::uint64_t number) const;

    // The directory of a copy of a generation's rows at a position; and all such copies, in order.
    std::string directory_of_copy(std::uint64_t number, Position position) const;
    result<std::vector<Position>> copies_of(std::uint64_t number) const;

private:
    struct Copy {
        std::uint64_t generation = 0;
        Position position        = 0;
    };
    result<std::vector<std::uint64_t>> numbers() const;
    std::string path_of(std::string_view file) const { return directory_ + "/" + std::string{file}; }
    result<std::vector<Copy>> copies() const;

    const Runtime runtime_;
    const std::string directory_;
};

} // namespace eventloom
