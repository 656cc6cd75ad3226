// A hub with people on socket pairs and a device that the test gives room.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fakes/fake_character_device.h"
#include "vmm/base/fd.h"
#include "vmm/control/console/console_frames.h"
#include "vmm/control/console/console_hub.h"

namespace skiff {

// The other end of a connection. Reads when it is told to.
class Person {
 public:
  explicit Person(Fd socket) : socket_(std::move(socket)) {}
  int fd() const { return socket_.get(); }
  void hang_up() { socket_.reset(); }

  // What has come so far; false when the connection has ended.
  bool read() {
    std::vector<std::byte> buffer(256 * 1024);
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return false;
    if (count > 0) parse(std::span(buffer).first(static_cast<std::size_t>(count)));
    return true;
  }
  void parse(std::span<const std::byte> bytes) {
    for (;;) {
      const auto part = parser_.next(bytes);
      ASSERT_TRUE(part) << part.error();
      if (!*part) return;
      const std::string text(reinterpret_cast<const char*>((*part)->bytes.data()),
                             (*part)->bytes.size());
      switch ((*part)->type) {
        case FrameType::output:
          output += text;
          break;
        case FrameType::notice:
          notices.push_back(text);
          break;
        case FrameType::role:
          role = (*part)->number() == 1 ? "writer" : "viewer";
          break;
        case FrameType::ended:
          ended = static_cast<int>((*part)->number());
          break;
        default:
          ADD_FAILURE() << "frame " << static_cast<int>((*part)->type);
      }
    }
  }
  void send(std::span<const std::byte> bytes) const {
    ASSERT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void send(FrameType type, std::string_view payload) const {
    std::vector<std::byte> frame;
    append_frame(frame, type, std::as_bytes(std::span(payload)));
    send(frame);
  }
  void type(std::string_view text) const { send(FrameType::input, text); }
  void ask(RoleRequest request) const {
    std::vector<std::byte> frame;
    append_ask_role(frame, request);
    send(frame);
  }

  std::string output;
  std::vector<std::string> notices;
  std::string role;
  int ended = -1;

 private:
  Fd socket_;
  FrameParser parser_{FrameParser::Sender::vm};
};

class HubTest : public testing::Test {
 protected:
  HubTest() { hub_->attach(&device_); }

  static std::pair<Fd, Fd> socket_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    return {Fd(ends[0]), Fd(ends[1])};
  }
  Person attach(const AttachRequest& request = {}) {
    auto [ours, theirs] = socket_pair();
    hub_->adopt(request, std::move(theirs), {});
    return Person(std::move(ours));
  }
  Person attach_viewer() { return attach({.write = false}); }
  // True when `done` came to be.
  bool run(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.run_one_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  // Everything there is to do now.
  void settle() {
    while (io_.poll() != 0) {
    }
  }
  // All of it, giving the hub its turns; true if that much was taken.
  std::size_t put(std::string_view text) { return hub_->write(std::as_bytes(std::span(text))); }
  bool reads(Person& person, std::string_view wanted) {
    return run([&] {
             person.read();
             return person.output.size() >= wanted.size();
           }) &&
           person.output == wanted;
  }
  bool becomes(Person& person, std::string_view role) {
    return run([&] {
      person.read();
      return person.role == role;
    });
  }

  boost::asio::io_context io_{1};
  FakeCharacterDevice device_;
  std::unique_ptr<ConsoleHub> hub_ = std::make_unique<ConsoleHub>(io_, "com1");
};

}  // namespace skiff
