// Bytes of a connection to one HTTP response, by Boost.Beast's parser; of a body that goes on and
// on, as much as has come. A VM's process may have been taken over by its guest: whatever it says,
// no more memory is taken than the limits below.
//
// A body in chunks is refused: Beast 1.81 asserts on some broken chunk headers. Skiff's server
// sends chunks only to who asks by HTTP/1.1 for a body without an end; the client asks by 1.0.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace skiff {

class HttpResponseReader {
 public:
  static constexpr std::size_t kMostHeader = 8 * 1024;
  // Of a body with a length, all of it; of one without, what nobody has taken. [bytes]
  static constexpr std::size_t kMostBody = 16 * 1024 * 1024;

  HttpResponseReader();
  ~HttpResponseReader();
  HttpResponseReader(HttpResponseReader&&) noexcept;
  HttpResponseReader& operator=(HttpResponseReader&&) noexcept;

  // Takes from the front of `input`, which comes again with what was left. False: it is no
  // response, or one that is refused; it must not be called again then.
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
