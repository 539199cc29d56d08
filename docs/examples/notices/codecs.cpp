#include "notices/notices.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<notices::Customer>();
template const eventloom::EventTypes& eventloom::event_types<notices::Order>();
template const eventloom::EventTypes& eventloom::event_types<notices::Letters::Jobs>();
template const eventloom::EventTypes& eventloom::event_types<notices::Prices::Messages>();
