// What a configuration says about the host's end of a network card.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/net/forward_rule.h"

namespace skiff {

enum class NetType : std::uint8_t { user, tap };
enum class UserStack : std::uint8_t { automatic, passt, libslirp };

struct NetOptions {
  std::string name = "net0";  // of the card, for logs and errors
  NetType type = NetType::user;

  // user
  UserStack backend = UserStack::automatic;  // passt where it is installed, else libslirp
  std::vector<ForwardRule> forward{};

  // tap: by name, or a descriptor that was handed to the process (then owned by the back-end)
  std::string tap{};
  int fd = -1;
  std::uint16_t queues = 1;  // pairs; more than one needs a tap made with multi_queue

  bool offload = true;    // checksum and segmentation offloads, where the back-end has them
  std::uint16_t mtu = 0;  // 0: what the back-end says
};

}  // namespace skiff
