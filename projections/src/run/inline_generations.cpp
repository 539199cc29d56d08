#include "run/inline_generations.hpp"

#include <eventloom/storage/ordered_key.hpp>

namespace eventloom {

namespace {

constexpr char answers             = 'c'; //                       -> number, version of the projection
constexpr char generation          = 'g'; // number, key of a row  -> what stands there in a read model
constexpr char shape               = 's'; //                       -> number, shape of that generation's rows
constexpr std::size_t rows_a_write = 4'096;

std::string of_projection(std::string_view name)
{
    std::string prefix;
    append_ordered_text(prefix, name);
    return prefix;
}

Error damaged(const EventStore& store)
{
    return {Failure::corrupt, "damaged-read-model",
            "looked in " + store.inline_rows()->directory() +
                " for the rows of an inline projection and found damage; verify the event store"};
}

KeySpan all_from(std::string first, std::string_view prefix)
{
    return {std::move(first), after_prefix(prefix)};
}

} // namespace

InlineGenerations::InlineGenerations(EventStore& store, std::string_view projection)
    : store_{store}, prefix_{of_projection(projection)}
{
}

std::string InlineGenerations::of_current() const
{
    return prefix_ + answers;
}

std::string InlineGenerations::of_shape() const
{
    return prefix_ + shape;
}

std::string InlineGenerations::prefix_of(std::uint64_t number) const
{
    std::string prefix = prefix_ + generation;
    append_big_endian(prefix, number);
    return prefix;
}

result<std::optional<Generation>> InlineGenerations::current() const
{
    const auto rows = store_.inline_rows();
    BOOST_OUTCOME_TRY(const auto stored, rows->find(of_current()));
    if (not stored) return std::optional<Generation>{};
    if (stored->size() != 16) return damaged(store_);
    const std::string_view bytes{*stored};
    Generation now{read_big_endian(bytes.substr(0, 8)),
                   static_cast<std::uint32_t>(read_big_endian(bytes.substr(8))),
                   RowPlace::log,
                   {}};
    BOOST_OUTCOME_TRY(const auto shaped, rows->find(of_shape()));
    // A program that knows no shapes may have put another generation in place since.
    if (shaped && shaped->size() > 8 && read_big_endian(*shaped) == now.number) now.shape = shaped->substr(8);
    return std::optional{std::move(now)};
}

result<void> InlineGenerations::make_current(HeldAppends& held, const Generation& now) const
{
    std::string bytes;
    append_big_endian(bytes, now.number);
    append_big_endian(bytes, now.projection_version);
    RowBatch batch;
    batch.put(of_current(), bytes);
    if (now.shape.empty()) {
        batch.remove(of_shape());
    } else {
        batch.put(of_shape(), bytes.substr(0, 8) + now.shape);
    }
    return store_.inline_rows()->write(held, batch);
}

result<std::vector<std::uint64_t>> InlineGenerations::numbers() const
{
    std::vector<std::uint64_t> found;
    const auto view   = store_.inline_rows()->view();
    const auto prefix = prefix_ + generation;
    for (std::string next = prefix;;) {
        const auto cursor = view->scan(all_from(next, prefix));
        if (not cursor->valid()) {
            BOOST_OUTCOME_TRY(cursor->status());
            return found;
        }
        const auto number = cursor->key().substr(prefix.size(), 8);
        if (number.size() < 8) return damaged(store_);
        found.push_back(read_big_endian(number));
        next = after_prefix(prefix_of(found.back()));
    }
}

result<std::uint64_t> InlineGenerations::unused_number() const
{
    BOOST_OUTCOME_TRY(const auto all, numbers());
    return all.empty() ? 1 : all.back() + 1;
}

result<void> InlineGenerations::remove_others(std::uint64_t number) const
{
    BOOST_OUTCOME_TRY(const auto all, numbers());
    for (const auto other : all) {
        if (other == number) continue;
        BOOST_OUTCOME_TRY(remove_rows(other));
    }
    return done();
}

// First what says which one answers: rows that are half removed must not answer.
result<void> InlineGenerations::remove_all() const
{
    const auto rows = store_.inline_rows();
    if (not rows) return done();
    BOOST_OUTCOME_TRY(const auto named, rows->find(of_current()));
    if (named) {
        RowBatch batch;
        batch.remove(of_current());
        batch.remove(of_shape());
        BOOST_OUTCOME_TRY(const auto held, store_.hold_appends());
        BOOST_OUTCOME_TRY(rows->write(*held, batch));
    }
    BOOST_OUTCOME_TRY(const auto all, numbers());
    for (const auto number : all) {
        BOOST_OUTCOME_TRY(remove_rows(number));
    }
    return done();
}

result<void> InlineGenerations::remove_rows(std::uint64_t number) const
{
    const auto prefix = prefix_of(number);
    const auto rows   = store_.inline_rows();
    const auto view   = rows->view();
    const auto cursor = view->scan(all_from(prefix, prefix));
    while (cursor->valid()) {
        RowBatch batch;
        for (; cursor->valid() && batch.size() < rows_a_write; cursor->next()) batch.remove(cursor->key());
        BOOST_OUTCOME_TRY(const auto held, store_.hold_appends());
        BOOST_OUTCOME_TRY(rows->write(*held, batch));
    }
    return cursor->status();
}

result<std::vector<std::string>> InlineGenerations::projections_in(const EventStore& store)
{
    std::vector<std::string> names;
    const auto rows = store.inline_rows();
    if (not rows) return names;
    const auto view = rows->view();
    for (std::string next;;) {
        const auto cursor = view->scan({next, "\xff"});
        if (not cursor->valid()) {
            BOOST_OUTCOME_TRY(cursor->status());
            return names;
        }
        // A projection's name holds no zero byte, so the first one ends it.
        const auto key = cursor->key();
        const std::string name{key.substr(0, key.find('\0'))};
        if (not name.starts_with('$')) names.push_back(name); // others keep things there, too
        next = after_prefix(of_projection(name));
    }
}

} // namespace eventloom
