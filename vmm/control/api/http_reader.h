// Bytes of a connection to requests (HTTP/1.0 and 1.1, RFC 9112), by Boost.Beast's parser. No
// socket in here, and no memory beyond the limits below whatever is sent.
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "vmm/control/api/http_request.h"

namespace skiff {

class HttpReader {
 public:
  static constexpr std::size_t kMostHeader = 8 * 1024;
  static constexpr std::size_t kMostBody = 64 * 1024;

  HttpReader();
  ~HttpReader();
  HttpReader(const HttpReader&) = delete;
  HttpReader& operator=(const HttpReader&) = delete;

  // Takes from the front of `input` (which must then come again with what was left and more) and
  // gives the next request; nothing: it is not complete yet. After a refusal the connection cannot
  // go on.
  std::optional<std::expected<HttpRequest, HttpRefusal>> read(std::string_view& input);
  // True once for a request whose sender waits for "100 Continue" before its body.
  bool take_expects_continue();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// The status code's words: "Not Found".
std::string_view reason_phrase(int status);

}  // namespace skiff
