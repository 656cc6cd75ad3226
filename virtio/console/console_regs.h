// Numbers and layouts of the virtio console.
// Source: Virtual I/O Device (VIRTIO) 1.2, 5.3.2 (queues), 5.3.3 (features), 5.3.4 (configuration),
// 5.3.6.2 (control messages).
#pragma once

#include <cstddef>
#include <cstdint>

namespace skiff::virtio_console {

inline constexpr std::uint64_t kFeatureSize = 1U << 0;
inline constexpr std::uint64_t kFeatureMultiport = 1U << 1;
inline constexpr std::uint64_t kFeatureEmergWrite = 1U << 2;

struct Config {
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
  std::uint32_t max_nr_ports = 0;
  std::uint32_t emerg_wr = 0;
};
static_assert(sizeof(Config) == 12);

// Queues: port 0's pair, the control pair, then a pair for each further port. The even one of a
// pair is the driver's to receive, the odd one to transmit.
inline constexpr std::uint16_t kControlReceiveQueue = 2;
inline constexpr std::uint16_t kControlTransmitQueue = 3;

constexpr std::uint16_t receive_queue(std::size_t port) {
  return static_cast<std::uint16_t>(port == 0 ? 0 : 2 * port + 2);
}
constexpr std::uint16_t transmit_queue(std::size_t port) {
  return static_cast<std::uint16_t>(receive_queue(port) + 1);
}
// Of a queue that is not a control queue.
constexpr std::size_t port_of(std::uint16_t queue) {
  return queue < 2 ? 0 : queue / 2U - 1;
}
constexpr bool is_control(std::uint16_t queue) {
  return queue == kControlReceiveQueue || queue == kControlTransmitQueue;
}
constexpr bool is_transmit(std::uint16_t queue) {
  return queue % 2 != 0;
}

enum class Event : std::uint16_t {
  device_ready = 0,  // from the driver
  port_add = 1,      // from the device
  port_remove = 2,   // from the device
  port_ready = 3,    // from the driver
  console_port = 4,  // from the device
  resize = 5,        // from the device; a Resize follows
  port_open = 6,     // from both
  port_name = 7,     // from the device; the name follows
};

struct ControlMessage {
  std::uint32_t id = 0;  // of the port
  std::uint16_t event = 0;
  std::uint16_t value = 0;
};
static_assert(sizeof(ControlMessage) == 8);

struct Resize {
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
};
static_assert(sizeof(Resize) == 4);

}  // namespace skiff::virtio_console
