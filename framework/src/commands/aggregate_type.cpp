#include <eventloom/framework/aggregate.hpp>

#include "commands/aggregate_cache.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace eventloom::detail {

NewEvent encoded_fact(const FactList& list, std::size_t place, const void* fact)
{
    const EventType& type  = list.types()[place];
    const FactNotes& notes = list.notes[place];
    NewEvent event;
    event.type           = type.name;
    event.schema_version = type.schema_version;
    PersonalPlaces places;
    type.encode_noting_places(fact, event.data, places);
    if (notes.tags != nullptr) event.metadata.tags = notes.tags(fact);
    if (places.empty()) return event;
    ensure(notes.subject != nullptr, "an event with personal fields has no subject_of beside it");
    note_personal_parts(event, std::move(places), notes.subject(fact));
    return event;
}

result<void> evolve_with(const StateType& type, void* state, const RecordedEvent& event)
{
    const EventType* const found = find_event_type(type.list.types(), event.type);
    if (found == nullptr && std::find(type.ignored.begin(), type.ignored.end(), event.type) != type.ignored.end()) {
        return done();
    }
    if (found == nullptr) return unknown_event_type(event, type.category);
    const auto take = [&](std::size_t place, const void* fact) -> result<void> {
        return call_user_code("evolve of", type.category, [&] { type.evolve[place](state, fact); });
    };
    auto read = found->decode(event.schema_version, event.data, take);
    if (not read) return at_event(std::move(read.error()), event);
    return done();
}

std::shared_ptr<void> copy_of_state(const StateType& type, const void* state)
{
    struct Free {
        void operator()(void* memory) const { ::operator delete(memory); }
    };
    std::unique_ptr<void, Free> memory{::operator new(type.size)};
    type.make(memory.get(), state);
    return {memory.release(), [&type](void* made) {
                type.destroy(made);
                ::operator delete(made);
            }};
}

} // namespace eventloom::detail
