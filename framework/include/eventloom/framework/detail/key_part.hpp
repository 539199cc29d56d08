// What an event belongs to, where neither the name of its stream nor a member says it: a row of a projection, or an instance of a saga.
//
//     el::keyed_by([](const Placed& event) { return event.country; })
//
// For projections and sagas of handlers, which include it. Threads: values.
#pragma once

#include <type_traits>
#include <utility>

namespace eventloom {

template <class Of>
struct key_part {
    Of of;
};

template <class Of>
    requires(not std::is_member_object_pointer_v<Of>)
key_part<Of> keyed_by(Of of)
{
    return {std::move(of)};
}

} // namespace eventloom
