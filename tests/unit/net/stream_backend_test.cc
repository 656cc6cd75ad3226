#include "vmm/net/stream_backend.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/net/frames.h"
#include "vmm/base/log.h"

namespace skiff::net_test {
namespace {

std::string framed(const std::string& frame) {
  const auto size = static_cast<std::uint32_t>(frame.size());
  std::string bytes;
  for (const int shift : {24, 16, 8, 0})
    bytes += static_cast<char>(size >> shift);
  return bytes + frame;
}

class StreamBackendTest : public ::testing::Test {
 protected:
  StreamBackendTest() {
    log_setup(LogLevel::off, "");
    std::array<int, 2> sockets{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()), 0);
    peer = Fd(sockets[1]);
    backend.emplace(Fd(sockets[0]),
                    StreamBackend::Options{.description = "test", .mtu = 65520, .trusting = true});
    backend->start(clock, 1,
                   {.on_receivable = [this](std::uint16_t) { ++receivable; },
                    .on_sendable = [this](std::uint16_t) { ++sendable; }});
  }
  // What the other side has got, all of it.
  std::string read_peer() {
    std::string all;
    std::array<char, 65536> part;
    for (;;) {
      const ssize_t count = ::recv(peer.get(), part.data(), part.size(), MSG_DONTWAIT);
      if (count <= 0) return all;
      all.append(part.data(), static_cast<std::size_t>(count));
    }
  }
  void write_peer(const std::string& bytes) {
    ASSERT_EQ(::send(peer.get(), bytes.data(), bytes.size(), MSG_DONTWAIT),
              static_cast<ssize_t>(bytes.size()));
  }

  FakeClock clock;
  Fd peer;
  std::optional<StreamBackend> backend;
  int receivable = 0;
  int sendable = 0;
};

TEST_F(StreamBackendTest, FramesGoOutBehindTheirLength) {
  EXPECT_TRUE(send_frame(*backend, std::string(60, 'a')));
  EXPECT_EQ(read_peer(), framed(std::string(60, 'a')));
}

TEST_F(StreamBackendTest, ABatchIsSentByOneFlush) {
  NetFrameHeader header;
  std::vector<std::string> frames;
  std::string expected;
  for (std::size_t i = 0; i < 80; ++i)
    frames.emplace_back(14 + i * 20, static_cast<char>('a' + i % 26));
  for (std::string& frame : frames) {
    const std::array<iovec, 3> buffers = {iovec{&header, sizeof header}, iovec{frame.data(), 5},
                                          iovec{frame.data() + 5, frame.size() - 5}};
    ASSERT_EQ(backend->send(0, buffers), SendResult::sent);
    expected += framed(frame);
  }
  backend->flush(0);
  EXPECT_TRUE(read_peer() == expected);
}

TEST_F(StreamBackendTest, WhatIsNoFrameIsLost) {
  EXPECT_TRUE(send_frame(*backend, std::string(13, 'a')));
  EXPECT_TRUE(send_frame(*backend, std::string(StreamBackend::kLongestFrame + 1, 'a')));
  EXPECT_EQ(read_peer(), "");
  EXPECT_TRUE(send_frame(*backend, std::string(StreamBackend::kLongestFrame, 'a')));
  EXPECT_EQ(read_peer().size(), StreamBackend::kLongestFrame + 4);
}

// The socket fills up in the middle of a frame: not one byte is lost or doubled.
TEST_F(StreamBackendTest, AFullSocketKeepsOrderAndBytes) {
  std::string expected;
  int frames = 0;
  for (;; ++frames) {
    const std::string frame(static_cast<std::size_t>(14 + (frames * 7919) % 60000),
                            static_cast<char>('a' + frames % 26));
    if (!send_frame(*backend, frame)) break;
    expected += framed(frame);
    ASSERT_LT(frames, 10000);
  }
  EXPECT_EQ(sendable, 0);
  std::string received;
  for (int i = 0; i < 10000 && sendable == 0; ++i) {
    received += read_peer();
    clock.run(1);
  }
  EXPECT_EQ(sendable, 1);
  EXPECT_TRUE(send_frame(*backend, std::string(60, 'z')));
  expected += framed(std::string(60, 'z'));
  received += read_peer();
  EXPECT_TRUE(received == expected) << received.size() << " of " << expected.size();
}

// The same with several messages left over by one flush.
TEST_F(StreamBackendTest, AFullSocketKeepsAllOfABatch) {
  NetFrameHeader header;
  std::string expected;
  for (int batch = 0; batch < 3; ++batch) {
    std::array<std::string, 3> frames;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      frames[i].assign(60000, static_cast<char>('a' + 3 * batch + static_cast<int>(i)));
      const std::array<iovec, 2> buffers = {iovec{&header, sizeof header},
                                            iovec{frames[i].data(), frames[i].size()}};
      if (backend->send(0, buffers) == SendResult::sent) expected += framed(frames[i]);
    }
    backend->flush(0);
  }
  std::string received;
  for (int i = 0; i < 1000 && received.size() < expected.size(); ++i) {
    received += read_peer();
    clock.run(1);
  }
  EXPECT_TRUE(received == expected) << received.size() << " of " << expected.size();
}

TEST_F(StreamBackendTest, ReceivesFramesWithAHeader) {
  backend->want_receive(0, true);
  write_peer(framed(std::string(60, 'a')) + framed(std::string(14, 'b')) + framed("short") +
             framed(std::string(2000, 'c')));
  clock.run(1);
  EXPECT_EQ(receivable, 1);
  NetFrameHeader header{.flags = 9};
  EXPECT_EQ(receive_frame(*backend, 0, &header), std::string(60, 'a'));
  EXPECT_EQ(header, NetFrameHeader{});
  EXPECT_EQ(receive_frame(*backend), std::string(14, 'b'));
  EXPECT_EQ(receive_frame(*backend), std::string(2000, 'c'));
  EXPECT_FALSE(receive_frame(*backend));
}

TEST_F(StreamBackendTest, FramesInPiecesAndAFrameAfterEmpty) {
  const std::string bytes = framed(std::string(60, 'a'));
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    write_peer(bytes.substr(0, cut));
    EXPECT_FALSE(receive_frame(*backend));
    write_peer(bytes.substr(cut));
    // The first look may rest on the last read's having been short.
    auto frame = receive_frame(*backend);
    if (!frame) frame = receive_frame(*backend);
    ASSERT_EQ(frame, std::string(60, 'a')) << cut;
  }
}

TEST_F(StreamBackendTest, GuestsThatTakeItAreSparedTheChecksums) {
  backend->set_receive_offloads({.checksum = true});
  write_peer(framed(std::string(60, 'a')));
  NetFrameHeader header;
  EXPECT_TRUE(receive_frame(*backend, 0, &header));
  EXPECT_EQ(header.flags, NetFrameHeader::kDataValid);
}

TEST_F(StreamBackendTest, AnUnwantedFrameIsNotAnnounced) {
  write_peer(framed(std::string(60, 'a')));
  clock.run(3);
  EXPECT_EQ(receivable, 0);
  backend->want_receive(0, true);
  clock.run(1);
  EXPECT_EQ(receivable, 1);
  backend->want_receive(0, false);
  clock.run(3);
  EXPECT_EQ(receivable, 1);
}

TEST_F(StreamBackendTest, AnEndClosesIt) {
  write_peer(framed(std::string(60, 'a')));
  peer.reset();
  EXPECT_TRUE(receive_frame(*backend));
  const iovec none{};
  ReceiveResult result = backend->receive(0, std::span(&none, 1));
  if (result.kind == ReceiveResult::Kind::empty) result = backend->receive(0, std::span(&none, 1));
  EXPECT_EQ(result.kind, ReceiveResult::Kind::closed);
  EXPECT_TRUE(send_frame(*backend, std::string(60, 'a'))) << "lost, as on a cut wire";
}

TEST_F(StreamBackendTest, ALengthNoFrameHasClosesIt) {
  write_peer("\xff\xff\xff\xff");
  const iovec none{};
  EXPECT_EQ(backend->receive(0, std::span(&none, 1)).kind, ReceiveResult::Kind::closed);
}

TEST_F(StreamBackendTest, StopsAndStartsAgain) {
  backend->want_receive(0, true);
  backend->stop();
  write_peer(framed(std::string(60, 'a')));
  clock.run(3);
  EXPECT_EQ(receivable, 0);
  backend->start(clock, 1,
                 {.on_receivable = [this](std::uint16_t) { ++receivable; },
                  .on_sendable = [](std::uint16_t) {}});
  backend->want_receive(0, true);
  clock.run(1);
  EXPECT_EQ(receivable, 1);
  EXPECT_EQ(receive_frame(*backend), std::string(60, 'a'));
}

}  // namespace
}  // namespace skiff::net_test
