#include "courses.hpp"
#include "invoices.hpp"
#include "nights.hpp"
#include "orders.hpp"
#include "prices.hpp"
#include "sign_up.hpp"
#include "usernames.hpp"

#include <eventloom/framework/event_codec.hpp>

template const eventloom::EventTypes& eventloom::event_types<courses::Courses>();
template const eventloom::EventTypes& eventloom::event_types<usernames::Accounts>();
template const eventloom::EventTypes& eventloom::event_types<invoices::Invoices>();
template const eventloom::EventTypes& eventloom::event_types<sign_up::SignUps>();
template const eventloom::EventTypes& eventloom::event_types<prices::Products>();
template const eventloom::EventTypes& eventloom::event_types<orders::Orders>();
template const eventloom::EventTypes& eventloom::event_types<nights::Stay>();
template const eventloom::EventTypes& eventloom::event_types<nights::Nights>();
