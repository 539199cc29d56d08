// The rows of one inline projection in the log's database: its generations, and which one answers. docs/format.md, "Inline
// rows", has the keys.
#pragma once

#include "rows/generations.hpp"

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/event_store.hpp>

#include <string>
#include <vector>

namespace eventloom {

class InlineGenerations {
public:
    InlineGenerations(EventStore& store, std::string_view projection);

    // The generation that queries see; nothing when the log has none.
    result<std::optional<Generation>> current() const;
    // From here on queries see this one.
    result<void> make_current(HeldAppends& held, const Generation& generation) const;
    // A number that is not used yet.
    result<std::uint64_t> unused_number() const;

    // Removes all others, some rows at a time, between appends.
    result<void> remove_others(std::uint64_t number) const;
    result<void> remove_all() const;

    // The prefix of the keys of a generation.
    std::string prefix_of(std::uint64_t number) const;

    // The projections that have anything in the log, by name.
    static result<std::vector<std::string>> projections_in(const EventStore& store);

private:
    result<std::vector<std::uint64_t>> numbers() const;
    result<void> remove_rows(std::uint64_t number) const;
    std::string of_current() const;
    std::string of_shape() const;

    EventStore& store_;
    const std::string prefix_; // of all keys of the projection
};

} // namespace eventloom
