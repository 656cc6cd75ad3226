#include "vmm/control/client/control_client.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "vmm/control/api/http_request.h"
#include "vmm/control/api/vm_json.h"
#include "vmm/control/run_directory/run_files.h"
#include "vmm/machine/spelling.h"

namespace skiff {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Of what follow() reads. [bytes]
constexpr std::size_t kMostLine = 1024 * 1024;

ControlError refusal_of(int status, const std::string& body) {
  if (auto error = parse_error(body)) return *std::move(error);
  return {.kind = ControlError::Kind::failed,
          .message = fmt::format("the VM answered with HTTP status {}", status)};
}

}  // namespace

VmDirectory find_vm(const std::string& name) {
  if (!is_vm_name(name)) {
    throw ConfigError(fmt::format("skiff: \"{}\" cannot be a VM's name", printable(name)));
  }
  const auto base = find_run_base();
  auto found = base ? VmDirectory::find(*base, name) : std::nullopt;
  if (found) return *std::move(found);
  const std::vector<std::string> names = base ? vm_names(*base) : std::vector<std::string>();
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view near = nearest_word(name, views);
  throw HostError(fmt::format("there is no VM \"{}\"{}", name,
                              !near.empty()   ? fmt::format("; did you mean \"{}\"?", near)
                              : names.empty() ? "; `skiff run --detach` starts one"
                                              : "; `skiff ps --all` lists them"));
}

VmInfo ended_vm_info(const VmDirectory& directory) {
  const auto status = directory.read(run_files::kStatus);
  auto info = status ? parse_vm_info(*status) : std::nullopt;
  if (info) return *std::move(info);
  VmInfo crashed;
  crashed.name = directory.name();
  crashed.state = VmState::ended;
  crashed.detail = "its process was killed or has crashed";
  return crashed;
}

std::string api_path(std::string_view prefix, std::string_view name) {
  return fmt::format("{}{}", prefix, percent_encode(name));
}

ControlClient::ControlClient(const std::string& name) : directory_(find_vm(name)) {
  connect();
}

void ControlClient::connect() {
  auto connected = directory_.connect(run_files::kSocket);
  if (connected) {
    socket_ = *std::move(connected);
    return;
  }
  const int error = connected.error();
  const VmLife life = directory_.life();
  if (life != VmLife::live) {
    throw HostError(
        fmt::format("{} does not run any more: {}", name(), ended_vm_info(directory_).detail));
  }
  if (error == ENOENT || error == ECONNREFUSED) {
    throw HostError(fmt::format("{} is starting or ending just now; try again", name()));
  }
  if (error == EAGAIN) {
    throw HostError(fmt::format("{} does not answer; is its process stopped?", name()));
  }
  throw HostError::from_errno(fmt::format("cannot connect to {}", name()), error);
}

void ControlClient::lost() const {
  if (directory_.life() != VmLife::live) {
    throw HostError(
        fmt::format("{} has ended meanwhile: {}", name(), ended_vm_info(directory_).detail));
  }
  throw HostError(fmt::format("{} has closed the connection", name()));
}

void ControlClient::send(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view more_fields, Version version) {
  std::string message = fmt::format("{} {} HTTP/1.{}\r\nHost: localhost\r\n{}", method, target,
                                    version == Version::http_1_0 ? 0 : 1, more_fields);
  if (!body.empty()) {
    message += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  } else if (method != "GET") {
    message += "Content-Length: 0\r\n";
  }
  message += "\r\n";
  message += body;
  for (std::string_view rest = message; !rest.empty();) {
    const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // What it said before it closed may still be there to be read.
    if (sent < 0 && errno == EPIPE) return;
    if (sent < 0) throw HostError::from_errno(fmt::format("cannot send to {}", name()), errno);
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool ControlClient::receive(milliseconds patience) {
  pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  const int ready = ::poll(&readable, 1, static_cast<int>(patience.count()));
  if (ready < 0 && errno == EINTR) return true;
  if (ready == 0) {
    throw HostError(
        fmt::format("{} has not answered within {} s", name(),
                    std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
  }
  char buffer[16 * 1024];
  const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  input_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

HttpResponseReader ControlClient::read_response() {
  HttpResponseReader response;
  const auto end = Clock::now() + kPatience;
  for (;;) {
    std::string_view rest = input_;
    const bool sound = response.put(rest);
    input_.erase(0, input_.size() - rest.size());
    if (!sound) throw HostError(fmt::format("{}'s answer is not HTTP", name()));
    if (response.done()) return response;
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    if (!receive(std::max(left, milliseconds(0)))) lost();
  }
}

std::string ControlClient::request(std::string_view method, std::string_view target,
                                   std::string_view body) {
  send(method, target, body, "");
  HttpResponseReader response = read_response();
  std::string text = response.take_body();
  if (response.status() / 100 == 2) return text;
  throw RefusedError(response.status(), refusal_of(response.status(), text));
}

VmInfo ControlClient::info() {
  if (auto info = parse_vm_info(get("/v1/vm"))) return *std::move(info);
  throw HostError(fmt::format("{}'s answer cannot be understood", name()));
}

VmInfo ControlClient::wait_for_end(const std::function<void(std::chrono::seconds)>& tick) {
  send("GET", "/v1/wait", "", "");
  const auto begun = Clock::now();
  // The answer, or the connection's end: both mean that it has ended, and its file says how.
  for (;;) {
    pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, tick ? 1000 : -1) > 0) break;
    if (tick) tick(std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begun));
  }
  if (!directory_.wait_for_end_of_process(10)) {
    throw HostError(fmt::format("{} has closed the connection, but its process lives", name()));
  }
  return ended_vm_info(directory_);
}

bool ControlClient::follow(std::string_view target,
                           const std::function<bool(std::string_view)>& line) {
  // By 1.0, so that no chunks come (HttpResponseReader).
  send("GET", target, "", "", Version::http_1_0);
  HttpResponseReader response;
  std::string text;
  for (;;) {
    std::string_view rest = input_;
    const bool sound = response.put(rest);
    input_.erase(0, input_.size() - rest.size());
    if (!sound) throw HostError(fmt::format("{}'s answer is not HTTP", name()));
    if (response.header_done()) {
      text += response.take_body();
      if (response.status() / 100 != 2 && response.done()) {
        throw RefusedError(response.status(), refusal_of(response.status(), text));
      }
      for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        const std::string one = text.substr(0, end);
        text.erase(0, end + 1);
        if (response.status() / 100 == 2 && !line(one)) return false;
      }
      if (text.size() > kMostLine) {
        throw HostError(fmt::format("{}'s answer is a line without an end", name()));
      }
    }
    if (response.done() || !receive(milliseconds(-1))) return true;
  }
}

ControlClient::Upgraded ControlClient::upgrade(std::string_view target, std::string_view protocol) {
  send("GET", target, "", fmt::format("Connection: Upgrade\r\nUpgrade: {}\r\n", protocol));
  HttpResponseReader response = read_response();
  if (response.status() != 101) {
    throw RefusedError(response.status(), refusal_of(response.status(), response.take_body()));
  }
  return {.socket = std::move(socket_), .early = std::move(input_)};
}

}  // namespace skiff
