#include "vmm/control/api/http_front.h"

#include <fmt/core.h>

#include <utility>

namespace skiff {
namespace {

std::string head(int status, std::string_view fields) {
  return fmt::format("HTTP/1.1 {} {}\r\nServer: skiff\r\n{}\r\n", status, reason_phrase(status),
                     fields);
}

}  // namespace

std::string render(const ApiAnswer& answer, bool keep_alive) {
  std::string fields =
      fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", answer.type, answer.body.size());
  if (!answer.allow.empty()) fields += fmt::format("Allow: {}\r\n", answer.allow);
  fields += keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  return head(answer.status, fields) + answer.body;
}

std::string render_chunk(std::string_view piece) {
  return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

void HttpFront::take(std::span<const std::byte> bytes) {
  input_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::optional<HttpFront::Step> HttpFront::next() {
  std::string_view rest = input_;
  auto request = reader_.read(rest);
  in_request_ = !request && (in_request_ || !input_.empty());
  input_.erase(0, input_.size() - rest.size());
  if (!request) {
    if (reader_.take_expects_continue()) {
      return Step{.output = "HTTP/1.1 100 Continue\r\n\r\n", .then = {}};
    }
    return std::nullopt;
  }
  if (!*request) {
    return Step{.output = render(answer_of(request->error()), false), .close = true, .then = {}};
  }
  const HttpRequest& is = **request;
  const ApiAnswer reply = answer(vm_, is);
  if (std::holds_alternative<ApiAnswer::UntilEnd>(reply.then)) {
    return Step{.output = {}, .then = ApiAnswer::UntilEnd{}};
  }
  if (const auto* const events = std::get_if<ApiAnswer::Events>(&reply.then)) {
    const bool chunked = !is.is_http_1_0;
    const std::string fields =
        fmt::format("Content-Type: {}\r\n{}Connection: close\r\n", reply.type,
                    chunked ? "Transfer-Encoding: chunked\r\n" : "");
    return Step{.output = head(reply.status, fields), .then = Events{*events, chunked}};
  }
  if (const auto* const console = std::get_if<ApiAnswer::Console>(&reply.then)) {
    return Step{.output = head(101, "Connection: Upgrade\r\nUpgrade: skiff-console\r\n"),
                .then = *console};
  }
  return Step{.output = render(reply, is.keep_alive), .close = !is.keep_alive, .then = {}};
}

}  // namespace skiff
