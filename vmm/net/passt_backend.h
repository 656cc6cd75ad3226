// User networking by passt(1): no privileges, the host's own addresses, TCP at memory speed.
// Documents: passt(1); its stream is QEMU's (see frame_stream.h).
// Thread rule: see NetBackend.
#pragma once

#include <memory>

#include "vmm/net/passt_process.h"
#include "vmm/net/stream_backend.h"

namespace skiff {

class PasstBackend final : public StreamBackend {
 public:
  // What passt and Ethernet over virtio can carry: 65535 less the header, in whole words. [bytes]
  static constexpr std::uint16_t kLargestMtu = 65520;

  PasstBackend(std::unique_ptr<PasstProcess> process, std::uint16_t mtu, bool offload);

  void start(Executor& executor, std::uint16_t pairs, Events events) override;
  void stop() override;

 protected:
  void on_closed(std::string_view why) override;

 private:
  const std::unique_ptr<PasstProcess> process_;
  std::unique_ptr<Watch> messages_;
};

}  // namespace skiff
