// The head of an HTTP request, read strictly: ambiguous heads are refused.
#pragma once

#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

struct HttpHead {
    std::string method;
    std::string path;
    std::string content_type;
    std::size_t body_bytes = 0;
};

// The error of a refused request, with its HTTP status.
struct HttpRefusal {
    unsigned status = 400;
    Error error;
};

template <class T>
using http_result = outcome::basic_result<T, HttpRefusal, outcome::policy::terminate>;

// `text` ends with the empty line after the last field.
http_result<HttpHead> read_http_head(std::string_view text, std::size_t body_bytes_max);

// A complete response.
std::string http_answer(unsigned status, std::string_view json);
// The same with bytes, and status 200.
std::string http_answer_of_bytes(std::string_view bytes);
// The head of a response that ends with the connection.
std::string http_head_of_lines();
// The status of a response; 0 when it is not a response.
unsigned http_status_of(std::string_view head);
// How long its body is to be; nothing when it does not say.
std::optional<std::uint64_t> http_length_of(std::string_view head);

} // namespace eventloom
