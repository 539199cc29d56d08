#include "support/subscribing.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<eventloom::testing::OrderTaken>();
