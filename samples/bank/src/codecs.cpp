#include "account.hpp"
#include "nightly.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<bank::Account>();
template const eventloom::EventTypes& eventloom::event_types<bank::Night>();
template const eventloom::EventTypes& eventloom::event_types<bank::AccountWork::Jobs>();
