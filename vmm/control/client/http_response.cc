// The one file of the client that uses Boost.Beast.
#include "vmm/control/client/http_response.h"

#include <utility>

#include "vmm/control/api/beast_http.h"

namespace skiff {

namespace http = boost::beast::http;

struct HttpResponseReader::Parser {
  Parser() {
    response.eager(true);
    // A stream of events has no end; whoever reads it takes what has come.
    response.body_limit(boost::none);
  }
  http::response_parser<http::string_body> response;
};

HttpResponseReader::HttpResponseReader() : parser_(std::make_unique<Parser>()) {}
HttpResponseReader::~HttpResponseReader() = default;
HttpResponseReader::HttpResponseReader(HttpResponseReader&&) noexcept = default;
HttpResponseReader& HttpResponseReader::operator=(HttpResponseReader&&) noexcept = default;

bool HttpResponseReader::put(std::string_view& input) {
  auto& parser = parser_->response;
  while (!parser.is_done() && !input.empty()) {
    boost::beast::error_code error;
    const std::size_t taken =
        parser.put(boost::asio::const_buffer(input.data(), input.size()), error);
    input.remove_prefix(taken);
    if (error == http::error::need_more) return true;
    if (error) return false;
  }
  return true;
}

bool HttpResponseReader::header_done() const {
  return parser_->response.is_header_done();
}

bool HttpResponseReader::done() const {
  return parser_->response.is_done();
}

int HttpResponseReader::status() const {
  return static_cast<int>(parser_->response.get().result_int());
}

std::string HttpResponseReader::take_body() {
  return std::exchange(parser_->response.get().body(), {});
}

}  // namespace skiff
