// For the sources that say which messages there are.
#pragma once

#include "workers/messages.hpp"

#include <eventloom/framework/detail/value_codec.hpp>

namespace eventloom::work {

template <class Message>
std::string to_bytes(const Message& message)
{
    std::string bytes;
    codec<Message>::encode(message, bytes);
    return bytes;
}

template <class Message>
result<Message> message_in(std::string_view bytes)
{
    auto message = codec<Message>::decode(bytes);
    if (not message) return wrong_worker_request("bytes that are no such message (" + message.error().sentence + ")");
    return message;
}

} // namespace eventloom::work
