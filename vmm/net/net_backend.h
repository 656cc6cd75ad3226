// The host's end of a network card: Ethernet frames in and out, each behind a NetFrameHeader of 12
// bytes. Knows no virtio: an emulated card of any kind can stand on the other side.
//
//   start -> [ send..., flush ] [ receive... until empty, want_receive ] -> stop
//
// A frame is lost only where a real wire would lose it: while nobody listens, when it is larger
// than the receiver takes, or inside the other side's own limits. What cannot go now is answered
// `full`, and on_sendable tells when it can.
//
// Thread rule: capabilities() from any thread; everything else on the thread of the executor given
// to start (or while that does not run). Callbacks run on that thread, never from within a call of
// the back-end; one may call stop. After stop none runs.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vmm/io/executor.h"
#include "vmm/net/mac_address.h"
#include "vmm/net/net_frame_header.h"
#include "vmm/net/net_options.h"

namespace skiff {

// The largest frame any back-end sends or delivers, without the NetFrameHeader: an IP packet of
// 65535 bytes behind an Ethernet header with a VLAN tag. [bytes]
inline constexpr std::size_t kMaxFrameSize = 65535 + 18;
inline constexpr std::size_t kShortestFrame = 14;  // an Ethernet header

// Constant through a back-end's life.
struct NetCapabilities {
  std::string description;             // "tap0", "passt": for logs
  std::uint16_t pairs = 1;             // most queue pairs
  std::uint16_t mtu = 0;               // to tell the guest; 0: nothing to say, it takes 1500
  std::optional<MacAddress> mac_hint;  // what the guest's card should best be called
  NetOffloads send;                    // unfinished frames it takes
  NetOffloads receive;  // unfinished frames it may deliver where set_receive_offloads asks
};

enum class SendResult : std::uint8_t {
  sent,  // or lost on the wire
  full,  // not taken: send it again after on_sendable
};

struct ReceiveResult {
  enum class Kind : std::uint8_t {
    frame,
    empty,   // nothing now
    closed,  // the other side is gone for good: pull the cable. What is sent is lost.
  };
  Kind kind = Kind::empty;
  // Bytes of header and frame that were put into the buffers. A longer frame was cut.
  std::size_t size = 0;
};

class NetBackend {
 public:
  struct Events {
    // At least one frame is there, while want_receive(pair, true).
    std::function<void(std::uint16_t pair)> on_receivable{};
    // Once, after send answered `full`.
    std::function<void(std::uint16_t pair)> on_sendable{};
  };

  virtual ~NetBackend() = default;
  virtual const NetCapabilities& capabilities() const = 0;

  // May be started again after stop. `pairs` are in use: 1 to capabilities().pairs.
  virtual void start(Executor& executor, std::uint16_t pairs, Events events) = 0;
  virtual void stop() = 0;
  // How many pairs are in use from now on.
  virtual void set_pairs(std::uint16_t pairs) = 0;
  // Of capabilities().receive: what frames may be delivered unfinished. None after start.
  virtual void set_receive_offloads(const NetOffloads& offloads) = 0;

  // `frame`: buffers of a NetFrameHeader and a frame. The header was checked by the caller, and its
  // buffer is not the guest's. The buffers may be read until the next flush.
  virtual SendResult send(std::uint16_t pair, std::span<const iovec> frame) = 0;
  // What was sent is on its way. After this the back-end has no buffer of the caller's any more.
  virtual void flush(std::uint16_t pair) = 0;

  // One frame into `room` (at most kMaxBuffers).
  virtual ReceiveResult receive(std::uint16_t pair, std::span<const iovec> room) = 0;
  // Whether on_receivable is wanted. False after start. Asked with true after `empty`; with false
  // when there is no room for a frame.
  virtual void want_receive(std::uint16_t pair, bool wanted) = 0;

  static constexpr std::size_t kMaxBuffers = 1024;  // of one send or receive (IOV_MAX)
};

// Opens what the options name. Throws ConfigError or HostError with a sentence that says what to do
// (no such tap and how to make one, passt not installed, port in use).
std::unique_ptr<NetBackend> open_net_backend(const NetOptions& options);

}  // namespace skiff
