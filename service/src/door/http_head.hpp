// The head of an HTTP request, read strictly: what two readers could understand in two ways is refused.
#pragma once

#include <eventloom/framework/result.hpp>

#include <string>
#include <string_view>

namespace eventloom {

struct HttpHead {
    std::string method;
    std::string path;
    std::string content_type;
    std::size_t body_bytes = 0;
};

// A request that is not carried out, and the status that says so.
struct HttpRefusal {
    unsigned status = 400;
    Error error;
};

template <class T>
using http_result = outcome::basic_result<T, HttpRefusal, outcome::policy::terminate>;

// `text` ends with the empty line after the last field.
http_result<HttpHead> read_http_head(std::string_view text, std::size_t body_bytes_max);

// A whole answer.
std::string http_answer(unsigned status, std::string_view json);
// The head of an answer that ends when the connection does.
std::string http_head_of_lines();
// Of an answer, 0 when it is none.
unsigned http_status_of(std::string_view head);

} // namespace eventloom
