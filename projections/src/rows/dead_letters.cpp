#include "rows/dead_letters.hpp"

#include "rows/held_keys.hpp"

#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/storage/ordered_key.hpp>

namespace eventloom {

namespace {

struct StoredLetter {
    std::string stream;
    std::string type;
    std::uint8_t kind = 0;
    std::string code;
    std::string sentence;
};

Error damaged(const ReadModelView& view)
{
    return {Failure::corrupt, "damaged-read-model",
            "read the dead letters of the read model in " + view.directory() +
                " and found damage; rebuild the projection"};
}

template <class Visit>
result<void> visit_keys_of(char kind, const ReadModelView& view, const Visit& visit)
{
    const std::string prefix(1, kind);
    const auto cursor = view.scan({prefix, after_prefix(prefix)});
    for (; cursor->valid(); cursor->next()) {
        if (cursor->key().size() != 9) return damaged(view);
        BOOST_OUTCOME_TRY(visit(read_big_endian(cursor->key().substr(1)), cursor->value()));
    }
    return cursor->status();
}

} // namespace

bool is_of_the_event(const Error& error)
{
    const bool is_of_the_machine = error.kind == Failure::storage || error.kind == Failure::unavailable ||
                                   error.kind == Failure::unknown || error.code == "damaged-read-model";
    return not is_of_the_machine;
}

void put_dead_letter(ModelBatch& batch, const RecordedEvent& event, const Error& error)
{
    std::string bytes;
    codec<StoredLetter>::encode(
        {event.stream, event.type, static_cast<std::uint8_t>(error.kind), error.code, error.sentence}, bytes);
    batch.put(row_keys::of_dead_letter(event.position), bytes);
}

result<std::vector<DeadLetter>> dead_letters_in(const ReadModelView& view)
{
    std::vector<DeadLetter> letters;
    BOOST_OUTCOME_TRY(const auto waits, waits_in(view));
    const auto keep = [&](Position position, std::string_view bytes) -> result<void> {
        auto letter = codec<StoredLetter>::decode(bytes);
        if (not letter) return damaged(view);
        auto& [stream, type, kind, code, sentence] = letter.value();
        const auto wait                            = waits.find(position);
        letters.push_back({position, std::move(stream), std::move(type),
                           Error{static_cast<Failure>(kind), std::move(code), std::move(sentence)},
                           wait == waits.end() ? 0 : wait->second});
        return done();
    };
    BOOST_OUTCOME_TRY(visit_keys_of(row_keys::dead_letter, view, keep));
    return letters;
}

result<std::uint64_t> number_of_dead_letters(const ReadModelView& view)
{
    std::uint64_t number = 0;
    const auto count     = [&](Position, std::string_view) -> result<void> {
        ++number;
        return done();
    };
    BOOST_OUTCOME_TRY(visit_keys_of(row_keys::dead_letter, view, count));
    return number;
}

void leave_out(ModelBatch& batch, Position position)
{
    batch.remove(row_keys::of_dead_letter(position));
    batch.remove(row_keys::of_held(position));
    batch.put(row_keys::of_left_out(position), {});
}

result<std::set<Position>> left_out_in(const ReadModelView& view)
{
    std::set<Position> positions;
    const auto keep = [&](Position position, std::string_view) -> result<void> {
        positions.insert(position);
        return done();
    };
    BOOST_OUTCOME_TRY(visit_keys_of(row_keys::left_out, view, keep));
    return positions;
}

result<void> leave_out_the_same(const ReadModelView& from, ReadModel& into)
{
    BOOST_OUTCOME_TRY(const auto positions, left_out_in(from));
    if (positions.empty()) return done();
    ModelBatch batch;
    for (const Position position : positions) batch.put(row_keys::of_left_out(position), {});
    return into.write(batch, 0);
}

result<std::set<Position>> not_handled_in(const ReadModelView& view)
{
    BOOST_OUTCOME_TRY(auto positions, left_out_in(view));
    BOOST_OUTCOME_TRY(const auto letters, dead_letters_in(view));
    for (const DeadLetter& letter : letters) positions.insert(letter.position);
    return positions;
}

} // namespace eventloom
