// Bytes of a connection to one HTTP response, by Boost.Beast's parser; of a body that goes on and
// on, as much as has come.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace skiff {

class HttpResponseReader {
 public:
  HttpResponseReader();
  ~HttpResponseReader();
  HttpResponseReader(HttpResponseReader&&) noexcept;
  HttpResponseReader& operator=(HttpResponseReader&&) noexcept;

  // Takes from the front of `input`, which comes again with what was left. False: it is no
  // response.
  bool put(std::string_view& input);
  bool header_done() const;
  bool done() const;
  int status() const;
  // Of the body, what has come since the last call.
  std::string take_body();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace skiff
