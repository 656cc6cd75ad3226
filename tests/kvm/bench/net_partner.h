// The partner of bench-net (docs/guest.md): a packet socket on a tap, which floods and echoes.
// Thread rule: its own thread until it is destroyed.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "vmm/base/fd.h"

namespace skiff::test {

class NetPartner {
 public:
  // Makes the tap `name` in this thread's network namespace. Check `why` before anything else.
  explicit NetPartner(const std::string& name);
  ~NetPartner();
  NetPartner(const NetPartner&) = delete;
  NetPartner& operator=(const NetPartner&) = delete;

  // Empty if it works.
  const std::string& why() const { return why_; }
  // Frames of bench-net's kind 1, which nobody has to answer.
  std::uint64_t transmitted() const { return transmitted_; }

 private:
  void run();
  void take(std::vector<std::uint8_t> frame);
  void flood();
  std::string open(const std::string& name);

  Fd tap_;
  Fd socket_;
  std::string why_;
  std::vector<std::uint8_t> flood_{};  // the frame to send over and over, with its virtio header
  std::uint32_t sequence_ = 0;
  std::atomic<std::uint64_t> transmitted_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace skiff::test
