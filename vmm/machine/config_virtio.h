// What the sections of all virtio devices share: face, ring, thread, queue sizes, rate limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vmm/base/rate_limiter.h"
#include "vmm/machine/config_reader.h"
#include "vmm/machine/vm_config.h"

namespace skiff {

// face, ring, event_idx, ioeventfd, thread. `threads`: those that may be named. `face`, where not
// null, gets the choice's index, for a section with more faces than virtio's first two.
VirtioConfig read_virtio(ConfigReader& reader, std::string_view section,
                         const std::vector<IoThreadConfig>& threads, std::size_t* face = nullptr);

// A power of two inside the key's range, or `usual`.
std::uint16_t read_queue_size(ConfigReader& reader, std::string_view section, std::uint16_t usual);

// KEY and KEY_burst, each an integer or a size as the table of keys says; a burst alone is an
// error.
RateLimit read_rate(ConfigReader& reader, std::string_view section, std::string_view key);

// [[io_thread]] and machine.io_threads (`unnamed`): io0, io1, ... first, then those of the
// sections.
std::vector<IoThreadConfig> read_io_threads(const ConfigNode& root, std::uint32_t unnamed,
                                            ConfigDiagnostics& diagnostics);

}  // namespace skiff
