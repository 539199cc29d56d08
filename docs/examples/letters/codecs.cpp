#include "letters/letters.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<letters::Account>();
template const eventloom::EventTypes& eventloom::event_types<letters::Letters::Jobs>();
template const eventloom::EventTypes& eventloom::event_types<letters::Statements::Jobs>();
