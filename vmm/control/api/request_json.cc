// Bodies of requests, from clients nobody vouches for.
#include <fmt/core.h>

#include <boost/json.hpp>
#include <limits>

#include "vmm/control/api/vm_json.h"

namespace skiff {
namespace {

namespace json = boost::json;

// Reads the members of one object; the first thing wrong is kept.
class BodyReader {
 public:
  BodyReader(const json::object& object, std::string prefix, std::optional<ControlError>& error)
      : object_(object), prefix_(std::move(prefix)), error_(error) {}

  std::optional<bool> boolean(const char* name) {
    const json::value* const value = take(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_bool()) return wrong(name, "must be true or false"), std::nullopt;
    return value->get_bool();
  }
  std::optional<std::uint64_t> number(const char* name, std::uint64_t most) {
    const json::value* const value = take(name);
    if (value == nullptr) return std::nullopt;
    boost::system::error_code error;
    const bool whole = value->is_int64() || value->is_uint64();
    const auto number = whole ? value->to_number<std::uint64_t>(error) : 0;
    if (!whole || error || number > most) {
      return wrong(name, fmt::format("must be a whole number from 0 to {}", most)), std::nullopt;
    }
    return number;
  }
  std::optional<RateChange> rate(const char* name) {
    const json::value* const value = take(name);
    if (value == nullptr) return std::nullopt;
    const json::object* const object = value->if_object();
    if (object == nullptr) {
      return wrong(name, "must be an object with per_second, burst or both"), std::nullopt;
    }
    BodyReader inner(*object, prefix_ + name + ".", error_);
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    RateChange change;
    change.per_second = inner.number("per_second", kMost);
    change.burst = inner.number("burst", kMost);
    inner.finish();
    if (!change.per_second && !change.burst) wrong(name, "needs per_second, burst or both");
    return change;
  }
  // Whatever was not asked for is a mistake: a misspelt wish is not to be ignored.
  void finish() {
    if (taken_ == object_.size()) return;
    for (const auto& member : object_) {
      const std::string_view key(member.key().data(), member.key().size());
      if (known_.find(fmt::format(" {} ", key)) == std::string::npos || key.empty() ||
          key.find(' ') != std::string_view::npos) {
        // What is echoed is short, whatever was sent.
        return wrong(key.substr(0, 64),
                     "is not known here; known are:" + known_.substr(0, known_.size() - 1));
      }
    }
  }

 private:
  const json::value* take(const char* name) {
    known_ += fmt::format("{} ", name);
    const json::value* const value = object_.if_contains(name);
    if (value == nullptr) return nullptr;
    ++taken_;
    return value->is_null() ? nullptr : value;
  }
  void wrong(std::string_view name, std::string_view what) {
    if (error_) return;
    const std::string field = prefix_ + std::string(name);
    error_ = ControlError{.kind = ControlError::Kind::bad_request,
                          .message = fmt::format("{} {}", field, what),
                          .field = field};
  }

  const json::object& object_;
  const std::string prefix_;
  std::optional<ControlError>& error_;
  std::string known_ = " ";
  std::size_t taken_ = 0;
};

ControlError not_an_object() {
  return {.kind = ControlError::Kind::bad_request,
          .message = "the request's body is not a JSON object",
          .field = "body"};
}

// `read` fills a T from the object's members.
template <typename T, typename Read>
ControlResult<T> parse(std::string_view text, const Read& read) {
  T request;
  if (text.empty()) return request;
  boost::system::error_code failure;
  json::parse_options options;
  options.max_depth = 8;
  const json::value value =
      json::parse(json::string_view(text.data(), text.size()), failure, {}, options);
  if (failure || !value.is_object()) return std::unexpected(not_an_object());
  std::optional<ControlError> error;
  BodyReader body(value.get_object(), "", error);
  read(body, request);
  body.finish();
  if (error) return std::unexpected(*std::move(error));
  return request;
}

}  // namespace

ControlResult<StopRequest> parse_stop_request(std::string_view text) {
  return parse<StopRequest>(text, [](BodyReader& body, StopRequest& request) {
    request.force = body.boolean("force").value_or(false);
    if (const auto timeout = body.number("timeout", StopRequest::kMostTimeout)) {
      request.timeout = static_cast<std::uint32_t>(*timeout);
    }
  });
}

ControlResult<DeviceChange> parse_device_change(std::string_view text) {
  return parse<DeviceChange>(text, [](BodyReader& body, DeviceChange& change) {
    change.link = body.boolean("link");
    change.resize = body.boolean("resize").value_or(false);
    change.operations = body.rate("operations");
    change.bandwidth = body.rate("bandwidth");
    change.transmit_bytes = body.rate("transmit_bytes");
    change.transmit_packets = body.rate("transmit_packets");
    change.receive_bytes = body.rate("receive_bytes");
    change.receive_packets = body.rate("receive_packets");
  });
}

}  // namespace skiff
