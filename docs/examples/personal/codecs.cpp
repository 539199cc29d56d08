#include "personal/customers.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<customers::Customer>();
template struct eventloom::codec<customers::Customer>;
