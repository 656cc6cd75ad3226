// The configuration of a machine with virtio devices, for the guests of guest/ that drive them.
#pragma once

#include <string>
#include <vector>

#include "tests/kvm/process/skiff_process.h"

namespace skiff::test {

struct VirtioMachine {
  std::string face = "virtio";  // or "virtio-mmio"
  bool ioeventfd = true;
  // Sections by the names of guest programs' kinds: "blk", "net", "console", "rng".
  std::vector<std::string> devices{};
  std::string disk{};                        // keys of [[disk]]; empty: 16 MiB of memory
  std::string net{};                         // keys of [[net]]
  std::string port = "target = \"null\"\n";  // keys of [[virtio_console]]
};

// What `skiff` is started with to run `program` on that machine, its configuration in `folder`.
std::vector<std::string> virtio_arguments(const TemporaryFolder& folder,
                                          const VirtioMachine& machine, const std::string& program,
                                          const std::string& command_line,
                                          const std::vector<std::string>& more = {});

// The status of a host that lacks something, and the reason names user networking.
bool has_no_user_network(const Ending& ending, const std::string& err);

}  // namespace skiff::test
