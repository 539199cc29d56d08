// Everything of Eventloom that a small service needs, in one include. Larger services include only what they use, because this
// header takes a while to compile.
//
//     #include <eventloom/eventloom.hpp>
//     namespace el = eventloom;
//
// Threads: see the headers.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/projections/projection.hpp>
#include <eventloom/sagas/saga.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>
