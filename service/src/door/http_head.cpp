#include "door/http_head.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/core.h>

namespace eventloom {

namespace {

namespace http = boost::beast::http;

HttpRefusal refusal(unsigned status, std::string code, const std::string& found)
{
    return {status,
            {Failure::invalid, std::move(code), "read an HTTP request and found " + found + "; correct the request"}};
}

// What Beast lets pass: lines that go on in the next one, encodings that it does not know, and two hosts.
http_result<void> check_beyond_beast(std::string_view text, const http::request<http::empty_body>& request)
{
    for (auto end = text.find("\r\n"); end + 2 < text.size(); end = text.find("\r\n", end + 2)) {
        const char next = text[end + 2];
        if (next == ' ' || next == '\t') return refusal(400, "folded-header", "a header that goes on in a second line");
    }
    if (request.count(http::field::transfer_encoding) > 0) {
        return refusal(501, "unsupported-transfer-encoding", "a Transfer-Encoding, where only Content-Length is taken");
    }
    if (request.count(http::field::host) > 1) return refusal(400, "two-hosts", "more than one Host");
    if (request.version() == 11 && request.count(http::field::host) == 0) return refusal(400, "no-host", "no Host");
    return outcome::success();
}

http_result<std::size_t> length_of(const http::request_parser<http::empty_body>& parser, std::size_t body_bytes_max)
{
    if (parser.get().count(http::field::content_length) > 1) {
        return refusal(400, "two-lengths", "more than one Content-Length");
    }
    const auto length = parser.content_length().value_or(0);
    if (length <= body_bytes_max) return static_cast<std::size_t>(length);
    return refusal(413, "request-too-large", fmt::format("a body of more than {} bytes", body_bytes_max));
}

} // namespace

http_result<HttpHead> read_http_head(std::string_view text, std::size_t body_bytes_max)
{
    http::request_parser<http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(text.size() + 1));
    parser.body_limit(boost::none);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(text.data(), text.size()), error);
    if (error && error != http::error::need_more && not parser.is_header_done()) {
        return refusal(400, "not-http", "something else (" + error.message() + ")");
    }
    if (not parser.is_header_done()) return refusal(400, "not-http", "no whole head");
    const auto& request = parser.get();
    BOOST_OUTCOME_TRY(check_beyond_beast(text, request));
    BOOST_OUTCOME_TRY(const auto length, length_of(parser, body_bytes_max));
    if (length > 0 && request.method() != http::verb::post) {
        return refusal(400, "body-without-post", "a body in a request that is not a POST");
    }
    return HttpHead{.method       = std::string{request.method_string()},
                    .path         = std::string{request.target()},
                    .content_type = std::string{request[http::field::content_type]},
                    .body_bytes   = length};
}

namespace {

std::string whole_answer(unsigned status, std::string_view type, std::string_view body)
{
    return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nCache-Control: no-store\r\nConnection: "
                       "close\r\nContent-Length: {}\r\n\r\n{}",
                       status, http::obsolete_reason(http::int_to_status(status)), type, body.size(), body);
}

} // namespace

std::string http_answer(unsigned status, std::string_view json)
{
    return whole_answer(status, "application/json", json);
}

std::string http_answer_of_bytes(std::string_view bytes)
{
    return whole_answer(200, "application/octet-stream", bytes);
}

std::string http_head_of_lines()
{
    return "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nCache-Control: no-store\r\n"
           "Connection: close\r\n\r\n";
}

std::optional<std::uint64_t> http_length_of(std::string_view head)
{
    http::response_parser<http::empty_body> parser;
    parser.body_limit(boost::none);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(head.data(), head.size()), error);
    const auto length = parser.is_header_done() ? parser.content_length() : boost::none;
    return length ? std::optional{*length} : std::nullopt;
}

unsigned http_status_of(std::string_view head)
{
    http::response_parser<http::empty_body> parser;
    parser.body_limit(boost::none);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(head.data(), head.size()), error);
    return parser.is_header_done() ? parser.get().result_int() : 0;
}

} // namespace eventloom
