// A network back-end on a connected UNIX stream socket that carries frames as FrameStreamReader
// says.
//
// Frames of one round go out by one sendmmsg(2). passt of 2023 loses its place in the stream when a
// length, or more than the rest of one frame, comes after the end of what one recv(2) gave it. The
// kernel cuts a stream into pieces of at most about 36 KiB, so small frames share a message of at
// most kMessageSize, which is one piece, and a larger frame is a message of its own, which is at
// most two.
//
// The other side takes frames whose checksums are not filled in, and segments of any size up to
// kMaxFrameSize, if `trusting`: passt looks at no checksum and sends the payload on by sockets.
//
// Thread rule: see NetBackend.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/fd.h"
#include "vmm/net/frame_stream.h"
#include "vmm/net/net_backend.h"

namespace skiff {

class StreamBackend : public NetBackend {
 public:
  static constexpr std::size_t kMessageSize = 32 * 1024;
  // passt drops what is longer, and so would a wire. Ethernet header included. [bytes]
  static constexpr std::size_t kLongestFrame = 65535;

  struct Options {
    std::string description;
    std::uint16_t mtu = 0;
    bool trusting = false;
  };
  StreamBackend(Fd socket, const Options& options);
  ~StreamBackend() override;
  StreamBackend(const StreamBackend&) = delete;
  StreamBackend& operator=(const StreamBackend&) = delete;

  const NetCapabilities& capabilities() const override { return capabilities_; }
  void start(Executor& executor, std::uint16_t pairs, Events events) override;
  void stop() override;
  void set_pairs(std::uint16_t /*pairs*/) override {}
  void set_receive_offloads(const NetOffloads& offloads) override;
  SendResult send(std::uint16_t pair, std::span<const iovec> frame) override;
  void flush(std::uint16_t pair) override;
  ReceiveResult receive(std::uint16_t pair, std::span<const iovec> room) override;
  void want_receive(std::uint16_t pair, bool wanted) override;

 protected:
  // The other side is gone, or the stream makes no sense; called once. `why` for the log.
  virtual void on_closed(std::string_view why);

 private:
  struct Outgoing;  // what is gathered until the next flush

  void transmit();
  void keep(std::size_t first_message, std::size_t sent_of_it);
  void drain_pending();
  ReceiveResult deliver(std::span<const std::byte> frame, std::span<const iovec> room) const;
  void close(std::string_view why);

  const Fd socket_;
  const NetCapabilities capabilities_;
  const bool trusting_;
  Executor* executor_ = nullptr;
  Events events_;
  bool closed_ = false;
  bool wants_receive_ = false;
  bool data_valid_ = false;       // the guest takes frames marked as having good checksums
  bool socket_is_empty_ = false;  // as of the last read
  bool refused_ = false;          // send answered `full`: on_sendable is owed
  FrameStreamReader reader_;
  std::unique_ptr<Outgoing> outgoing_;
  // What the socket had no room for: bytes, and where each message ends.
  std::vector<std::byte> pending_;
  std::vector<std::size_t> pending_ends_;
  std::size_t pending_sent_ = 0;
  std::unique_ptr<Watch> readable_;
  std::unique_ptr<Watch> writable_;
};

}  // namespace skiff
