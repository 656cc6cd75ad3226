// A network back-end on a tap: one system call for each frame, straight between the caller's
// buffers and the kernel. Thread rule: see NetBackend.
#pragma once

#include <memory>
#include <vector>

#include "vmm/net/net_backend.h"
#include "vmm/net/tap_device.h"

namespace skiff {

class TapBackend final : public NetBackend {
 public:
  TapBackend(TapDevice tap, bool offload);

  const NetCapabilities& capabilities() const override { return capabilities_; }
  void start(Executor& executor, std::uint16_t pairs, Events events) override;
  void stop() override;
  void set_pairs(std::uint16_t pairs) override;
  void set_receive_offloads(const NetOffloads& offloads) override;
  SendResult send(std::uint16_t pair, std::span<const iovec> frame) override;
  void flush(std::uint16_t /*pair*/) override {}
  ReceiveResult receive(std::uint16_t pair, std::span<const iovec> room) override;
  void want_receive(std::uint16_t pair, bool wanted) override;

 private:
  struct Queue {
    Fd fd;
    bool attached = true;
    bool wanted = false;
    std::unique_ptr<Watch> readable;
    std::unique_ptr<Watch> writable;
  };

  // Without the kernel's frame header: the same buffers less the first 12 bytes.
  std::span<const iovec> without_header(std::span<const iovec> buffers);
  void await_room(std::uint16_t pair);

  const bool has_frame_header_;
  const NetCapabilities capabilities_;
  std::vector<Queue> queues_;
  std::vector<iovec> scratch_;
  Executor* executor_ = nullptr;
  Events events_;
};

}  // namespace skiff
