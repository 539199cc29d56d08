#include "hotel.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<hotel::Stay>();
template const eventloom::EventTypes& eventloom::event_types<hotel::Room>();
