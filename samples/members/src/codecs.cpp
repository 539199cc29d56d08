#include "member.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<members::Member>();
template const eventloom::EventTypes& eventloom::event_types<members::Ticket>();
