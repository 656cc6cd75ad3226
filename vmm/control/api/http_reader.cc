// The one file of the server that uses Boost.Beast.
#include "vmm/control/api/http_reader.h"

#include <fmt/core.h>

#include "vmm/control/api/beast_http.h"

namespace skiff {

namespace http = boost::beast::http;

struct HttpReader::Parser {
  Parser() {
    request.eager(false);
    request.header_limit(kMostHeader);
    request.body_limit(kMostBody);
  }
  http::request_parser<http::string_body> request;
  bool asked_to_continue = false;
};

namespace {

template <typename Text>
std::string_view view(const Text& text) {
  return {text.data(), text.size()};
}

HttpRefusal refusal(const boost::beast::error_code& error) {
  if (error == http::error::body_limit) {
    return {413, fmt::format("the body is larger than {} bytes", HttpReader::kMostBody)};
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return {431, fmt::format("the header is larger than {} bytes", HttpReader::kMostHeader)};
  }
  return {400, fmt::format("this is no HTTP request: {}", error.message())};
}

std::expected<HttpRequest, HttpRefusal> taken_apart(http::request<http::string_body>&& message) {
  HttpRequest request;
  request.method = std::string(view(message.method_string()));
  request.keep_alive = message.keep_alive();
  request.is_http_1_0 = message.version() < 11;
  if (!split_target(view(message.target()), request)) {
    return std::unexpected(
        HttpRefusal{400, fmt::format("\"{}\" is not a path", printable(view(message.target())))});
  }
  if (http::token_list(message[http::field::connection]).exists("upgrade")) {
    request.upgrade = std::string(view(message[http::field::upgrade]));
  }
  request.body = std::move(message.body());
  return request;
}

}  // namespace

HttpReader::HttpReader() : parser_(std::make_unique<Parser>()) {}
HttpReader::~HttpReader() = default;

std::optional<std::expected<HttpRequest, HttpRefusal>> HttpReader::read(std::string_view& input) {
  auto& parser = parser_->request;
  while (!parser.is_done()) {
    boost::beast::error_code error;
    const std::size_t taken =
        parser.put(boost::asio::const_buffer(input.data(), input.size()), error);
    input.remove_prefix(taken);
    if (error == http::error::need_more) {
      // The parser looks at its limit only when it has a whole header.
      if (input.size() > kMostHeader) {
        return std::unexpected(refusal(http::error::header_limit));
      }
      return std::nullopt;
    }
    if (error) return std::unexpected(refusal(error));
    if (parser.is_header_done() && !parser.is_done()) {
      // Beast 1.81 asserts on some broken chunk headers, and no request here needs chunks.
      if (parser.chunked()) {
        return std::unexpected(
            HttpRefusal{411, "a request's body needs a Content-Length, and comes unchunked"});
      }
      parser.eager(true);
    }
    if (!parser.is_done() && input.empty()) return std::nullopt;
  }
  auto request = taken_apart(parser.release());
  parser_ = std::make_unique<Parser>();
  return request;
}

bool HttpReader::take_expects_continue() {
  auto& parser = parser_->request;
  if (parser_->asked_to_continue || !parser.is_header_done() || parser.is_done()) return false;
  if (!boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) return false;
  parser_->asked_to_continue = true;
  return true;
}

std::string_view reason_phrase(int status) {
  return view(http::obsolete_reason(static_cast<http::status>(status)));
}

}  // namespace skiff
