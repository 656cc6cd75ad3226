// One HTTP request, taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skiff {

struct HttpRequest {
  std::string method;                                      // "GET"
  std::string path;                                        // percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in the order written
  std::string body;
  std::string upgrade;  // the protocol that `Connection: Upgrade` asks for; empty: none
  bool keep_alive = true;
  bool is_http_1_0 = false;
};

// Why bytes are no request, as a status code and a sentence.
struct HttpRefusal {
  int status = 400;
  std::string message;
};

// "/a%20b?c=d" into path and query; false where it is not a path or an escape is broken.
bool split_target(std::string_view target, HttpRequest& request);
// What goes into a request's target for `text` as one of its words.
std::string percent_encode(std::string_view text);
// At most 64 characters of ASCII, for messages that name what a client sent.
std::string printable(std::string_view text);

}  // namespace skiff
