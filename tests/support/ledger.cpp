#include "support/ledger.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<eventloom::testing::Ledger>();
template const eventloom::EventTypes& eventloom::event_types<eventloom::testing::Tally>();
template struct eventloom::codec<eventloom::testing::Ledger>;
template struct eventloom::codec<eventloom::testing::Tally>;
