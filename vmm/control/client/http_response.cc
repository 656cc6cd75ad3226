// The one file of the client that uses Boost.Beast.
#include "vmm/control/client/http_response.h"

#include <utility>

#include "vmm/control/api/beast_http.h"

namespace skiff {

namespace http = boost::beast::http;

struct HttpResponseReader::Parser {
  Parser() {
    // Its header is looked at before Beast makes room for a body.
    response.eager(false);
    response.header_limit(kMostHeader);
    // A stream of events has no end; whoever reads it takes what has come.
    response.body_limit(boost::none);
  }
  bool is_refused() const {
    return response.chunked() || response.content_length().value_or(0) > kMostBody ||
           response.get().body().size() > kMostBody;
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
    // Beast looks at its limit only when it has a whole header.
    if (error == http::error::need_more) return input.size() <= kMostHeader;
    if (error) return false;
    if (parser.is_header_done()) {
      if (parser_->is_refused()) return false;
      parser.eager(true);
    }
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
