#include "stock_item.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<shop::stock::StockItem>();
template struct eventloom::codec<shop::stock::StockItem>;
