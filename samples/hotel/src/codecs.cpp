#include "nights.hpp"
#include "receipts.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<grand_hotel::Stay>();
template const eventloom::EventTypes& eventloom::event_types<grand_hotel::Calendar>();
template const eventloom::EventTypes& eventloom::event_types<grand_hotel::TakenReceipt>();
