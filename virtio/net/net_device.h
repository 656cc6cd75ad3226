// A virtio network device.
//
// Document: Virtual I/O Device (VIRTIO) 1.2, 5.1.
//
// Modelled: receive and transmit queues (several pairs), mergeable receive buffers, checksum and
// segmentation offloads as far as the back-end has them, the control queue (receive modes, MAC
// filter tables, MAC address, queue pairs, guest offloads), MAC, MTU and link state in the
// configuration space, rate limits.
// Not modelled: RSS and hash reports (5.1.6.5.6.4, 5.1.6.5.7), VLAN filtering (all VLANs pass),
// guest announcement, notification coalescing, the legacy interface.
//
// Queues: receiveq1, transmitq1, ... receiveqN, transmitqN, controlq (5.1.2).
//
// Config example:
//   [[net]]
//   type = "tap"
//   tap = "tap0"
//
// Thread rule: as of VirtioDevice; set_link, link and set_limits from any thread. Once activated,
// queues and back-end are touched on the executor's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "virtio/core/virtio_device.h"
#include "vmm/base/clock.h"
#include "vmm/io/executor.h"
#include "vmm/net/mac_address.h"
#include "vmm/net/net_backend.h"
#include "vmm/net/net_limits.h"

namespace skiff {

struct NetDeviceOptions {
  std::string name = "net0";
  MacAddress mac{};
  std::uint16_t mtu = 0;           // 0: as the back-end says
  std::uint16_t pairs = 1;         // at most the back-end's
  std::uint16_t queue_size = 256;  // of receive and transmit queues
  bool link = true;                // up at start
  NetLimits limits{};
};

class NetDevice : public VirtioDevice {
 public:
  // Pulls the cable, or puts it back.
  virtual void set_link(bool up) = 0;
  // Whether the cable is in.
  virtual bool link() const = 0;
  // From soon on; frames that wait are looked at again.
  virtual void set_limits(const NetLimits& limits) = 0;
};

// Throws ConfigError for options that make no card (MAC, MTU, queue sizes, more pairs than the
// back-end has). `executor` and `clock` outlive the device. The destructor follows QueueService's
// rule.
std::unique_ptr<NetDevice> create_net_device(NetDeviceOptions options,
                                             std::unique_ptr<NetBackend> backend,
                                             Executor& executor, const Clock& clock);

}  // namespace skiff
