// The server with sockets: clients that misbehave, and the VM's end.
#include "vmm/control/api/control_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "tests/fakes/descriptor_limit.h"
#include "tests/fakes/fake_vm_control.h"

namespace skiff::test {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// An address of the abstract namespace, which the kernel chooses: no file is left behind.
class ControlServerTest : public testing::Test {
 protected:
  ControlServerTest() {
    Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    address_.sun_family = AF_UNIX;
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address_),
               sizeof address_.sun_family) != 0 ||
        ::listen(listener.get(), 200) != 0) {
      std::abort();
    }
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address_), &size_);
    server_ = std::make_unique<ControlServer>(io_, vm_, std::move(listener));
  }

  Fd connect() {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address_), size_) != 0) {
      ADD_FAILURE() << "cannot connect: " << errno;
    }
    return socket;
  }
  static void say(const Fd& socket, std::string_view text) {
    EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Lets the server work until it has nothing left to do; what it has sent meanwhile.
  std::string hear(const Fd& socket) {
    io_.poll();
    std::string text;
    char buffer[8192];
    for (;;) {
      const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (got == 0) closed_ = true;
      if (got <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(got));
    }
  }

  boost::asio::io_context io_{1};
  FakeVmControl vm_;
  sockaddr_un address_{};
  socklen_t size_ = sizeof address_;
  std::unique_ptr<ControlServer> server_;
  bool closed_ = false;
};

constexpr std::string_view kAsk = "GET /v1/vm HTTP/1.1\r\n\r\n";

TEST_F(ControlServerTest, OneConnectionManyRequests) {
  const Fd client = connect();
  for (int count = 0; count < 3; ++count) {
    say(client, kAsk);
    EXPECT_THAT(hear(client), StartsWith("HTTP/1.1 200 OK"));
  }
  EXPECT_FALSE(closed_);
}

TEST_F(ControlServerTest, GarbageAndHalfClosedClientsAreClosedAndOthersServed) {
  const Fd garbage = connect();
  say(garbage, "\x01\x02\x03 what\r\n\r\n");
  EXPECT_THAT(hear(garbage), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(closed_);
  closed_ = false;
  const Fd half = connect();
  say(half, "GET /v1/v");
  ::shutdown(half.get(), SHUT_WR);
  hear(half);
  EXPECT_TRUE(closed_);
  const Fd good = connect();
  say(good, kAsk);
  EXPECT_THAT(hear(good), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(ControlServerTest, AtMostSixtyFourClients) {
  std::vector<Fd> clients;
  for (std::size_t count = 0; count < ControlServer::kMostConnections; ++count)
    clients.push_back(connect());
  io_.poll();
  const Fd more = connect();
  EXPECT_THAT(hear(more), StartsWith("HTTP/1.1 503 "));
  EXPECT_TRUE(closed_);
  clients.pop_back();
  io_.poll();
  const Fd again = connect();
  say(again, kAsk);
  EXPECT_THAT(hear(again), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(ControlServerTest, WithoutDescriptorsItDoesNotSpin) {
  if (DescriptorLimit::sanitizer_needs_descriptors()) GTEST_SKIP() << "a sanitizer needs them";
  const Fd client = connect();
  {
    const DescriptorLimit none;
    // One look at the queue, then a pause: poll() would not come back from a server that spins.
    io_.poll();
  }
  say(client, kAsk);
  io_.run_for(ControlServer::kPause + 200ms);
  EXPECT_THAT(hear(client), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(ControlServerTest, AReaderWhoTakesNothingIsDropped) {
  const Fd client = connect();
  say(client, "GET /v1/events HTTP/1.1\r\n\r\n");
  io_.poll();
  const VmEvent event{.kind = "reset", .detail = std::string(1000, 'x'), .number = 1};
  for (int count = 0; count < 2000 && vm_.listener; ++count) {
    vm_.listener(event);
    io_.poll();
  }
  EXPECT_FALSE(vm_.listener) << "still listening, with two megabytes unsent";
}

TEST_F(ControlServerTest, EventsComeAndEndWithTheVm) {
  const Fd client = connect();
  say(client, "GET /v1/events?after=5 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(hear(client), EndsWith("\r\n\r\n"));
  ASSERT_TRUE(vm_.listener);
  vm_.listener({.kind = "reset", .detail = {}, .number = 6});
  EXPECT_THAT(hear(client), HasSubstr("\"kind\":\"reset\""));
  server_->finish(vm_.state, 1s);
  EXPECT_EQ(hear(client), "0\r\n\r\n");
  EXPECT_TRUE(closed_);
}

TEST_F(ControlServerTest, AListenerWhoLeavesIsForgotten) {
  Fd client = connect();
  say(client, "GET /v1/events HTTP/1.1\r\n\r\n");
  io_.poll();
  ASSERT_TRUE(vm_.listener);
  client.reset();
  io_.poll();
  EXPECT_FALSE(vm_.listener);
}

TEST_F(ControlServerTest, WaitIsAnsweredAtTheEnd) {
  const Fd client = connect();
  say(client, "GET /v1/wait HTTP/1.1\r\n\r\n");
  EXPECT_EQ(hear(client), "");
  VmInfo info = vm_.state;
  info.state = VmState::ended;
  info.exit_status = 7;
  server_->finish(info, 1s);
  EXPECT_THAT(hear(client), HasSubstr("\"exit_status\":7"));
  EXPECT_TRUE(closed_);
}

TEST_F(ControlServerTest, WhatWasAskedBeforeTheEndIsAnsweredThoughNobodyHasReadIt) {
  const Fd accepted = connect();
  io_.poll();
  const Fd waiting = connect();
  const Fd silent = connect();
  say(accepted, kAsk);
  say(waiting, "GET /v1/wait HTTP/1.1\r\n\r\n");
  server_->finish(vm_.state, 10s);
  EXPECT_THAT(hear(accepted), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(hear(waiting), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_EQ(hear(silent), "");
  EXPECT_TRUE(closed_);
}

TEST_F(ControlServerTest, AConsoleTakesTheSocketOver) {
  const Fd client = connect();
  say(client,
      "GET /v1/console HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: skiff-console\r\n\r\nearly");
  EXPECT_THAT(hear(client), StartsWith("HTTP/1.1 101 "));
  ASSERT_TRUE(vm_.attached);
  EXPECT_EQ(vm_.attached_bytes, "early");
  ASSERT_EQ(::send(vm_.attached.get(), "hi", 2, MSG_NOSIGNAL), 2);
  EXPECT_EQ(hear(client), "hi");
  server_.reset();
  EXPECT_FALSE(closed_);
}

}  // namespace
}  // namespace skiff::test
