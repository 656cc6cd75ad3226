// One client's conversation with the control API, without its socket: bytes in, and steps out, each
// with the bytes that go back. Whatever is sent, it holds at most one header or body and the bytes
// of one take().
//
//   take(bytes) -> next() -> Step, Step, ... nothing: more bytes are needed -> take(bytes) -> ...
//
// Thread rule: VmControl's.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "vmm/control/api/http_reader.h"
#include "vmm/control/api/routes.h"

namespace skiff {

class HttpFront {
 public:
  struct Events {
    ApiAnswer::Events wanted;
    bool chunked = true;
  };
  struct Step {
    std::string output{};  // goes to the client first
    bool close = false;    // then nothing more is said or read
    // What begins when the output has been sent; from then on next() has no more to do.
    std::variant<std::monostate, ApiAnswer::UntilEnd, Events, ApiAnswer::Console> then{};
  };

  explicit HttpFront(VmControl& vm) : vm_(vm) {}

  void take(std::span<const std::byte> bytes);
  std::optional<Step> next();
  // No part of a request is here.
  bool idle() const { return input_.empty() && !in_request_; }
  // What came after a request that ended HTTP.
  std::string take_rest() { return std::move(input_); }

 private:
  VmControl& vm_;
  HttpReader reader_;
  std::string input_;
  bool in_request_ = false;
};

// A whole response.
std::string render(const ApiAnswer& answer, bool keep_alive);
// One piece of a chunked body (RFC 9112, section 7.1); an empty one ends it.
std::string render_chunk(std::string_view piece);

}  // namespace skiff
